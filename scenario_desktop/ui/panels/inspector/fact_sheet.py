"""The fields of an item in two columns, drawn as one widget.

A label for each of sixty texts would make the layout ask for heights some thousand times whenever
the selection moves; this asks once per text and width.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.inspector.facts import Fact, FactGroup
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.tips import tip

#: Width of the names, pixels at 100 %; with large text they give way to the values.
LABEL_PX = 84
LEAST_LABEL_PX = 60
LABEL_SHARE = 0.38
#: Characters of a value shown before "Show all".
SHORT_VALUE = 180
#: Characters of a cut value that its tip shows.
_TIP = 600
_COLUMN_GAP, _ROW_GAP, _GROUP_GAP = 12, 8, 20


class _Link(Button):
    """A link no taller than its line needs. ``fact`` is the one it belongs to."""

    def __init__(self, text: str, fact: Fact, parent: QWidget) -> None:
        super().__init__(text, kind=ButtonKind.LINK, parent=parent)
        self.fact = fact
        self.setAccessibleName(f"{text}: {fact.label}")

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.current().height(24, "body", 2))


@dataclass(slots=True)
class _Row:
    """One line of the sheet; a group's head has no fact."""

    text: str
    fact: Fact | None = None
    is_open: bool = False
    is_cut: bool = False
    links: tuple[_Link, ...] = ()
    area: QRect | None = None
    label: QTextLayout | None = None
    value: QTextLayout | None = None


class FactSheet(QWidget):
    """Groups of facts. A press marks a line, Ctrl+C or its menu copies the whole value.

    Signals:
        asset_chosen: the id of an item that a fact names.
    """

    asset_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[FactGroup, ...] = ()
        self._rows: list[_Row] = []
        self._marked: _Row | None = None
        self._arranged = (-1, 0)  # width, and the height it gives
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Details")
        theme.current().changed.connect(self._renew)

    def set_groups(self, groups: tuple[FactGroup, ...]) -> None:
        if groups == self._groups:
            return
        for row in self._rows:
            for link in row.links:
                link.hide()
                link.deleteLater()
        self._groups, self._rows, self._marked = groups, [], None
        for group in groups:
            if group.title:
                self._rows.append(_Row(group.title))
            self._rows += [self._row(fact) for fact in group.facts]
        lines = [f"{fact.label}: {fact.value}" for group in groups for fact in group.facts]
        self.setAccessibleDescription("\n".join(lines))
        self._renew()

    def values(self) -> dict[str, str]:
        """Return label -> value of all that is shown."""
        return {fact.label: fact.value for group in self._groups for fact in group.facts}

    def copy(self, label: str) -> None:
        """Put the whole value of a line on the clipboard."""
        for row in self._rows:
            if row.fact is not None and row.fact.label == label:
                _copy(row.fact)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        if self._arranged[0] != width:
            self._arranged = (width, self._arrange(width))
        return self._arranged[1]

    @override
    def sizeHint(self) -> QSize:
        width = self.width()
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.heightForWidth(self.width())
        self._place_links()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.heightForWidth(self.width())
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        for row in self._rows:
            area = row.area
            if area is None or row.label is None or not area.intersects(event.rect()):
                continue
            if row is self._marked and self.hasFocus():
                painting.box(painter, area.adjusted(-6, -3, 6, 3), 4, t.hover)
            painter.setPen(t.text if row.fact is None else t.text_2)
            row.label.draw(painter, QPointF(area.topLeft()))
            if row.value is not None:
                painter.setPen(t.text)
                left = area.left() + self._label_width(self.width()) + _COLUMN_GAP
                row.value.draw(painter, QPointF(left, area.top()))

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            text = row.fact.value[:_TIP] if row and row.fact and row.is_cut else ""
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._marked = self._row_at(event.position().toPoint().y())
        super().mousePressEvent(event)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        marked = self._marked
        if event.matches(QKeySequence.StandardKey.Copy) and marked and marked.fact:
            _copy(marked.fact)
        else:
            super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self._row_at(event.pos().y())
        if row is None or row.fact is None:
            return
        self._marked, fact = row, row.fact
        self.update()
        menu = Menu(self, name=fact.label)
        menu.add(f"Copy {fact.label.lower()}", lambda: _copy(fact), icon="copy", shortcut="Ctrl+C")
        if fact.asset_id:
            menu.add(f"Show {fact.label.lower()}", lambda: self.asset_chosen.emit(fact.asset_id))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def _row(self, fact: Fact) -> _Row:
        links = []
        if len(fact.value) > SHORT_VALUE:
            more = _Link("Show all", fact, self)
            more.clicked.connect(self._on_more)
            links.append(more)
        if fact.asset_id:
            show = _Link("Show it", fact, self)
            show.clicked.connect(self._on_show)
            links.append(show)
        return _Row(fact.label, fact, links=tuple(links))

    def _renew(self) -> None:
        self._arranged = (-1, 0)
        self.updateGeometry()
        self.heightForWidth(self.width())
        self._place_links()
        self.update()

    def _label_width(self, width: int) -> int:
        wanted = min(theme.current().px(LABEL_PX), round(width * LABEL_SHARE))
        return max(LEAST_LABEL_PX, wanted)

    def _arrange(self, width: int) -> int:
        """Lay every text out for a width; return the height in all."""
        look = theme.current()
        label_width = self._label_width(width)
        value_width = max(40, width - label_width - _COLUMN_GAP)
        small, line = look.font("small"), look.line("small")
        y = 0
        for row in self._rows:
            if row.fact is None:
                y += _GROUP_GAP - _ROW_GAP if y else 0
                count, row.label = painting.paragraph(
                    row.text, look.font("small_strong"), line, width
                )
                row.area = QRect(0, y, width, count * line)
            else:
                height = self._arrange_fact(row, row.fact, small, line, label_width, value_width)
                row.area = QRect(0, y, width, height)
            y += row.area.height() + _ROW_GAP
        return max(0, y - _ROW_GAP)

    def _arrange_fact(
        self, row: _Row, fact: Fact, small: QFont, line: int, label_width: int, value_width: int
    ) -> int:
        count, row.label = painting.paragraph(row.text, small, line, label_width)
        font = theme.current().font("mono") if fact.is_mono else small
        text = _shown(row, fact)
        if fact.is_mono and not any(letter.isspace() for letter in text):
            # An id is recognised by its ends; a last letter on a line of its own says nothing.
            middle = Qt.TextElideMode.ElideMiddle
            text = QFontMetrics(font).elidedText(text, middle, value_width)
        row.is_cut = text != fact.value
        values, row.value = painting.paragraph(text, font, line, value_width)
        links = sum(link.sizeHint().height() for link in row.links if not self._is_spent(row, link))
        return max(count * line, values * line + links)

    def _is_spent(self, row: _Row, link: _Link) -> bool:
        return row.is_open and link.text() == "Show all"

    def _place_links(self) -> None:
        """Put the links below the values they belong to."""
        left = self._label_width(self.width()) + _COLUMN_GAP
        for row in self._rows:
            if row.area is None:
                continue
            bottom = row.area.bottom() + 1
            for link in reversed(row.links):
                is_shown = not self._is_spent(row, link)
                link.setVisible(is_shown)
                if is_shown:
                    size = link.sizeHint()
                    bottom -= size.height()
                    link.setGeometry(left, bottom, size.width(), size.height())

    def _row_at(self, y: int) -> _Row | None:
        return next(
            (r for r in self._rows if r.area and r.area.top() <= y <= r.area.bottom()), None
        )

    def _on_more(self) -> None:
        link = self.sender()
        for row in self._rows:
            if link in row.links:
                row.is_open = True
        self._renew()

    def _on_show(self) -> None:
        link = self.sender()
        if isinstance(link, _Link):
            self.asset_chosen.emit(link.fact.asset_id)


def _shown(row: _Row, fact: Fact) -> str:
    if row.is_open or len(fact.value) <= SHORT_VALUE:
        return fact.value
    return fact.value[:SHORT_VALUE].rstrip() + " …"


def _copy(fact: Fact) -> None:
    QGuiApplication.clipboard().setText(fact.copy or fact.value)

"""The box behind the filter button: what is shown, by kind, origin, state and tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum, auto

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.items import ItemQuery, Source, TagCount
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.gallery.words import (
    KIND_TITLES,
    SOURCE_TITLES,
    STATUS_TITLES,
    TYPE_GROUPS,
    items_text,
    number,
)
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.chips import tag_color
from scenario_desktop.ui.widgets.flow_layout import FlowLayout
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.popover import Popover
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.tips import set_tip

_WIDTH = 400
#: Tags offered beside those that are set.
OFFERED_TAGS = 14
_MAX_NAME_PX = 180


class ChoiceState(Enum):
    """What a chip of the filter asks for."""

    ANY = auto()
    WANTED = auto()
    UNWANTED = auto()


class ChoiceChip(QAbstractButton):
    """One thing to filter by. A press goes from any to wanted, maybe to unwanted, to any again.

    Signals:
        chosen: its value and its new state, by the user.
    """

    chosen = Signal(str, object)

    def __init__(
        self,
        value: str,
        text: str,
        *,
        is_tag: bool = False,
        note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.value = value
        self.state = ChoiceState.ANY
        self._is_tag = is_tag
        self._note = note
        self.setText(text)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", 12)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._on_clicked)
        self.set_state(ChoiceState.ANY)

    def set_state(self, state: ChoiceState) -> None:
        self.state = state
        words = {ChoiceState.ANY: "", ChoiceState.WANTED: ", on", ChoiceState.UNWANTED: ", not"}
        self.setAccessibleName(self.text() + words[state])
        if self._is_tag:
            hints = {
                ChoiceState.ANY: "Show only items with this tag",
                ChoiceState.WANTED: "Leave out items with this tag",
                ChoiceState.UNWANTED: "Take this tag out of the filter",
            }
            set_tip(self, hints[state])
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        width = 20 + self._text_width()
        if self._sign():
            width += look.px(12) + 4
        if self._is_tag:
            width += look.px(8) + 6
        if self._note:
            width += 5 + look.metrics("small").horizontalAdvance(self._note)
        return QSize(width, look.height(24, "small", 4))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        fill, line, color = self._colors()
        painting.box(painter, self.rect(), self.height() / 2, fill, line)
        x, height = 10.0, self.height()
        if self._sign():
            icons.paint(painter, QRectF(x, 0, look.px(12), height), self._sign(), 12, color)
            x += look.px(12) + 4
        if self._is_tag:
            dot = look.px(8)
            painting.dot(painter, QPointF(x + dot / 2, height / 2), dot, tag_color(self.value))
            x += dot + 6
        area = QRectF(x, 0, self._text_width(), height)
        middle = Qt.TextElideMode.ElideMiddle
        words = ("not " if self.state is ChoiceState.UNWANTED else "") + self.text()
        painting.text(painter, area, words, look.font("small_strong"), color, elide=middle)
        if self._note:
            rest = QRectF(area.right() + 5, 0, self.width(), height)
            painting.text(painter, rest, self._note, look.font("small"), t.text_3)

    def _sign(self) -> str:
        return "check" if self.state is ChoiceState.WANTED else ""

    def _text_width(self) -> int:
        look = theme.current()
        words = ("not " if self.state is ChoiceState.UNWANTED else "") + self.text()
        wide = look.metrics("small_strong").horizontalAdvance(words) + 1
        return min(wide, look.px(_MAX_NAME_PX))

    def _colors(self) -> tuple[QColor, QColor, QColor]:
        t = theme.current().tokens
        if self.state is ChoiceState.WANTED:
            return t.accent_soft, t.accent_line, t.text
        if self.state is ChoiceState.UNWANTED:
            return t.danger_soft, t.danger, t.danger
        is_hot = self.underMouse()
        return (t.hover_raised if is_hot else t.raised), t.line, t.text if is_hot else t.text_2

    def _on_clicked(self) -> None:
        following = {
            ChoiceState.ANY: ChoiceState.WANTED,
            ChoiceState.WANTED: ChoiceState.UNWANTED if self._is_tag else ChoiceState.ANY,
            ChoiceState.UNWANTED: ChoiceState.ANY,
        }
        self.set_state(following[self.state])
        self.chosen.emit(self.value, self.state)


class _Group(QWidget):
    """A small heading and chips below it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = PlainLabel(title, "small_strong", "text_2")
        self.chips: dict[str, ChoiceChip] = {}
        self.flow_box = QWidget()
        self.flow = FlowLayout(self.flow_box, gap=6, line_gap=6)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.flow_box.setSizePolicy(policy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.heading)
        column.addWidget(self.flow_box)

    def add(self, chip: ChoiceChip) -> ChoiceChip:
        self.chips[chip.value] = chip
        self.flow.addWidget(chip)
        return chip

    def remove(self, value: str) -> None:
        chip = self.chips.pop(value)
        self.flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()


class FilterPopover(Popover):
    """Edits the filter of a query; what it shows changes at once.

    Signals:
        edited: the query with the user's filter; order, section and text are as they were.
        tags_wanted: the beginning of a tag to offer.
        cleared: the user wants to see everything again.
    """

    edited = Signal(object)
    tags_wanted = Signal(str)
    cleared = Signal()

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor)
        self.setAccessibleName("Filter")
        self._query = ItemQuery()
        self._offered: tuple[TagCount, ...] = ()
        self._kinds = self._group("Kind", KIND_TITLES.items(), self._on_kind)
        self._types = self._group("Made by", ((t, t) for t in TYPE_GROUPS), self._on_type)
        self._statuses = self._group("State", STATUS_TITLES.items(), self._on_status)
        self._sources = self._group("Service", SOURCE_TITLES.items(), self._on_source)
        self._tags = _Group("Tags")
        self.find_tag = QLineEdit()
        self.find_tag.setPlaceholderText("Find a tag")
        self.find_tag.setAccessibleName("Find a tag")
        self.find_tag.setClearButtonEnabled(False)
        self.find_tag.textEdited.connect(self.tags_wanted)
        self._result = PlainLabel("", "small", "text_3")
        self._clear = Button("Clear filter", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._clear.clicked.connect(self.cleared)
        self._lay_out()

    def _group(self, title: str, entries: Iterable[tuple[str, str]], slot: object) -> _Group:
        group = _Group(title)
        for value, text in entries:
            group.add(ChoiceChip(value, text)).chosen.connect(slot)
        return group

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(10, 10, 10, 4)
        column.setSpacing(14)
        for group in (self._sources, self._kinds, self._types, self._statuses):
            column.addWidget(group)
        tags = QVBoxLayout()
        tags.setSpacing(8)
        tags.addWidget(self._tags.heading)
        tags.addWidget(self.find_tag)
        tags.addWidget(self._tags.flow_box)
        column.addLayout(tags)
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 8, 4, 4)
        foot.addWidget(self._result)
        foot.addStretch(1)
        foot.addWidget(self._clear)
        self._content = content
        self._scroll = ScrollArea(content, follows_content=True)
        self.body.addWidget(self._scroll, 1)
        self.body.addLayout(foot)

    def open_for(self, query: ItemQuery, *, is_right: bool = True) -> None:
        """Show it with what is set now."""
        self.find_tag.clear()
        for name in list(self._tags.chips):
            self._tags.remove(name)
        self.set_query(query)
        self.tags_wanted.emit("")
        self.open(width=theme.current().px(_WIDTH), is_right=is_right)

    @override
    def refit(self) -> None:
        layout = self._content.layout()
        if layout is not None:
            layout.invalidate()
        self._scroll.updateGeometry()
        super().refit()

    def set_query(self, query: ItemQuery) -> None:
        """Show what a query filters by; ``edited`` stays silent."""
        self._query = query
        _mark(self._kinds, query.kinds)
        _mark(self._statuses, query.statuses)
        _mark(self._sources, [source.value for source in query.sources])
        chosen = [title for title, members in TYPE_GROUPS.items() if set(members) <= {*query.types}]
        _mark(self._types, chosen)
        self._show_tags()
        has_filter = bool(query.kinds or query.types or query.statuses or query.sources)
        self._clear.setVisible(has_filter or bool(query.tags or query.without_tags))

    def set_services(self, are_several: bool) -> None:
        """Offer to filter by service, where a workspace has more than one."""
        self._sources.setVisible(are_several)

    def set_tags(self, tags: Sequence[TagCount]) -> None:
        """Offer tags, the most used first."""
        self._offered = tuple(tags)
        self._show_tags()

    def set_result(self, count: int | None) -> None:
        """Show how many items the filter leaves."""
        self._result.setText("" if count is None else items_text(count))

    def _show_tags(self) -> None:
        """Show tags that are set, then those offered; a chip that stays is not moved."""
        counts = {tag.name: tag.count for tag in self._offered}
        named = [*self._query.tags, *self._query.without_tags]
        names = [*named, *(tag for tag in counts if tag not in named)][: len(named) + OFFERED_TAGS]
        for name in [name for name in self._tags.chips if name not in names]:
            self._tags.remove(name)
        for name in names:
            chip = self._tags.chips.get(name)
            if chip is None:
                note = number(counts[name]) if name in counts else ""
                chip = self._tags.add(ChoiceChip(name, name, is_tag=True, note=note))
                chip.chosen.connect(self._on_tag)
                chip.show()
            if name in self._query.tags:
                chip.set_state(ChoiceState.WANTED)
            elif name in self._query.without_tags:
                chip.set_state(ChoiceState.UNWANTED)
            else:
                chip.set_state(ChoiceState.ANY)
        self._tags.flow_box.updateGeometry()
        self.refit()

    def _on_kind(self, kind: str, state: ChoiceState) -> None:
        self._edit(kinds=_with(self._query.kinds, (kind,), state))

    def _on_type(self, title: str, state: ChoiceState) -> None:
        self._edit(types=_with(self._query.types, TYPE_GROUPS[title], state))

    def _on_status(self, status: str, state: ChoiceState) -> None:
        self._edit(statuses=_with(self._query.statuses, (status,), state))

    def _on_source(self, source: str, state: ChoiceState) -> None:
        chosen = tuple(known.value for known in self._query.sources)
        wanted = _with(chosen, (source,), state)
        sources = tuple(known for known in Source if known.value in wanted)
        self._query = replace(self._query, sources=sources)
        self._clear.show()
        self.edited.emit(self._query)

    def _on_tag(self, tag: str, state: ChoiceState) -> None:
        wanted = [name for name in self._query.tags if name != tag]
        unwanted = [name for name in self._query.without_tags if name != tag]
        if state is ChoiceState.WANTED:
            wanted.append(tag)
        elif state is ChoiceState.UNWANTED:
            unwanted.append(tag)
        self._edit(tags=tuple(wanted), without_tags=tuple(unwanted))

    def _edit(self, **parts: tuple[str, ...]) -> None:
        self._query = replace(self._query, **parts)  # type: ignore[arg-type]  # tuples of words
        self._clear.show()
        self.edited.emit(self._query)


def _mark(group: _Group, values: Iterable[str]) -> None:
    wanted = set(values)
    for value, chip in group.chips.items():
        chip.set_state(ChoiceState.WANTED if value in wanted else ChoiceState.ANY)


def _with(values: tuple[str, ...], part: tuple[str, ...], state: ChoiceState) -> tuple[str, ...]:
    rest = tuple(value for value in values if value not in part)
    return rest + part if state is ChoiceState.WANTED else rest

"""Pieces of the inspector: the preview, the name and the description that are edited in place, and
small pictures of relatives."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.tips import set_tip

#: Height of the preview, as parts of its width.
FLATTEST, TALLEST = 0.42, 1.1
_RADIUS = 6
THUMB_PX = 57


def section(text: str) -> PlainLabel:
    """Return the head of a group."""
    return PlainLabel(text, "small", "text_2")


class PreviewButton(QAbstractButton):
    """The picture at the top: fitted to the width, never cut. Pressing it asks for the large one.

    Several pictures at once are laid out as a small sheet of squares.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        self._sheet: tuple[QPixmap | None, ...] = ()
        self._shape = 0.75
        self._icon = ""
        self._note = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", _RADIUS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Open large preview")
        set_tip(self, "Open large preview", "Space")
        theme.current().changed.connect(self.update)

    def set_shape(self, width: int | None, height: int | None) -> None:
        """Take the picture's pixels, so that its place is right before it comes."""
        shape = height / width if width and height else 0.75
        self._shape = min(TALLEST, max(FLATTEST, shape))
        self.updateGeometry()

    def set_pixmap(self, pixmap: QPixmap | None) -> None:
        """Show a picture; None shows an empty place."""
        self._sheet, self._icon, self._note = (), "", ""
        self._pixmap = pixmap or QPixmap()
        self.update()

    def set_sheet(self, pixmaps: Sequence[QPixmap | None]) -> None:
        """Show up to eight small squares; None is one that has not come yet."""
        self._sheet, self._icon, self._note = tuple(pixmaps), "", ""
        self._pixmap = QPixmap()
        self.updateGeometry()
        self.update()

    def set_note(self, icon: str, note: str) -> None:
        """Say in place of a picture why there is none; over a small picture, nothing is said."""
        if self._pixmap.isNull():
            self._icon, self._note = icon, note
            self.update()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        if self._sheet:
            rows = 1 if len(self._sheet) <= 4 else 2
            return rows * self._side(width) + (rows - 1) * 8
        return round(width * self._shape)

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 60)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._sheet:
            self._paint_sheet(painter)
        elif self._pixmap.isNull():
            self._paint_empty(painter)
        else:
            self._paint_picture(painter)

    def _side(self, width: int) -> int:
        return (width - 3 * 8) // 4

    def _paint_sheet(self, painter: QPainter) -> None:
        side = self._side(self.width())
        tokens = theme.current().tokens
        for place, pixmap in enumerate(self._sheet):
            area = QRectF(place % 4 * (side + 8), place // 4 * (side + 8), side, side)
            if pixmap is None:
                painting.box(painter, area, _RADIUS, tokens.raised)
            else:
                painter.drawPixmap(area, pixmap, QRectF(pixmap.rect()))

    def _paint_empty(self, painter: QPainter) -> None:
        look = theme.current()
        painting.box(painter, self.rect(), _RADIUS, look.tokens.raised)
        if not self._icon:
            return
        line = look.line("small")
        spot = QRectF(0, self.height() / 2 - 12 - line, self.width(), 24)
        icons.paint(painter, spot, self._icon, 24, look.tokens.text_3)
        area = QRectF(12, spot.bottom() + 8, self.width() - 24, line)
        center = Qt.AlignmentFlag.AlignHCenter
        font = look.font("small")
        painting.text(painter, area, self._note, font, look.tokens.text_2, center)

    def _paint_picture(self, painter: QPainter) -> None:
        size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2,
            size.width(), size.height(),
        )  # fmt: skip
        tokens = theme.current().tokens
        if area.width() < self.width() - 1 or area.height() < self.height() - 1:
            painting.box(painter, self.rect(), _RADIUS, tokens.stage)
        if self._pixmap.hasAlphaChannel():
            painter.save()
            painter.setClipPath(painting.rounded(area, _RADIUS))
            painting.checkerboard(painter, area.toRect(), tokens.check_a, tokens.check_b)
            painter.restore()
        scale = area.width() / self._pixmap.width()
        brush = QBrush(self._pixmap)
        brush.setTransform(QTransform(scale, 0, 0, scale, area.left(), area.top()))
        painter.setPen(painting.NO_PEN)
        painter.setBrush(brush)
        painter.drawRoundedRect(area, _RADIUS, _RADIUS)
        # So that a white picture has an edge on a light ground, and a black one on a dark.
        painting.box(painter, area, _RADIUS, None, theme.with_alpha(tokens.text, 0.12))


class NameField(QWidget):
    """A name that becomes a field where it stands: double click, F2 or Enter.

    Signals:
        edited: the name wanted now; sent once, on Enter or when the focus goes elsewhere.
    """

    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)
        self._label.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._label.installEventFilter(self)
        self._field = _LineField()
        self._field.setAccessibleName("Name")
        self._field.setMaxLength(255)
        self._field.hide()
        self._field.finished.connect(self._on_finished)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label)
        row.addWidget(self._field)
        self._can_edit = True

    def set_name(self, name: str, *, can_edit: bool = True) -> None:
        """Show a name. What is being typed stays, unless it can no longer be edited."""
        self._can_edit = can_edit
        self._label.setText(name)
        self._label.setAccessibleName(f"Name: {name}")
        if not can_edit:
            self._show_field(False)

    def name(self) -> str:
        return self._label.text()

    @property
    def is_editing(self) -> bool:
        return not self._field.isHidden()

    def edit(self) -> None:
        """Begin to type a name."""
        if not self._can_edit or self.is_editing:
            return
        self._field.setText(self._label.text())
        self._show_field(True)
        self._field.selectAll()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def cancel(self) -> None:
        """Stop typing and forget it."""
        self._show_field(False)

    @override
    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self._label:
            is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
            if event.type() == QEvent.Type.MouseButtonDblClick or (
                is_key
                and isinstance(event, QKeyEvent)
                and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
            ):
                self.edit()
                return True
        return False

    def _show_field(self, is_on: bool) -> None:
        self._field.setVisible(is_on)
        self._label.setVisible(not is_on)

    def _on_finished(self, is_kept: bool) -> None:
        if not self.is_editing:
            return
        text = self._field.text().strip()
        had_focus = self._field.hasFocus()
        self._show_field(False)
        if had_focus:
            self._label.setFocus(Qt.FocusReason.OtherFocusReason)
        if is_kept and text and text != self._label.text():
            self._label.setText(text)
            self.edited.emit(text)


class _LineField(QLineEdit):
    """A field that ends with Enter, Escape or the loss of focus.

    Signals:
        finished: whether what was typed is meant.
    """

    finished = Signal(bool)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit(False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit(True)
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.finished.emit(True)


class DescriptionField(QPlainTextEdit):
    """A text that looks like a text until it is typed in, as tall as what it holds.

    Signals:
        edited: the text wanted now, on Ctrl+Enter or when the focus goes elsewhere.
    """

    edited = Signal(str)

    #: Lines; from there on it scrolls.
    MAX_LINES = 8

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Add a description")
        self.setAccessibleName("Description")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._fit)
        theme.current().changed.connect(self._fit)
        self._set_bare(True)

    def set_text(self, text: str) -> None:
        """Show a description. What is being typed stays."""
        if self.hasFocus() and self.toPlainText() != self._shown:
            return
        self._shown = text
        if self.toPlainText() != text:
            self.setPlainText(text)
        self._fit()

    def set_locked(self, is_locked: bool) -> None:
        self.setReadOnly(is_locked)
        self.setPlaceholderText("No description" if is_locked else "Add a description")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._shown)
            self.clearFocus()
        elif is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._set_bare(self.isReadOnly())

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is Qt.FocusReason.PopupFocusReason:
            return
        self._set_bare(True)
        text = self.toPlainText().strip()
        if text != self._shown.strip():
            self._shown = text
            self.edited.emit(text)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, self._wanted_height())

    def _set_bare(self, is_bare: bool) -> None:
        if self.property("bare") != is_bare:
            self.setProperty("bare", is_bare)
            self.style().unpolish(self)
            self.style().polish(self)
            QTimer.singleShot(0, self, self._fit)

    def _wanted_height(self) -> int:
        lines = max(1, min(self.MAX_LINES, int(self.document().size().height())))
        frame = self.height() - self.viewport().height() if self.viewport().height() > 0 else 0
        return lines * self.fontMetrics().lineSpacing() + max(0, min(frame, 24)) + 2

    def _fit(self) -> None:
        is_long = self.document().size().height() > self.MAX_LINES
        policies = Qt.ScrollBarPolicy
        policy = policies.ScrollBarAsNeeded if is_long else policies.ScrollBarAlwaysOff
        if policy is not self.verticalScrollBarPolicy():  # it lays everything out anew
            self.setVerticalScrollBarPolicy(policy)
        height = self._wanted_height()
        if self.minimumHeight() != height:
            self.setFixedHeight(height)


class Thumb(QAbstractButton):
    """A small square picture of a relative."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self._has_failed = False
        self.setAccessibleName(name)
        set_tip(self, name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", _RADIUS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_pixmap(self, pixmap: QPixmap | None, *, has_failed: bool = False) -> None:
        self._pixmap, self._has_failed = pixmap, has_failed
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(THUMB_PX, THUMB_PX)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        tokens = theme.current().tokens
        if self._pixmap is None:
            painting.box(painter, self.rect(), _RADIUS, tokens.raised)
            if self._has_failed:
                icons.paint(painter, self.rect(), "image-off", 16, tokens.text_3)
        else:
            painter.drawPixmap(QRectF(self.rect()), self._pixmap, QRectF(self._pixmap.rect()))
        if self.underMouse():
            painting.box(painter, self.rect(), _RADIUS, None, tokens.accent_line, width=2)


class MoreTile(QAbstractButton):
    """The square behind the last picture: "+ 4"."""

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(f"+ {count:,}")
        self.setAccessibleName(f"Show all, {count} more")
        set_tip(self, "Show all of them in the gallery")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", _RADIUS)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(THUMB_PX, THUMB_PX)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        fill = t.hover_raised if self.underMouse() else t.raised
        painting.box(painter, self.rect(), _RADIUS, fill, t.line)
        center = Qt.AlignmentFlag.AlignHCenter
        font = look.font("small_strong")
        painting.text(painter, self.rect(), self.text(), font, t.text_2, center)


class ParentRow(QAbstractButton):
    """What an item was made from: its picture and its name. The whole row can be pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self._note = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", _RADIUS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def set_item(self, name: str, note: str) -> None:
        self.setText(name)
        self._note, self._pixmap = note, None
        self.setAccessibleName(f"Made from {name}")
        set_tip(self, f"Show {name}")
        self.update()

    def set_pixmap(self, pixmap: QPixmap | None) -> None:
        self._pixmap = pixmap
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(160, max(THUMB_PX, look.line("body") + look.line("small") + 8))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.underMouse():
            painting.box(painter, self.rect(), _RADIUS, t.hover)
        square = QRectF(0, (self.height() - THUMB_PX) / 2, THUMB_PX, THUMB_PX)
        if self._pixmap is None:
            painting.box(painter, square, _RADIUS, t.raised)
        else:
            painter.drawPixmap(square, self._pixmap, QRectF(self._pixmap.rect()))
        body, small = look.line("body"), look.line("small")
        top = (self.height() - body - small) / 2
        width = self.width() - THUMB_PX - 20
        area = QRectF(THUMB_PX + 12, top, width, body)
        middle = Qt.TextElideMode.ElideMiddle
        painting.text(painter, area, self.text(), look.font("body_strong"), t.text, elide=middle)
        area = QRectF(THUMB_PX + 12, top + body, width, small)
        painting.text(painter, area, self._note, look.font("small"), t.text_2)


class Relatives(QWidget):
    """One line of small pictures, and how many more there are.

    Signals:
        chosen: the key of an item.
        all_requested: the square behind the last was pressed.
    """

    chosen = Signal(object)
    all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self._thumbs: dict[int, Thumb] = {}
        self._more: MoreTile | None = None

    def set_items(self, names: Sequence[tuple[int, str]], count: int) -> None:
        """Show items by key and name, and the count of all there are."""
        for widget in [*self._thumbs.values(), *([self._more] if self._more else [])]:
            self._row.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._thumbs, self._more = {}, None
        for place, (key, name) in enumerate(names):
            thumb = Thumb(name, self)
            thumb.clicked.connect(_Emit(self, key))
            self._row.insertWidget(place, thumb)
            self._thumbs[key] = thumb
        if count > len(names):
            self._more = MoreTile(count - len(names), self)
            self._more.clicked.connect(self.all_requested)
            self._row.insertWidget(len(names), self._more)

    def set_pixmap(self, key: int, pixmap: QPixmap | None, *, has_failed: bool = False) -> None:
        if key in self._thumbs:
            self._thumbs[key].set_pixmap(pixmap, has_failed=has_failed)

    def shows(self, key: int) -> bool:
        return key in self._thumbs


class _Emit:
    """A slot that knows which key it stands for; it dies with its button."""

    def __init__(self, owner: Relatives, key: int) -> None:
        self._owner, self._key = owner, key

    def __call__(self) -> None:
        self._owner.chosen.emit(self._key)

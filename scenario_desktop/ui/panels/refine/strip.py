"""The line of inputs below the picture: what each one is, how large it gets, how far its job is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.refine.state import Progress, Stage
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonSize
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.tips import set_tip

#: A tile's picture at 100 % text, pixels.
_WIDE, _HIGH = 104, 78
#: Room around a picture for the outline of the one looked at.
_OUTSET = 3
_GAP = 6
_RADIUS = 6
_INSET = 6
_SIGNS = {Stage.FAILED: "circle-alert", Stage.UNCERTAIN: "circle-question-mark"}
_TONES = {Stage.FAILED: "danger", Stage.UNCERTAIN: "warning", Stage.DONE: "success"}


@dataclass(frozen=True, slots=True)
class TileWords:
    """What a tile says.

    Attributes:
        badge: what it is; ``sizes``: "1,024 → 2,048 px".
    """

    name: str
    badge: str
    sizes: str
    trouble: str = ""


class InputTile(QAbstractButton):
    """One input: its picture, what it is, and what became of it.

    Attributes:
        key: which input it stands for.

    Signals:
        picked: it should be looked at.
        moved: an arrow key was pressed; tiles to go.
        remove_requested: its cross was clicked, or Delete pressed.
        retry_requested: its job should be sent again.
    """

    picked = Signal()
    moved = Signal(int)
    remove_requested = Signal()
    retry_requested = Signal()

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.words = TileWords("", "", "")
        self.progress = Progress()
        self._source, self._scaled = QPixmap(), QPixmap()
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("ring_radius", _RADIUS)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.bar = ProgressBar(name="Progress of this refine", parent=self)
        self.bar.hide()
        self.retry = Button("Retry", icon="rotate-ccw", size=ButtonSize.SMALL, parent=self)
        self.retry.clicked.connect(self.retry_requested)
        self.retry.hide()

    def set_words(self, words: TileWords) -> None:
        if words != self.words:
            self.words = words
            self._tell()

    def set_progress(self, progress: Progress) -> None:
        """Show how it stands with its job."""
        if progress == self.progress:
            return
        self.progress = progress
        is_working = progress.stage is Stage.WORKING
        self.bar.setVisible(is_working)
        if is_working:
            self.bar.set_fraction(progress.fraction, uploaded=progress.uploaded)
        self.retry.setVisible(progress.can_retry)
        self._place()
        self._tell()

    def set_picture(self, picture: QPixmap) -> None:
        self._source, self._scaled = picture, QPixmap()
        self.update()

    @property
    def has_picture(self) -> bool:
        return not self._source.isNull()

    @property
    def caption(self) -> str:
        """What stands below: how far it is, or how large it gets."""
        if self.words.trouble:
            return "Cannot be read"
        is_told = self.progress.stage in (Stage.WORKING, Stage.FAILED, Stage.UNCERTAIN)
        return self.progress.text if is_told else self.words.sizes

    def _tell(self) -> None:
        words, progress = self.words, self.progress
        said = [words.name, words.badge, words.sizes, progress.text, words.trouble]
        self.setAccessibleName(", ".join(part for part in said if part))
        lines = [words.name, f"{words.badge}, {words.sizes}", progress.whole, words.trouble]
        set_tip(self, "\n".join(line for line in lines if line))
        self.retry.setAccessibleName(f"Retry {words.name}")
        self.update()

    # Size

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        picture = QSize(look.px(_WIDE), look.px(_HIGH)) + QSize(2 * _OUTSET, 2 * _OUTSET)
        return picture + QSize(0, look.line("caption") + 2)

    def _square(self) -> QRect:
        look = theme.current()
        return QRect(_OUTSET, _OUTSET, look.px(_WIDE), look.px(_HIGH))

    def _cross(self) -> QRect:
        square = self._square()
        return QRect(square.right() - 21, square.top() + 4, 18, 18)

    def _place(self) -> None:
        square = self._square()
        inner = square.adjusted(_INSET, 0, -_INSET, 0)
        self.bar.setGeometry(inner.left(), square.bottom() - _INSET - 3, inner.width(), 4)
        size = self.retry.sizeHint().boundedTo(inner.size())
        place = QRect(QPoint(), size)
        place.moveCenter(square.center() - QPoint(0, theme.current().px(8)))
        self.retry.setGeometry(place)

    # What the user does

    @override
    def nextCheckState(self) -> None:
        """The strip says which one is looked at."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif self.underMouse() and self._cross().contains(event.position().toPoint()):
            self.remove_requested.emit()
        else:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.picked.emit()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in steps:
            self.moved.emit(steps[key])
        elif key is Qt.Key.Key_Space:
            self.picked.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_requested.emit()
        else:
            event.ignore()  # Ctrl+Enter belongs to the form

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        square = self._square()
        self._paint_picture(painter, square)
        self._paint_badge(painter, square)
        self._paint_outline(painter, square)
        self._paint_caption(painter, square)
        if self.underMouse():
            dark = theme.tokens_of("dark")
            painting.box(painter, self._cross(), 4, dark.badge_bg)
            icons.paint(painter, self._cross(), "x", 12, dark.badge_text)

    def _paint_picture(self, painter: QPainter, square: QRect) -> None:
        t = theme.current().tokens
        painting.box(painter, square, _RADIUS, t.raised)
        if self._source.isNull():
            icons.paint(painter, square, "image", 20, t.text_3)
            return
        painter.save()
        painter.setClipPath(painting.rounded(square, _RADIUS))
        painter.drawPixmap(square, self._fitted(square.size()))
        if self.progress.can_retry:  # the button over it has to be read
            painter.fillRect(square, theme.with_alpha(theme.tokens_of("dark").stage, 0.55))
        painter.restore()
        painting.box(painter, square, _RADIUS, None, theme.with_alpha(t.text, 0.08))

    def _fitted(self, size: QSize) -> QPixmap:
        wanted = size * self.devicePixelRatioF()
        if self._scaled.size() != wanted:
            scaled = self._source.scaled(
                wanted,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
            spare = scaled.size() - wanted
            corner = QPoint(spare.width() // 2, spare.height() // 2)
            self._scaled = scaled.copy(QRect(corner, wanted))
        return self._scaled

    def _paint_badge(self, painter: QPainter, square: QRect) -> None:
        look, dark = theme.current(), theme.tokens_of("dark")
        font = look.font("caption")
        words = self.words.badge
        width = look.metrics("caption").horizontalAdvance(words) + 13
        width = min(width, square.width() - 2 * _INSET)
        height = look.height(20, "caption", 2)
        lift = 10 if self.progress.stage is Stage.WORKING else 0
        y = square.bottom() + 1 - _INSET - height - lift
        box = QRectF(square.left() + _INSET, y, width, height)
        painting.box(painter, box, 4, dark.badge_bg)
        painting.text(painter, box.adjusted(6, 0, -5, 0), words, font, dark.badge_text)
        if self.progress.stage is Stage.DONE:
            side = height
            spot = QRectF(square.right() + 1 - _INSET - side, y, side, side)
            painting.box(painter, spot, 4, dark.badge_bg)
            icons.paint(painter, spot, "check", 12, dark.success)

    def _paint_outline(self, painter: QPainter, square: QRect) -> None:
        t = theme.current().tokens
        if self.isChecked():
            painting.box(painter, square.adjusted(-3, -3, 3, 3), 8, None, t.accent_line, width=2)
        elif self.underMouse():
            painting.box(painter, square.adjusted(-2, -2, 2, 2), 7, None, t.edge)

    def _paint_caption(self, painter: QPainter, square: QRect) -> None:
        look = theme.current()
        t = look.tokens
        stage = Stage.FAILED if self.words.trouble else self.progress.stage
        area = QRectF(square.left(), square.bottom() + 5, square.width(), look.line("caption"))
        color: QColor = t.text if self.isChecked() else t.text_2
        sign = _SIGNS.get(stage, "")
        if sign:
            color = t.named(_TONES[stage])
            side = look.px(12)
            spot = QRectF(area.left(), area.top(), side, area.height())
            icons.paint(painter, spot, sign, 12, color)
            area.setLeft(spot.right() + 4)
        elif stage is Stage.WORKING:
            color = t.accent_text
        painting.text(painter, area, self.caption, look.font("caption"), color)


class AddTile(QAbstractButton):
    """The dashed tile that brings in more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Add")
        self.setAccessibleName("Add inputs")
        set_tip(self, "Add what is selected in the library, or files")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring_radius", _RADIUS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        size = QSize(look.px(80), look.px(_HIGH)) + QSize(2 * _OUTSET, 2 * _OUTSET)
        return size + QSize(0, look.line("caption") + 2)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        box = QRectF(_OUTSET, _OUTSET, look.px(80), look.px(_HIGH))
        fill = t.hover if self.underMouse() else None
        painting.box(painter, box, _RADIUS, fill, t.edge, is_dashed=True)
        color = t.text if self.underMouse() else t.text_2
        line = look.line("small")
        icons.paint(painter, box.translated(0, -line / 2), "plus", 16, color)
        below = box.translated(0, look.px(16) / 2 + 2)
        center = Qt.AlignmentFlag.AlignHCenter
        painting.text(painter, below, self.text(), look.font("small_strong"), color, center)


class _Line(QScrollArea):
    """Scrolls its tiles sideways; as wide as they are where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.content = QWidget()
        self.row = QHBoxLayout(self.content)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(_GAP)
        self.row.addStretch(1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setWidget(self.content)
        self.viewport().setAutoFillBackground(False)
        self.content.setAutoFillBackground(False)

    @override
    def sizeHint(self) -> QSize:
        return self.content.sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.content.sizeHint().height())

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        bar, delta = self.horizontalScrollBar(), event.angleDelta()
        bar.setValue(bar.value() - (delta.x() or delta.y()))
        event.accept()


class InputStrip(QWidget):
    """The tiles in one line, and behind them the way to add some. One stop for Tab; arrows go on.

    Signals:
        picked, remove_requested, retry_requested: the key of an input.
        add_requested: the widget below which to offer what can be added.
    """

    picked = Signal(str)
    remove_requested = Signal(str)
    retry_requested = Signal(str)
    add_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: dict[str, InputTile] = {}
        self._current = ""
        self._line = _Line()
        self.add = AddTile()
        self.add.clicked.connect(self._on_add)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        row.addWidget(self._line)
        row.addWidget(self.add)
        row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Inputs")
        theme.current().changed.connect(self._line.updateGeometry)

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show tiles for these inputs; those that stay keep what they show."""
        for key in [key for key in self._tiles if key not in set(keys)]:
            tile = self._tiles.pop(key)
            self._line.row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        for place, key in enumerate(keys):
            if key not in self._tiles:
                self._tiles[key] = self._make(key)
            self._line.row.insertWidget(place, self._tiles[key])
            self._tiles[key].show()
        self._tiles = {key: self._tiles[key] for key in keys}
        self._line.setVisible(bool(keys))
        self._line.updateGeometry()
        self.set_current(self._current)

    def tile(self, key: str) -> InputTile | None:
        return self._tiles.get(key)

    @property
    def tiles(self) -> tuple[InputTile, ...]:
        return tuple(self._tiles.values())

    def set_current(self, key: str) -> None:
        """Mark the one that is looked at, and bring it into sight."""
        self._current = key
        stop = self._tiles.get(key) or next(iter(self._tiles.values()), None)
        for tile in self._tiles.values():
            tile.setChecked(tile.key == key)
            policy = Qt.FocusPolicy.StrongFocus if tile is stop else Qt.FocusPolicy.ClickFocus
            tile.setFocusPolicy(policy)
        if key in self._tiles:
            self._line.ensureWidgetVisible(self._tiles[key], 40, 0)

    def _make(self, key: str) -> InputTile:
        tile = InputTile(key, self._line.content)
        tile.picked.connect(self._on_picked)
        tile.moved.connect(self._on_moved)
        tile.remove_requested.connect(self._on_remove)
        tile.retry_requested.connect(self._on_retry)
        return tile

    def _sender(self) -> InputTile | None:
        sender = self.sender()
        return sender if isinstance(sender, InputTile) else None

    def _on_picked(self) -> None:
        if (tile := self._sender()) is not None:
            self.picked.emit(tile.key)

    def _on_moved(self, step: int) -> None:
        tile, tiles = self._sender(), list(self._tiles.values())
        place = tiles.index(tile) + step if tile in tiles else -1
        if 0 <= place < len(tiles):
            tiles[place].setFocus(Qt.FocusReason.TabFocusReason)
            self.picked.emit(tiles[place].key)

    def _on_remove(self) -> None:
        if (tile := self._sender()) is not None:
            self.remove_requested.emit(tile.key)

    def _on_retry(self) -> None:
        if (tile := self._sender()) is not None:
            self.retry_requested.emit(tile.key)

    def _on_add(self) -> None:
        self.add_requested.emit(self.add)

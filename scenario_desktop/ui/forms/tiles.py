"""Small pictured buttons in a grid that wraps: the parts of picture and choice editors."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets.tips import set_tip

#: Room for the outline around a tile's picture; a form moves a grid out by as much, so that
#: pictures stand flush with the text above.
OUTSET = 3
_GAP = 2
_RADIUS = 6
_BADGE = 20


class Tile(QAbstractButton):
    """A square with a picture, a caption below where it has words, and a check when chosen.

    Attributes:
        key: what it stands for.

    Signals:
        picked: clicked or activated by keyboard; True when it was with Ctrl.
        moved: an arrow key was pressed; columns and rows to go.
        remove_requested: its cross was clicked, or Delete pressed.
    """

    picked = Signal(bool)
    moved = Signal(int, int)
    remove_requested = Signal()

    def __init__(
        self,
        key: str,
        title: str,
        *,
        caption: str = "",
        icon: str = "image",
        is_removable: bool = False,
        has_check: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.key = key
        self._caption = caption
        self._icon = icon
        self._words = ""
        self._has_check = has_check
        self._is_removable = is_removable
        self._is_current = False
        self._source = QPixmap()
        self._scaled = QPixmap()
        self.setText(title)
        self.setAccessibleName(title)
        set_tip(self, title)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_picture(self, picture: QPixmap) -> None:
        """Show a picture, cut to the square. An empty one brings the icon back."""
        self._source = picture
        self._scaled = QPixmap()
        self.update()

    def picture(self) -> QPixmap:
        return self._source

    @property
    def has_picture(self) -> bool:
        return not self._source.isNull()

    def set_words(self, words: str) -> None:
        """Show a few words in place of the icon."""
        self._words = words
        self.update()

    def set_state(self, *, is_chosen: bool, is_current: bool) -> None:
        self.setChecked(is_chosen)
        self._is_current = is_current
        self.update()

    def caption_height(self) -> int:
        return theme.current().line("caption") + 4 if self._caption else 0

    def caption_width(self) -> int:
        return theme.current().metrics("caption").horizontalAdvance(self._caption)

    def _square(self) -> QRect:
        side = min(self.width(), self.height() - self.caption_height())
        return QRect((self.width() - side) // 2, 0, side, side).adjusted(
            OUTSET, OUTSET, -OUTSET, -OUTSET
        )

    def _cross(self) -> QRect:
        square = self._square()
        return QRect(square.right() - 19, square.top() + 2, 18, 18)

    @override
    def nextCheckState(self) -> None:
        """Leave the check to the owner, who knows the rules of choosing."""

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().px(58)
        return QSize(side, side + self.caption_height())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        if self._is_removable and self._cross().contains(event.position().toPoint()):
            self.remove_requested.emit()
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.picked.emit(bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = Qt.Key(event.key())
        if key in steps:
            self.moved.emit(*steps[key])
        elif key is Qt.Key.Key_Space:
            self.picked.emit(is_ctrl)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._is_removable:
            self.remove_requested.emit()
        else:
            event.ignore()  # Ctrl+Enter belongs to the form

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square = self._square()
        self._paint_picture(painter, square)
        self._paint_outline(painter, square)
        if self._caption:
            self._paint_caption(painter, square)
        if self._is_removable and self.underMouse():
            self._paint_cross(painter)

    def _paint_picture(self, painter: QPainter, square: QRect) -> None:
        tokens = theme.current().tokens
        path = QPainterPath()
        path.addRoundedRect(QRectF(square), _RADIUS, _RADIUS)
        painter.fillPath(path, tokens.raised)
        if self._source.isNull():
            self._paint_stand_in(painter, square)
            return
        painter.save()
        painter.setClipPath(path)
        painter.drawPixmap(square, self._fitted(square.size()))
        painter.restore()
        painter.setPen(QPen(theme.with_alpha(tokens.text, 0.08), 1))
        painter.drawRoundedRect(QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)

    def _paint_stand_in(self, painter: QPainter, square: QRect) -> None:
        look = theme.current()
        if self._words:
            painter.setFont(look.font("small"))
            painter.setPen(look.tokens.text_2)
            painter.drawText(square, Qt.AlignmentFlag.AlignCenter, self._words)
        else:
            icons.paint(painter, square, self._icon, 20, look.tokens.text_3)

    def _fitted(self, size: QSize) -> QPixmap:
        ratio = self.devicePixelRatioF()
        wanted = size * ratio
        if self._scaled.size() != wanted:
            scaled = self._source.scaled(
                wanted,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
            corner = QPoint(
                (scaled.width() - wanted.width()) // 2, (scaled.height() - wanted.height()) // 2
            )
            self._scaled = scaled.copy(QRect(corner, wanted))
        return self._scaled

    def _paint_outline(self, painter: QPainter, square: QRect) -> None:
        tokens = theme.current().tokens
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(tokens.accent_line, 2))
            painter.drawRoundedRect(QRectF(square).adjusted(-2, -2, 2, 2), 8, 8)
            if self._has_check:
                side = theme.current().px(_BADGE)
                badge = QRect(square.left() + 4, square.top() + 4, side, side)
                painter.setPen(QPen(tokens.text_on_fill, 1.5))
                painter.setBrush(tokens.accent)
                painter.drawEllipse(QRectF(badge).adjusted(1, 1, -1, -1))
                icons.paint(painter, badge, "check", 12, tokens.text_on_fill)
        elif self.underMouse() and self.isEnabled():
            painter.setPen(QPen(tokens.edge, 1))
            painter.drawRoundedRect(QRectF(square).adjusted(-1.5, -1.5, 1.5, 1.5), 7, 7)

    def _paint_caption(self, painter: QPainter, square: QRect) -> None:
        look = theme.current()
        is_marked = self.isChecked() and self._is_current
        font = look.font("caption")
        if is_marked:
            font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(look.tokens.text if self.isChecked() else look.tokens.text_2)
        rect = QRect(0, square.bottom() + 4, self.width(), look.line("caption") + 2)
        text = painter.fontMetrics().elidedText(
            self._caption, Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_cross(self, painter: QPainter) -> None:
        tokens = theme.current().tokens
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.badge_bg)
        painter.drawRoundedRect(self._cross(), 4, 4)
        icons.paint(painter, self._cross(), "x", 12, tokens.badge_text)


class AddTile(Tile):
    """The dashed square that brings in more pictures."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__("", title, icon="plus", parent=parent)
        self.setCheckable(False)

    @override
    def _paint_picture(self, painter: QPainter, square: QRect) -> None:
        tokens = theme.current().tokens
        pen = QPen(tokens.edge, 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(tokens.hover if self.underMouse() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        icons.paint(painter, square, "plus", 16, tokens.text_2)


class TileGrid(QWidget):
    """Tiles in rows of equal columns that fill the width; one stop for Tab, arrows inside.

    Args:
        side: the least side of a tile, pixels; captions may ask for more.
        fills: columns share the whole width; otherwise tiles keep their side.
    """

    def __init__(
        self, *, side: int = 60, fills: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._side = side
        self._fills = fills
        self._tiles: list[Tile] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.current().changed.connect(self._on_theme_changed)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return tuple(self._tiles)

    def set_tiles(self, tiles: list[Tile], *, keep: tuple[Tile, ...] = ()) -> None:
        """Show other tiles. The grid owns them; those not shown again are deleted, but for
        the ones to keep for later."""
        for tile in self._tiles:
            if tile not in tiles:
                tile.hide()
                if tile not in keep:
                    tile.deleteLater()
        for tile in tiles:
            if tile.parent() is not self:
                tile.setParent(self)
                tile.moved.connect(self._on_moved)
            tile.show()
        self._tiles = list(tiles)
        self.set_tab_stop(tiles[0] if tiles else None)
        self._place()
        self.updateGeometry()

    def set_tab_stop(self, stop: Tile | None) -> None:
        """Make one tile the one that Tab reaches."""
        for tile in self._tiles:
            is_stop = tile is stop
            tile.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus
            )
        if stop is not None:
            self.setFocusProxy(stop)

    def _on_moved(self, dx: int, dy: int) -> None:
        sender = self.sender()
        if not isinstance(sender, Tile) or sender not in self._tiles:
            return
        index = self._tiles.index(sender) + dx + dy * self._columns(self.width())
        if 0 <= index < len(self._tiles):
            self.set_tab_stop(self._tiles[index])
            self._tiles[index].setFocus(Qt.FocusReason.TabFocusReason)

    def _least(self) -> int:
        widest = max((tile.caption_width() + 4 for tile in self._tiles), default=0)
        return max(self._side, widest)

    def _columns(self, width: int) -> int:
        fitting = max(1, (width + _GAP) // (self._least() + _GAP))
        if not self._fills or not self._tiles:
            return fitting
        # Full rows look better than one straggler: ten tiles go 5 + 5 rather than 6 + 4.
        rows = -(-len(self._tiles) // fitting)
        return -(-len(self._tiles) // rows)

    def _cell(self, width: int) -> QSize:
        columns = self._columns(width)
        side = (width - _GAP * (columns - 1)) // columns if self._fills else self._least()
        caption = max((tile.caption_height() for tile in self._tiles), default=0)
        return QSize(side, min(side, self._least() * 2) + caption)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        if not self._tiles:
            return 0
        rows = -(-len(self._tiles) // self._columns(width))
        return rows * (self._cell(width).height() + _GAP) - _GAP

    @override
    def sizeHint(self) -> QSize:
        width = self.width() or theme.current().px(328)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._least(), self._least())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()
        self.updateGeometry()

    def _place(self) -> None:
        columns, cell = self._columns(self.width()), self._cell(self.width())
        for index, tile in enumerate(self._tiles):
            row, column = divmod(index, columns)
            corner = QPoint(column * (cell.width() + _GAP), row * (cell.height() + _GAP))
            tile.setGeometry(QRect(corner, cell))

    def _on_theme_changed(self) -> None:
        self._place()
        self.updateGeometry()
        self.update()

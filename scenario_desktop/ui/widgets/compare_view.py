"""Two pictures of the same thing: split by a handle, the second alone, or one over the other."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.items import Picture
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.theme import tokens_of
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.picture_view import PictureView, to_pixmap
from scenario_desktop.ui.widgets.spinner import Turn

#: How much of the second picture shows when it lies over the first.
OVERLAY = 0.6
#: One press of an arrow key moves the handle by this part of the width.
NUDGE = 0.02
BADGE_INSET = 12


class CompareMode(StrEnum):
    """How the two are shown."""

    SPLIT = "split"
    MAP = "map"
    OVERLAY = "overlay"


class CompareView(PictureView):
    """A picture and what was made from it, at the same zoom and place.

    Attributes:
        mode: set through ``set_mode``.
        split: where the handle stands, 0 to 1 of the picture's width.

    Signals:
        split_changed: the user moved the handle.
    """

    split_changed = Signal(float)

    def __init__(self, *, name: str = "Comparison", parent: QWidget | None = None) -> None:
        super().__init__(name=name, parent=parent)
        self.margin = 24
        self.mode = CompareMode.SPLIT
        self.split = 0.5
        self._second = QPixmap()
        self._words = ("Original", "")
        self._is_busy = False
        self._is_dragging = False
        self._turn = Turn(self)
        self.setMouseTracking(True)

    def set_mode(self, mode: CompareMode) -> None:
        self.mode = CompareMode(mode)
        self.update()

    def set_second(self, picture: Picture | None) -> None:
        """Show what was made; its zoom and place are those of the first."""
        self.set_second_pixmap(to_pixmap(picture) if picture else QPixmap())

    def set_second_pixmap(self, pixmap: QPixmap) -> None:
        self._second = pixmap
        self.update()

    def set_words(self, first: str, second: str) -> None:
        """Set the captions in the corners, such as "Canny preview · 18 ms"; "" for none."""
        self._words = (first, second)
        self.setAccessibleDescription(second)
        self.update()

    def set_busy(self, is_busy: bool) -> None:
        """Show that a newer second picture is on its way; the one there stays."""
        self._is_busy = is_busy
        self._turn.run(is_busy)
        self.update()

    def set_split(self, split: float) -> None:
        self.split = min(1.0, max(0.0, split))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        if not self.has_picture():
            return
        self.paint_ground(painter)
        if self.mode is CompareMode.SPLIT and not self._second.isNull():
            self._paint_split(painter)
        elif self.mode is CompareMode.OVERLAY and not self._second.isNull():
            self.paint_pixmap(painter, self._pixmap)
            self.paint_pixmap(painter, self._second, opacity=OVERLAY)
        else:
            is_second = self.mode is CompareMode.MAP and not self._second.isNull()
            self.paint_pixmap(painter, self._second if is_second else self._pixmap)
        self._paint_badges(painter)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._is_on_handle(event.position()):
            self._is_dragging = True
            self._drag_to(event.position().x())
        else:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_dragging:
            self._drag_to(event.position().x())
            return
        if self._grip is None:
            if self._is_on_handle(event.position()):
                self.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self.unsetCursor()
        super().mouseMoveEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_dragging = False
        super().mouseReleaseEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -NUDGE, Qt.Key.Key_Right: NUDGE}
        key = Qt.Key(event.key())
        if key in steps and self.is_fit and self.mode is CompareMode.SPLIT:
            self.set_split(self.split + steps[key])
            self.split_changed.emit(self.split)
        else:
            super().keyPressEvent(event)

    def _split_x(self) -> float:
        """Return where the handle stands: always in sight, even when the picture reaches out."""
        area = self.picture_rect()
        x = area.left() + area.width() * self.split
        return float(round(min(self.width() - 1.0, max(0.0, x))))

    def _is_on_handle(self, point: QPointF) -> bool:
        is_there = self.mode is CompareMode.SPLIT and not self._second.isNull()
        return is_there and abs(point.x() - self._split_x()) <= 12

    def _drag_to(self, x: float) -> None:
        area = self.picture_rect()
        self.set_split((x - area.left()) / max(1.0, area.width()))
        self.split_changed.emit(self.split)

    def _paint_split(self, painter: QPainter) -> None:
        x = self._split_x()
        height = float(self.height())
        self.paint_pixmap(painter, self._pixmap, QRectF(0, 0, x, height))
        self.paint_pixmap(painter, self._second, QRectF(x, 0, self.width() - x, height))
        area = self.picture_rect() & QRectF(self.rect())
        white = tokens_of("dark").badge_text
        line = QRectF(x - 1, area.top(), 2, area.height())
        shade = theme.with_alpha(tokens_of("dark").badge_bg, 0.35)
        painter.fillRect(line.adjusted(-1, 0, 1, 0), shade)
        painter.fillRect(line, white)
        side = 32
        knob = QRectF(x - side / 2, area.center().y() - side / 2, side, side)
        painting.dot(painter, knob.center() + QPointF(0, 1), side + 2, shade)
        painting.dot(painter, knob.center(), side, white)
        icons.paint(painter, knob, "code", 16, tokens_of("light").text)

    def _paint_badges(self, painter: QPainter) -> None:
        first, second = self._words
        is_second_alone = self.mode is CompareMode.MAP and not self._second.isNull()
        left = "" if is_second_alone else first
        has_right = (second and not self._second.isNull()) or self._is_busy
        right = (second or "Computing…") if has_right else ""
        area, widest = self.badge_room(left, right)
        if left:
            self._paint_badge(painter, area, left, is_left=True, widest=widest)
        if right:
            self._paint_badge(painter, area, right, is_left=False, widest=widest)

    def badge_room(self, left: str, right: str) -> tuple[QRectF, int]:
        """Return where badges stand, and how wide each may be.

        They reach out of a picture that is too small for them rather than lie on each other.
        """
        area = self.picture_rect() & QRectF(self.rect())
        sides = [(text, is_left) for text, is_left in ((left, True), (right, False)) if text]
        gaps = (len(sides) + 1) * BADGE_INSET
        needed = sum(self._badge_width(text, is_left=is_left) for text, is_left in sides) + gaps
        missing = min(float(needed), float(self.width())) - area.width()
        if missing > 0:
            area.adjust(-missing / 2, 0, missing / 2, 0)
            area.moveLeft(min(max(0.0, area.left()), self.width() - area.width()))
        fits = needed <= area.width()
        share = (area.width() - gaps) / max(1, len(sides))
        return area, int(area.width() if fits else share)

    def _badge_width(self, words: str, *, is_left: bool) -> int:
        look = theme.current()
        turn = look.px(12) + 6 if self._is_busy and not is_left else 0
        return look.metrics("small_strong").horizontalAdvance(words) + 16 + turn

    def _paint_badge(
        self,
        painter: QPainter,
        area: QRectF,
        words: str,
        *,
        is_left: bool,
        widest: int | None = None,
    ) -> None:
        look = theme.current()
        t = tokens_of("dark")
        has_turn = self._is_busy and not is_left
        most = int(area.width() - 2 * BADGE_INSET) if widest is None else widest
        width = min(self._badge_width(words, is_left=is_left), most)
        x = area.left() + BADGE_INSET if is_left else area.right() - BADGE_INSET - width
        top, height = round(area.top() + BADGE_INSET), look.height(24, "small", 4)
        box = QRectF(round(x), top, width, height)
        painting.box(painter, box, 4, t.badge_bg)
        inner = box.adjusted(8, 0, -7, 0)
        if has_turn:
            spot = QRectF(inner.left(), inner.top(), look.px(12), inner.height())
            self._turn.paint(painter, spot, look.px(12), t.badge_text)
            inner.setLeft(spot.right() + 6)
        painting.text(painter, inner, words, look.font("small_strong"), t.badge_text)

"""Two pictures of different shape side by side, as large to each other as they truly are."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.theme import tokens_of
from scenario_desktop.ui.widgets import painting

_ROOM = 24  # pixels around the whole
_GAP = 16
_BADGE = 24


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        size: its true pixels, of which the pixmap may be a smaller copy; None: the pixmap's own.
    """

    pixmap: QPixmap = field(default_factory=QPixmap)
    name: str = ""
    size: tuple[int, int] | None = None

    @property
    def pixels(self) -> tuple[int, int]:
        return self.size or (self.pixmap.width(), self.pixmap.height())

    @property
    def words(self) -> str:
        width, height = self.pixels
        return f"{self.name}, {width:,} × {height:,}{NO_BREAK}px"


class BesideView(QWidget):
    """Paints what a picture was and what it has become, at one scale."""

    def __init__(self, *, name: str = "Before and after") -> None:
        super().__init__()
        self._sides: tuple[Side, Side] | None = None
        self.setAccessibleName(name)
        self.setMinimumSize(80, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.current().changed.connect(self.update)

    def show_sides(self, before: Side, after: Side) -> None:
        self._sides = before, after
        self.setAccessibleDescription(f"{before.words}; {after.words}")
        self.update()

    def areas(self) -> tuple[QRectF, QRectF]:
        """Return where the two lie, in the view's coordinates."""
        if self._sides is None:
            return QRectF(), QRectF()
        sizes = [QSizeF(*side.pixels) for side in self._sides]
        half = (self.width() - 2.0 * _ROOM - _GAP) / 2
        high = max(1.0, self.height() - 2.0 * _ROOM - self._badge_height() - 8)
        widest, tallest = max(s.width() for s in sizes), max(s.height() for s in sizes)
        unit = min(1.0, max(1.0, half) / max(1.0, widest), high / max(1.0, tallest))
        first, second = (
            QRectF(QPointF(), size * unit).translated(
                round(_ROOM + place * (half + _GAP) + (half - size.width() * unit) / 2),
                round(_ROOM + (high - size.height() * unit) / 2),
            )
            for place, size in enumerate(sizes)
        )
        return first, second

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._sides is None:
            return
        tokens = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for side, area in zip(self._sides, self.areas(), strict=True):
            painting.checkerboard(painter, area.toAlignedRect(), tokens.check_a, tokens.check_b)
            painter.drawPixmap(area, side.pixmap, QRectF(side.pixmap.rect()))
            self._paint_badge(painter, area, side.words)

    def _badge_height(self) -> int:
        return theme.current().height(_BADGE, "small", 4)

    def _paint_badge(self, painter: QPainter, area: QRectF, text: str) -> None:
        """Write below a picture: on a small one the words would hide it."""
        look, dark = theme.current(), tokens_of("dark")
        wanted = look.metrics("small_strong").horizontalAdvance(text) + 21.0
        width = min(wanted, (self.width() - _GAP) / 2)
        left = min(max(4.0, area.center().x() - width / 2), self.width() - width - 4)
        badge = QRectF(left, area.bottom() + 8, width, self._badge_height())
        painting.box(painter, badge, 4, dark.badge_bg)
        words = badge.adjusted(10, 0, -10, 0)
        painting.text(painter, words, text, look.font("small_strong"), dark.badge_text)

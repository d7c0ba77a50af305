"""A picture with the frame of its adjusted result over it: what is cut off, what is padded."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.services.sartiq.adjusting import AdjustPreview
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui import theme
from scenario_desktop.ui.theme import tokens_of
from scenario_desktop.ui.widgets import painting

#: How much of what is cut off still shows.
_CUT_OPACITY = 0.28
_ROOM = 32  # pixels around the whole
_BADGE = 24


class AdjustView(QWidget):
    """Paints a preview; without one, the picture alone and why there is none."""

    def __init__(self, *, name: str = "Preview of the result") -> None:
        super().__init__()
        self._picture = QPixmap()
        self._preview: AdjustPreview | None = None
        self._problem = ""
        self.setAccessibleName(name)
        self.setMinimumSize(80, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.current().changed.connect(self.update)

    @property
    def preview(self) -> AdjustPreview | None:
        return self._preview

    @property
    def problem(self) -> str:
        return self._problem

    def set_picture(self, picture: QPixmap) -> None:
        self._picture = picture
        self.update()

    def set_preview(self, preview: AdjustPreview | None, problem: str = "") -> None:
        """Show what becomes of the picture, or why that cannot be told."""
        self._preview, self._problem = preview, problem
        self.setAccessibleDescription(words_of(preview) if preview is not None else problem)
        self.update()

    def frame_rect(self) -> QRectF:
        """Return where the result lies, in the view's coordinates."""
        preview = self._preview
        if preview is None:
            return QRectF()
        unit, corner = self._fitted(preview)
        return QRectF(corner.x(), corner.y(), preview.width * unit, preview.height * unit)

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._picture.isNull():
            return
        if self._preview is None:
            self._paint_alone(painter)
        else:
            self._paint_preview(painter, self._preview)

    def _paint_alone(self, painter: QPainter) -> None:
        size = QSize(self._picture.size())
        room = self.rect().adjusted(_ROOM, _ROOM, -_ROOM, -_ROOM - _BADGE)
        size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(0, 0, size.width(), size.height())
        area.moveCenter(QRectF(room).center())
        painter.drawPixmap(area, self._picture, QRectF(self._picture.rect()))
        if self._problem:
            self._paint_badge(painter, area, self._problem)

    def _fitted(self, preview: AdjustPreview) -> tuple[float, QPointF]:
        """Return view pixels for one of the result, and where the result's corner lies."""
        source = _source_rect(preview)
        whole = source.united(QRectF(0, 0, preview.width, preview.height))
        wide = max(1.0, self.width() - 2.0 * _ROOM)
        high = max(1.0, self.height() - 2.0 * _ROOM - _BADGE)
        unit = min(wide / whole.width(), high / whole.height())
        left = (self.width() - whole.width() * unit) / 2 - whole.left() * unit
        top = (self.height() - _BADGE - whole.height() * unit) / 2 - whole.top() * unit
        return unit, QPointF(round(left), round(top))

    def _paint_preview(self, painter: QPainter, preview: AdjustPreview) -> None:
        tokens = theme.current().tokens
        unit, corner = self._fitted(preview)
        frame = self.frame_rect()
        whole = _source_rect(preview)
        source = QRectF(
            corner.x() + whole.left() * unit,
            corner.y() + whole.top() * unit,
            whole.width() * unit,
            whole.height() * unit,
        )
        pixels = QRectF(self._picture.rect())
        painter.setOpacity(_CUT_OPACITY)
        painter.drawPixmap(source, self._picture, pixels)
        painter.setOpacity(1.0)
        if any(preview.padding):
            painter.fillRect(frame, tokens.raised)
            painter.fillRect(frame, QBrush(tokens.line, Qt.BrushStyle.BDiagPattern))
        x, y, width, height = (value * unit for value in preview.inner)
        painter.save()
        painter.setClipRect(QRectF(corner.x() + x, corner.y() + y, width, height))
        painter.drawPixmap(source, self._picture, pixels)
        painter.restore()
        painter.setPen(QPen(tokens.accent_line, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame.adjusted(-1, -1, 1, 1))
        if preview.mode == "crop" and preview.kept < 0.999:
            self._paint_thirds(painter, frame)
        self._paint_badge(painter, frame.united(source), words_of(preview))

    def _paint_thirds(self, painter: QPainter, frame: QRectF) -> None:
        painter.setPen(QPen(theme.with_alpha(tokens_of("dark").text, 0.35), 1))
        for part in (1 / 3, 2 / 3):
            x, y = frame.left() + frame.width() * part, frame.top() + frame.height() * part
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))

    def _paint_badge(self, painter: QPainter, above: QRectF, text: str) -> None:
        look, dark = theme.current(), tokens_of("dark")
        metrics = look.metrics("small_strong")
        width = min(metrics.horizontalAdvance(text) + 21.0, self.width() - 16.0)
        height = float(look.height(_BADGE, "small", 4))
        top = min(above.bottom() + 8, self.height() - height - 4)
        badge = QRectF((self.width() - width) / 2, top, width, height)
        painting.box(painter, badge, 4, dark.badge_bg)
        words = badge.adjusted(10, 0, -10, 0)
        painting.text(painter, words, text, look.font("small_strong"), dark.badge_text)


def _source_rect(preview: AdjustPreview) -> QRectF:
    """Return where the whole source would lie, in pixels of the result."""
    left, top, _right, _bottom = preview.box
    scale_x, scale_y = preview.scale
    x, y, _width, _height = preview.inner
    return QRectF(
        x - left * scale_x,
        y - top * scale_y,
        preview.source_width * scale_x,
        preview.source_height * scale_y,
    )


def words_of(preview: AdjustPreview) -> str:
    """Return the result's size and what is done for it: "1,080 × 1,350 px, cut to 80 %"."""
    size = f"{preview.width:,} × {preview.height:,}{NO_BREAK}px"
    parts = [size]
    if preview.mode == "crop":
        parts.append(f"{round(preview.kept * 100)}{NO_BREAK}% of the picture kept")
    elif any(preview.padding):
        left, top, right, bottom = preview.padding
        sides = [("left", left), ("above", top), ("right", right), ("below", bottom)]
        told = [f"{value:,} {name}" for name, value in sides if value]
        parts.append("padded " + ", ".join(told))
    else:
        across, down = preview.scale
        parts.append(
            f"scaled to {round(across * 100)}{NO_BREAK}%"
            if abs(across - down) < 0.005
            else f"stretched to {round(across * 100)} by {round(down * 100)}{NO_BREAK}%"
        )
    return ", ".join(parts)

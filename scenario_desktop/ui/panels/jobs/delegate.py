"""Paints one row of the jobs list and knows where its buttons are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)
from typing_extensions import override

from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.jobs.model import JobRole
from scenario_desktop.ui.panels.jobs.rows import (
    MARKS,
    WITH_BAR,
    JobAction,
    Offer,
    buttons_of,
    icon_of,
    time_lines,
)
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.progress import paint_progress
from scenario_desktop.ui.widgets.tips import tip

Index = QModelIndex | QPersistentModelIndex
THUMB = 44
EDGE, GAP = 16, 16
#: Between a button's text and its border.
PADDING = 11
_RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(slots=True)
class Hot:
    """What is under the pointer, held down, or has the keyboard's attention.

    Attributes:
        row_id: the row that is meant; hover and press concern ``action`` in it.
        focused: index of the button that the arrow keys have chosen in the current row.
        shows_focus: whether the keyboard was used last.
    """

    row_id: str = ""
    action: JobAction | None = None
    is_down: bool = False
    focused: int = 0
    shows_focus: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row, in logical pixels. ``times`` is empty in a narrow window."""

    thumb: QRectF
    title: QRectF
    status: QRectF
    times: QRectF
    cost: QRectF
    actions: QRectF


class Animation(Protocol):
    """The phases of what moves: degrees of a turn, and 0 to 1 of a sweep."""

    @property
    def angle(self) -> float: ...
    @property
    def sweep(self) -> float: ...


class JobDelegate(QStyledItemDelegate):
    """Paints rows; everything it needs to know comes from the model and from ``Hot``."""

    def __init__(
        self,
        thumb: Callable[[JobView], QPixmap | None],
        now: Callable[[], datetime],
        hot: Hot,
        animation: Animation,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._thumb = thumb
        self._now = now
        self._hot = hot
        self._animation = animation

    # Geometry

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, row_height())

    def columns(self, rect: QRect | QRectF) -> Columns:
        """Divide a row. The status column takes what the others leave."""
        look = theme.current()
        area = QRectF(rect)
        narrow = theme.metric("layout", "breakpoints", "narrow")
        has_times = area.width() >= narrow * look.scale
        thumb = QRectF(area.left() + EDGE, area.center().y() - THUMB / 2, THUMB, THUMB)
        actions_width = look.px(204)
        actions = QRectF(
            area.right() - EDGE - actions_width, area.top(), actions_width, area.height()
        )
        cost_width = look.px(76)
        cost = QRectF(actions.left() - GAP + 4 - cost_width, area.top(), cost_width, area.height())
        times_width = look.px(132) if has_times else 0
        times = QRectF(cost.left() - times_width, area.top(), times_width, area.height())
        left = thumb.right() + EDGE
        room = times.left() - left
        title_width = min(look.px(260), room * 0.45)
        title = QRectF(left, area.top(), title_width, area.height())
        status_left = title.right() + GAP
        right = times.left() - (GAP if has_times else 0)
        status = QRectF(status_left, area.top(), max(0.0, right - status_left), area.height())
        return Columns(thumb, title, status, times, cost, actions)

    def buttons(self, view: JobView, rect: QRect | QRectF) -> list[tuple[Offer, QRectF]]:
        """Return the buttons of a row with their places, from left to right."""
        look = theme.current()
        area = self.columns(rect).actions
        height = look.height(32, "body_strong")
        placed: list[tuple[Offer, QRectF]] = []
        right = area.right()
        for offer in reversed(buttons_of(view)):
            width = _button_width(offer)
            spot = QRectF(right - width, area.center().y() - height / 2, width, height)
            placed.append((offer, spot))
            right = spot.left() - (2 if offer.is_ghost and not offer.text else 4)
        return placed[::-1]

    def button_at(self, view: JobView, rect: QRect, point: QPointF) -> Offer | None:
        for offer, spot in self.buttons(view, rect):
            if spot.contains(point):
                return offer
        return None

    # Painting

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = index.data(JobRole.VIEW)
        if not isinstance(view, JobView):
            return
        painter.save()
        painting.antialiased(painter)
        self._paint_ground(painter, option)
        columns = self.columns(option.rect)
        self._paint_thumb(painter, columns.thumb, view)
        self._paint_title(painter, columns.title, view)
        self._paint_status(painter, columns.status, view)
        self._paint_times(painter, columns.times, view)
        self._paint_cost(painter, columns.cost, view)
        self._paint_buttons(painter, option, view)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        t = theme.current().tokens
        rect = option.rect
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_current:
            painter.fillRect(rect, t.hover)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, painting.mix(t.panel, t.hover, 0.5))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), t.line_subtle)

    def _paint_thumb(self, painter: QPainter, area: QRectF, view: JobView) -> None:
        picture = self._thumb(view)
        if picture is not None:
            painter.drawPixmap(area.topLeft(), picture)
            return
        t = theme.current().tokens
        painting.box(painter, area, 6, t.raised)
        icons.paint(painter, area, icon_of(view), 16, t.text_3)

    def _paint_title(self, painter: QPainter, area: QRectF, view: JobView) -> None:
        look = theme.current()
        first, second = _two_lines(area) if view.subtitle else (area, QRectF())
        middle = Qt.TextElideMode.ElideMiddle
        painting.text(
            painter, first, view.title, look.font("body_strong"), look.tokens.text, elide=middle
        )
        if view.subtitle:
            painting.text(painter, second, view.subtitle, look.font("small"), look.tokens.text_3)

    def _paint_status(self, painter: QPainter, area: QRectF, view: JobView) -> None:
        look = theme.current()
        has_bar = view.state in WITH_BAR
        icon, tone = MARKS[view.state]
        color = look.tokens.named(tone)
        first, second = _two_lines(area) if has_bar or view.hint else (area, QRectF())
        side = look.px(14)
        spot = QRectF(first.left(), first.top(), side, first.height())
        if icon:
            icons.paint(painter, spot, icon, 14, color)
        else:
            self._paint_turn(painter, spot, color)
        words = first.adjusted(side + 6, 0, 0, 0)
        painting.text(painter, words, view.status_text, look.font("body_strong"), color)
        if has_bar:
            bar = QRectF(area.left(), second.center().y() - 2, area.width(), 4)
            paint_progress(
                painter, bar, view.progress, uploaded=view.upload_progress,
                sweep=self._animation.sweep,
            )  # fmt: skip
        elif view.hint:
            painting.text(painter, second, view.hint, look.font("small"), look.tokens.text_2)

    def _paint_turn(self, painter: QPainter, area: QRectF, color: QColor) -> None:
        side = theme.current().px(14)
        painter.save()
        painter.translate(area.center())
        painter.rotate(self._animation.angle)
        icons.paint(painter, QRectF(-side / 2, -side / 2, side, side), "loader-circle", 14, color)
        painter.restore()

    def _paint_times(self, painter: QPainter, area: QRectF, view: JobView) -> None:
        if area.width() <= 0:
            return
        look = theme.current()
        first, second = time_lines(view, self._now())
        line = look.line("small")
        spots = [area]
        if second:
            upper = QRectF(area.left(), area.center().y() - line, area.width(), line)
            spots = [upper, upper.translated(0, line)]
        for spot, words in zip(spots, (first, second), strict=False):
            painting.text(painter, spot, words, look.font("small"), look.tokens.text_3)

    def _paint_cost(self, painter: QPainter, area: QRectF, view: JobView) -> None:
        look = theme.current()
        t = look.tokens
        has_price = view.cost is not None
        style, color = ("body_strong", t.text) if has_price else ("small", t.text_3)
        painting.text(painter, area, view.cost_text, look.font(style), color, _RIGHT)

    def _paint_buttons(
        self, painter: QPainter, option: QStyleOptionViewItem, view: JobView
    ) -> None:
        hot = self._hot
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        for number, (offer, spot) in enumerate(self.buttons(view, option.rect)):
            is_hot = hot.row_id == view.id and hot.action is offer.action
            _paint_button(painter, spot, offer, is_hot=is_hot, is_down=is_hot and hot.is_down)
            if is_current and hot.shows_focus and number == hot.focused:
                ring = spot.adjusted(-3, -3, 3, 3)
                painting.box(painter, ring, 9, line=theme.current().tokens.focus, width=2)

    # Tips

    @override
    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        job = index.data(JobRole.VIEW)
        if event.type() != QEvent.Type.ToolTip or not isinstance(job, JobView):
            return False
        QToolTip.showText(
            event.globalPos(), tip(self.tip_at(job, option.rect, QPointF(event.pos()))), view
        )
        return True

    def tip_at(self, view: JobView, rect: QRect, at: QPointF) -> str:
        """Return the whole of what stands at a point, where it may be cut or is an icon alone."""
        offer = self.button_at(view, rect, at)
        if offer is not None:
            return "" if offer.text else offer.accessible_name
        columns = self.columns(rect)
        if columns.title.contains(at):
            return f"{view.title}\n{view.subtitle}"
        if columns.status.contains(at):
            return "\n".join(part for part in (view.status_text, view.hint) if part)
        if columns.times.contains(at) or columns.times.isEmpty():
            return _exact_times(view, self._now())
        return ""


def row_height() -> int:
    """Return the height of a row: 60 pixels, or what two lines of text need."""
    look = theme.current()
    height: int = max(theme.metric("size", "row_job"), look.line("body") + look.line("small") + 24)
    return height


def _two_lines(area: QRectF) -> tuple[QRectF, QRectF]:
    look = theme.current()
    upper, lower = look.line("body"), look.line("small")
    top = area.center().y() - (upper + lower) / 2
    return (
        QRectF(area.left(), top, area.width(), upper),
        QRectF(area.left(), top + upper, area.width(), lower),
    )


def _button_width(offer: Offer) -> float:
    look = theme.current()
    if not offer.text:
        return float(max(28, look.px(16) + 12))
    width = look.metrics("body_strong").horizontalAdvance(offer.text) + 1
    if offer.icon:
        width += look.px(16) + 8
    return float(width + 2 * PADDING)


def _paint_button(
    painter: QPainter, area: QRectF, offer: Offer, *, is_hot: bool, is_down: bool
) -> None:
    look = theme.current()
    t = look.tokens
    if offer.is_ghost:
        fill = t.pressed if is_down else t.hover_raised if is_hot else None
        painting.box(painter, area, 6, fill)
        color = t.text if is_hot else t.text_2
    else:
        fill = t.pressed if is_down else t.hover_raised if is_hot else t.raised
        painting.box(painter, area, 6, fill, t.line)
        color = t.text
    if not offer.text:
        icons.paint(painter, area, offer.icon, 16, color)
        return
    inner = area.adjusted(PADDING, 0, -PADDING, 0)
    if offer.icon:
        side = look.px(16)
        icons.paint(
            painter, QRectF(inner.left(), inner.top(), side, inner.height()), offer.icon, 16, color
        )
        inner.adjust(side + 8, 0, 0, 0)
    painting.text(painter, inner, offer.text, look.font("body_strong"), color)


def _exact_times(view: JobView, now: datetime) -> str:
    lines = [" · ".join(line for line in time_lines(view, now) if line)]
    for word, moment in (("Sent", view.started_at), ("Ended", view.ended_at)):
        if moment is not None:
            lines.append(f"{word} {moment.astimezone():%d %b %Y %H:%M:%S %Z}")
    if view.state is JobState.PREPARED:
        lines.append(f"Made {view.created_at.astimezone():%d %b %Y %H:%M:%S %Z}")
    return "\n".join(line for line in lines if line)

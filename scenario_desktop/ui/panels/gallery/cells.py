"""How one cell of the grid is drawn. Told everything, remembers only drawn badges and captions."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cached_property

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
    QPixmap,
    QStaticText,
    QTextOption,
)

from scenario_desktop.items import Item
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.models.picture_store import Frame, Shape
from scenario_desktop.ui.panels.gallery.geometry import Box
from scenario_desktop.ui.panels.gallery.groups import Heading
from scenario_desktop.ui.panels.gallery.words import (
    NO_LOCKS,
    Badge,
    Corner,
    Locks,
    badges,
    kind_icon,
)
from scenario_desktop.ui.widgets import painting

#: From this side on a cell has its name below; under the other, badges are icons only.
CAPTION_FROM_PX = 160
WORDS_FROM_PX = 96
_INSET = 6
_MARGIN = 3  # what is drawn above and below a cell, at most
#: Between cells of a grouped grid; so that two groups have a clear line between them.
GROUP_GAP = 14
#: Room that the title of a group keeps beside its facts.
_LEAST_TITLE = 72
#: What the ground of a group reaches beyond its first and last cell.
_GROUND = 4
#: The share of a badge's words that has to fit for it to have any.
_LEAST_WORDS = 0.75
_CAPTIONS = 2000
_TALL = 16_777_215


class WorkState(Enum):
    """How it stands with a cell that has no item yet."""

    WORKING = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class WorkCell:
    """A cell in work, beside its parent, until its result takes its place.

    Attributes:
        key: negative, unique among them.
        parent_key: beside which item it stands.
        job_id: told back when the user wants it again.
        title: what is being made, such as "Canny".
        progress: 0 to 1, None where unknown.
    """

    key: int
    parent_key: int
    job_id: str
    title: str
    icon: str = "scan-line"
    progress: float | None = None
    state: WorkState = WorkState.WORKING


@dataclass(slots=True)
class Look:
    """How a cell stands at this moment."""

    is_chosen: bool = False
    is_current: bool = False
    is_hovered: bool = False
    is_cut: bool = False


class CellPainter:
    """Draws cells in the colours of the theme it was made with.

    Attributes:
        frame: how the pictures for these cells have to be prepared.
        caption_height: of the line below a picture, 0 without one.
        head: height of the line above it, where groups are named; 0 without one.
    """

    def __init__(self, cell: int, ratio: float, *, is_fit: bool = False, head: int = 0) -> None:
        self._look = theme.current()
        self._tokens = self._look.tokens
        self._cell = cell
        self._ratio = ratio
        self._small = self._look.font("small")
        self._caption = self._look.font("caption")
        self._caption.setWeight(QFont.Weight.Medium)
        self.caption_height = caption_height(cell)
        self.head = head
        self._beside = GROUP_GAP // 2 + 1 if head else _MARGIN
        t = self._tokens
        self.frame = Frame(
            cell,
            cell,
            ratio,
            Shape.FIT if is_fit else Shape.FILL,
            radius=theme.metric("radius", "picture"),
            ground=t.stage.rgba(),
            line=theme.with_alpha(t.text, 0.08).rgba(),
            checks=(t.check_a.rgba(), t.check_b.rgba()),
        )
        self._badges: dict[tuple[Badge, bool], QPixmap] = {}
        self._captions: OrderedDict[int, tuple[str, QStaticText, float]] = OrderedDict()
        self._blank: dict[tuple[str, str], QPixmap] = {}

    @cached_property
    def _ticks(self) -> tuple[QPixmap, QPixmap]:
        return self._make_tick(is_set=True), self._make_tick(is_set=False)

    def reach(self, box: Box) -> QRect:
        """Return all that a cell may paint on, given its place in the viewport."""
        beside, below = self._beside, _GROUND if self.head else _MARGIN
        return QRect(*box).adjusted(-beside, -_MARGIN - self.head, beside, below)

    def paint_picture(self, painter: QPainter, box: Box, pixmap: QPixmap) -> None:
        """Draw a picture; one of another size is scaled, until the right one is there."""
        if pixmap.width() == self.frame.device_size[0]:
            painter.drawPixmap(box.x, box.y, pixmap)
        else:
            painter.drawPixmap(QRect(box.x, box.y, self._cell, self._cell), pixmap)

    def paint_ground(
        self, painter: QPainter, area: QRect, *, joins_left: bool, joins_right: bool
    ) -> None:
        """Draw the ground under cells of a group, open towards rows it goes on in.

        Args:
            area: heads, pictures and captions.
        """
        beside = self._beside
        area = area.adjusted(-_GROUND, 0, _GROUND, _GROUND)
        t = self._tokens
        fill = t.raised if t.is_dark else t.pressed
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(area, 8, 8)
        half = area.width() // 2
        if joins_left:
            painter.fillRect(area.adjusted(_GROUND - beside, 0, -half, 0), fill)
        if joins_right:
            painter.fillRect(area.adjusted(half, 0, beside - _GROUND, 0), fill)

    def paint_heading(
        self, painter: QPainter, area: QRect, heading: Heading, *, is_hovered: bool
    ) -> None:
        """Draw what a group is called, and beside it how many and when, as far as there is room."""
        t = self._tokens
        metrics = QFontMetrics(self._small)
        facts_room = area.width() - min(area.width() // 2, self._look.px(_LEAST_TITLE))
        for facts in heading.facts:
            width = metrics.horizontalAdvance(facts) + 1
            if width <= facts_room:
                break
        left = min(metrics.horizontalAdvance(heading.title) + 2, area.width() - width - 8)
        title = QRect(area.left(), area.top(), left, area.height())
        painting.text(painter, title, heading.title, self._small, t.text)
        facts_area = QRect(area.left() + left + 8, area.top(), width, area.height())
        painting.text(painter, facts_area, facts, self._small, t.text_3)
        if is_hovered:
            y = area.center().y() + metrics.ascent() // 2 + 2
            painter.setPen(t.text)
            painter.drawLine(area.left(), y, area.left() + left - 2, y)

    def paint_stack(self, painter: QPainter, box: Box) -> None:
        """Draw the edge of what lies below a picture: its versions."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._tokens.edge)
        inset = self._cell // 12
        painter.drawRoundedRect(
            QRect(box.x + inset, box.y - _MARGIN, self._cell - 2 * inset, 8), 3, 3
        )

    def paint_waiting(self, painter: QPainter, box: Box, phase: float) -> None:
        """Draw the block that stands for a picture on its way; ``phase`` 0 to 1 of a pulse."""
        t = self._tokens
        wave = 0.5 - 0.5 * math.cos(2 * math.pi * phase)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(painting.mix(t.raised, t.hover_raised if t.is_dark else t.hover, wave))
        painter.drawRoundedRect(QRect(box.x, box.y, self._cell, self._cell), 6, 6)

    def paint_missing(self, painter: QPainter, box: Box, icon: str, words: str) -> None:
        """Draw a cell whose item has no picture."""
        blank = self._blank.get((icon, words))
        if blank is None:
            blank = self._blank[icon, words] = self._make_blank(icon, words)
        painter.drawPixmap(box.x, box.y, blank)

    def paint_work(self, painter: QPainter, box: Box, work: WorkCell, *, is_hovered: bool) -> None:
        """Draw a cell in work, or one whose work failed."""
        t = self._tokens
        is_failed = work.state is WorkState.FAILED
        square = QRect(box.x, box.y, self._cell, self._cell)
        painting.box(painter, square, 6, t.raised, t.line)
        icon = "rotate-ccw" if is_failed and is_hovered else work.icon
        words = "Retry" if is_failed and is_hovered else work.title
        tone = t.text if is_failed and is_hovered else t.text_3
        self._paint_icon_and_words(painter, square, icon, words, tone)
        if is_failed:
            badge = Badge("Failed", "circle-alert", "circle-alert", "danger")
            self._paint_badge(painter, box, Corner.IS, badge)
            return
        bar = QRectF(box.x + _INSET, box.y + self._cell - _INSET - 4, self._cell - 2 * _INSET, 4)
        painting.box(painter, bar, 2, t.pressed)
        if work.progress is not None and work.progress > 0:
            bar.setWidth(max(4.0, bar.width() * min(1.0, work.progress)))
            painting.box(painter, bar, 2, t.accent_line)

    def paint_badges(
        self, painter: QPainter, box: Box, item: Item, now: datetime, locks: Locks = NO_LOCKS
    ) -> None:
        found = badges(item, now, locks)
        is_tight = Corner.IS in found and Corner.BECAME in found and self._is_tight(found)
        for corner, badge in found.items():
            self._paint_badge(
                painter, box, corner, badge, is_small=is_tight and corner is Corner.IS
            )

    def _is_tight(self, found: Mapping[Corner, Badge]) -> bool:
        """Whether the two signs at the bottom would lie over each other."""
        wide = sum(
            self._badge(found[c], is_small=False).width() for c in (Corner.IS, Corner.BECAME)
        )
        return wide / self._ratio > self._cell - 2 * _INSET - 4

    def paint_caption(self, painter: QPainter, box: Box, item: Item) -> None:
        """Draw the name below the picture, cut in its middle."""
        known = self._captions.get(item.key)
        if known is None or known[0] != item.name:
            known = self._captions[item.key] = self._make_caption(item.name)
            if len(self._captions) > _CAPTIONS:
                self._captions.popitem(last=False)
        painter.setFont(self._small)
        painter.setPen(self._tokens.text_2)
        painter.drawStaticText(QPointF(box.x + 2, box.y + self._cell + known[2]), known[1])

    def is_caption_cut(self, item: Item) -> bool:
        """Whether the name below the picture is not the whole one."""
        metrics = QFontMetrics(self._small)
        return metrics.horizontalAdvance(_one_line(item.name)) > self._cell - 4

    def paint_standing(self, painter: QPainter, box: Box, look: Look) -> None:
        """Draw what tells chosen, current, hovered and cut cells from the others."""
        t = self._tokens
        if look.is_cut:
            veil = theme.with_alpha(t.stage, 0.5)
            painter.fillRect(QRect(box.x, box.y, self._cell, self._cell), veil)
        if look.is_chosen or look.is_current:
            painter.setPen(QPen(t.focus if look.is_current else t.accent_line, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                QRect(box.x, box.y, self._cell, self._cell).adjusted(-2, -2, 2, 2), 8, 8
            )
        if look.is_chosen or look.is_hovered:
            tick = self._ticks[0 if look.is_chosen else 1]
            painter.drawPixmap(box.x + _INSET - 1, box.y + _INSET - 1, tick)

    def tick_area(self, box: Box) -> QRect:
        """Return where a click adds to the choice instead of replacing it."""
        side = 2 * _INSET + self._look.px(20)
        return QRect(box.x, box.y, side, side)

    # Parts, each drawn once and kept

    def _canvas(self, width: float, height: float) -> QPixmap:
        pixmap = QPixmap(QSize(math.ceil(width * self._ratio), math.ceil(height * self._ratio)))
        pixmap.setDevicePixelRatio(self._ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap

    def _badge(self, badge: Badge, *, is_small: bool) -> QPixmap:
        picture = self._badges.get((badge, is_small))
        if picture is None:
            picture = self._badges[badge, is_small] = self._make_badge(badge, is_small=is_small)
        return picture

    def _paint_badge(
        self, painter: QPainter, box: Box, corner: Corner, badge: Badge, *, is_small: bool = False
    ) -> None:
        picture = self._badge(badge, is_small=is_small)
        width = picture.width() / self._ratio
        height = picture.height() / self._ratio
        x = box.x + _INSET if corner is Corner.IS else box.x + self._cell - _INSET - width
        y = box.y + _INSET if corner is Corner.MARK else box.y + self._cell - _INSET - height
        painter.drawPixmap(round(x), round(y), picture)

    def _make_badge(self, badge: Badge, *, is_small: bool) -> QPixmap:
        dark = theme.tokens_of("dark")
        color = dark.named(badge.tone)
        height = self._look.height(theme.metric("size", "badge"), "caption", 2)
        side = self._look.px(12)
        metrics = QFontMetrics(self._caption)
        room = self._cell - 2 * _INSET - 12 - (side + 4 if badge.icon else 0)
        # A few letters and an ellipsis say less than the sign alone.
        is_told = room >= _LEAST_WORDS * metrics.horizontalAdvance(badge.words)
        has_words = bool(badge.words) and self._cell >= WORDS_FROM_PX and is_told and not is_small
        icon = badge.icon if has_words or not badge.words else badge.small_icon
        words_width = metrics.horizontalAdvance(badge.words) + 1 if has_words else 0
        width = words_width + (side if icon else 0) + (12 if has_words else 0)
        width += 4 if icon and has_words else 0
        width = min(max(width, height), self._cell - 2 * _INSET)
        picture = self._canvas(width, height)
        painter = painting.antialiased(QPainter(picture))
        painting.box(painter, QRectF(0, 0, width, height), 4, dark.badge_bg)
        x = 6.0 if has_words else (width - side) / 2
        if icon:
            icons.paint(painter, QRectF(x, 0, side, height), icon, 12, color)
            x += side + 4
        if has_words:
            area = QRectF(x, 0, width - x - 4, height)
            painting.text(painter, area, badge.words, self._caption, color)
        painter.end()
        return picture

    def _make_tick(self, *, is_set: bool) -> QPixmap:
        side = self._look.px(20)
        picture = self._canvas(side + 2, side + 2)
        painter = painting.antialiased(QPainter(picture))
        t = self._tokens
        white = t.text_on_fill
        circle = QRectF(2, 2, side - 2, side - 2)
        painter.setPen(QPen(white, 1.75))
        painter.setBrush(t.accent if is_set else theme.tokens_of("dark").badge_bg)
        if not is_set:
            painter.setOpacity(0.9)
        painter.drawEllipse(circle)
        icons.paint(painter, circle, "check", 12, white)
        painter.end()
        return picture

    def _make_blank(self, icon: str, words: str) -> QPixmap:
        picture = self._canvas(self._cell, self._cell)
        painter = painting.antialiased(QPainter(picture))
        square = QRect(0, 0, self._cell, self._cell)
        painting.box(painter, square, 6, self._tokens.raised, self._tokens.line_subtle)
        self._paint_icon_and_words(painter, square, icon, words, self._tokens.text_3)
        painter.end()
        return picture

    def _paint_icon_and_words(
        self, painter: QPainter, square: QRect, icon: str, words: str, color: QColor
    ) -> None:
        if self._cell < WORDS_FROM_PX or not words:
            icons.paint(painter, square, icon, 20, color)
            return
        line = self._look.line("small")
        up = (line + 8) // 2
        icons.paint(painter, square.translated(0, -up // 1), icon, 20, color)
        below = QRectF(square).translated(0, up - 4).adjusted(6, 0, -6, 0)
        align = Qt.AlignmentFlag.AlignHCenter
        painting.text(painter, below, words, self._small, color, align)

    def _make_caption(self, name: str) -> tuple[str, QStaticText, float]:
        metrics = QFontMetrics(self._small)
        middle = Qt.TextElideMode.ElideMiddle
        shown = metrics.elidedText(_one_line(name), middle, self._cell - 4)
        words = QStaticText(shown)
        words.setTextFormat(Qt.TextFormat.PlainText)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        words.setTextOption(option)
        words.prepare(font=self._small)
        return name, words, (self.caption_height - metrics.height()) / 2 + 1


def caption_height(cell: int) -> int:
    """Return the height of the line below pictures of a side."""
    return theme.current().line("small") + 8 if cell >= CAPTION_FROM_PX else 0


def head_height() -> int:
    """Return the height of the line above each row of a grouped grid."""
    return theme.current().line("small") + 8


def missing_words(item: Item) -> tuple[str, str]:
    """Return icon and words for an item without a picture."""
    if item.kind in ("image", "", "image-hdr"):
        is_failed = item.status in ("error", "failure", "failed")
        return "image-off", "No picture" if is_failed else "No preview"
    return kind_icon(item), item.kind.upper() if item.kind == "3d" else item.kind.capitalize()


def _one_line(name: str) -> str:
    return " ".join(name[:400].split())

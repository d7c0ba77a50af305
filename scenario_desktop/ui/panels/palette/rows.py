"""The palette's list: headings and entries in one model, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from scenario_desktop.items import Item
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.palette.entries import Entry
from scenario_desktop.ui.shortcuts import key_caps
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.keycap import paint_cap

ROW, HEADING, THUMB = 40, 32, 24
OUTER, INNER = 10, 16


class PicturePort(Protocol):
    """Where thumbnails come from."""

    @property
    def loaded(self) -> Any: ...
    def pixmap(self, key: int, px: int) -> QPixmap | None: ...
    def want(self, owner: str, items: Iterable[Item], px: int) -> None: ...
    def drop(self, owner: str) -> None: ...


class PaletteRole(IntEnum):
    """Roles beyond Qt's."""

    ENTRY = Qt.ItemDataRole.UserRole + 1


class PaletteModel(QAbstractListModel):
    """Headings are plain text rows, entries carry themselves."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[str | Entry] = []

    def set_groups(self, groups: Sequence[tuple[str, Sequence[Entry]]]) -> None:
        # Every keystroke gives another list; nothing of the old one is worth keeping.
        self.beginResetModel()
        self._rows = []
        for heading, entries in groups:
            self._rows.append(heading)
            self._rows.extend(entries)
        self.endResetModel()

    def entry(self, row: int) -> Entry | None:
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Entry) else None

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row if isinstance(row, str) else row.title
        if role == Qt.ItemDataRole.AccessibleTextRole and isinstance(row, Entry):
            return ", ".join(part for part in (row.title, row.note, row.price) if part)
        return row if role == PaletteRole.ENTRY else None

    @override
    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        entry = self.entry(index.row()) if index.isValid() else None
        if entry is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class PaletteDelegate(QStyledItemDelegate):
    """Draws headings and entries; the letters that match are bold."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pictures: PicturePort | None = None

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        look = theme.current()
        is_heading = isinstance(index.data(PaletteRole.ENTRY), str)
        height = look.height(HEADING, "small", 8) if is_heading else look.height(ROW, "body", 10)
        return QSize(1, height)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(PaletteRole.ENTRY)
        painter.save()
        painting.antialiased(painter)
        area = QRect(option.rect)
        if isinstance(row, str):
            self._paint_heading(painter, area, row)
        elif isinstance(row, Entry):
            flags: QStyle.StateFlag = option.state
            is_current = bool(flags & QStyle.StateFlag.State_Selected)
            self._paint_entry(painter, area, row, is_current)
        painter.restore()

    def _paint_heading(self, painter: QPainter, area: QRect, text: str) -> None:
        look = theme.current()
        words = QRectF(area).adjusted(INNER + 4, 6, -INNER, 0)
        painting.text(painter, words, text, look.font("small_strong"), look.tokens.text_2)

    def _paint_entry(self, painter: QPainter, area: QRect, entry: Entry, is_current: bool) -> None:
        look = theme.current()
        t = look.tokens
        if is_current:
            painting.box(painter, area.adjusted(OUTER, 0, -OUTER, 0), 6, t.accent_soft)
        side = look.px(THUMB)
        spot = QRectF(area.left() + INNER + 4, 0, side, side)
        spot.moveTop(area.center().y() - side / 2 + 0.5)
        color = t.text_disabled if entry.reason else (t.accent_text if is_current else t.text_2)
        picture = self._picture(entry, side)
        if picture is not None:
            painter.save()
            painter.setClipPath(painting.rounded(spot, 4))
            painter.drawPixmap(spot, picture, QRectF(picture.rect()))
            painter.restore()
        elif entry.icon:
            icons.paint(painter, spot, entry.icon, 16, color)
        right = self._paint_right(painter, area, entry)
        left = self._paint_title(painter, area, entry, spot.right() + 10, right - 8)
        if entry.note and right - left > 40:
            words = QRectF(left + 10, area.top(), right - left - 18, area.height())
            # Not told by colour alone: what stands here is the reason itself.
            tone = t.text_2 if entry.reason else t.text_3
            painting.text(painter, words, entry.note, look.font("small"), tone)

    def _paint_title(
        self, painter: QPainter, area: QRect, entry: Entry, left: float, right: float
    ) -> float:
        """Paint the title with its matching letters in bold; return where it ends."""
        look = theme.current()
        color = look.tokens.text_disabled if entry.reason else look.tokens.text
        plain, bold = look.font("body"), look.font("label_strong")
        pieces, done = [], 0
        for start, end in entry.match.spans:
            pieces += [(entry.title[done:start], plain), (entry.title[start:end], bold)]
            done = end
        pieces.append((entry.title[done:], plain))
        for words, font in pieces:
            if not words:
                continue
            width = QFontMetricsF(font).horizontalAdvance(words)
            box = QRectF(left, area.top(), min(width + 1, max(0.0, right - left)), area.height())
            painting.text(painter, box, words, font, color)
            left += width
            if left >= right:
                return right
        return left

    def _paint_right(self, painter: QPainter, area: QRect, entry: Entry) -> float:
        """Paint key caps and the price; return where they begin."""
        look = theme.current()
        right = float(area.right() + 1 - INNER - 4)
        middle = area.center().y() + 0.5
        for cap in reversed(key_caps(entry.shortcut)):
            right = paint_cap(painter, right, middle, cap) - 4
        if entry.price:
            width = look.metrics("small").horizontalAdvance(entry.price) + 1
            right -= width + (6 if entry.shortcut else 0)
            words = QRectF(right, area.top(), width, area.height())
            painting.text(painter, words, entry.price, look.font("small"), look.tokens.text)
            right -= 4
        return right

    def _picture(self, entry: Entry, side: int) -> QPixmap | None:
        if entry.picture_key is None or self.pictures is None:
            return None
        return self.pictures.pixmap(entry.picture_key, side)

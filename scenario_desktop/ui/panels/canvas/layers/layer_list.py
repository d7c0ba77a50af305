"""The list of layers: eyes, thumbnails, names, locks; rows are dragged to where they belong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.canvas.format import GroupLayer, Layer, TextLayer
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.canvas.layers.layer_model import (
    THUMB,
    LayerModel,
    LayerRole,
    is_group,
)
from scenario_desktop.ui.widgets import painting

_EYE_X, _INDENT = 8, 16
_Choice = QItemSelectionModel.SelectionFlag
#: Between a layer's thumbnail and that of its mask, pixels.
MASK_GAP = 6


def thumb_x() -> int:
    """Return where thumbnails begin: behind the eyes, which grow with the text."""
    return _EYE_X + theme.current().px(16) + 14


def row_height() -> int:
    look = theme.current()
    return int(max(theme.metric("size", "row_layer"), look.line("body") + look.line("small") + 8))


class LayerDelegate(QStyledItemDelegate):
    """Paints a row of 44 pixels; one method per part."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._checks = QPixmap()

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(120, row_height())

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        layer = index.data(LayerRole.LAYER)
        if layer is None:
            return
        painter.save()
        painting.antialiased(painter)
        t = theme.current().tokens
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, t.accent_soft)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, t.hover)
        self._paint_eye(painter, area, layer)
        x = thumb_x() + _INDENT * int(index.data(LayerRole.DEPTH))
        self._paint_thumbnail(painter, QRect(x, 0, THUMB, THUMB), area, layer, index)
        if layer.mask is not None:
            self._paint_mask(painter, area, x + THUMB + MASK_GAP, layer, index)
            x += THUMB + MASK_GAP
        self._paint_words(painter, area, x + THUMB + 11, layer, index)
        self._paint_lock(
            painter, area, layer, is_hot=bool(state & QStyle.StateFlag.State_MouseOver)
        )
        painter.restore()

    def _paint_eye(self, painter: QPainter, area: QRect, layer: Layer) -> None:
        t = theme.current().tokens
        name, color = ("eye", t.text_2) if layer.is_visible else ("eye-off", t.text_3)
        icons.paint(painter, eye_rect(area), name, 16, color)

    def _paint_thumbnail(
        self,
        painter: QPainter,
        box: QRect,
        area: QRect,
        layer: Layer,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        t = theme.current().tokens
        box = QRect(box.x(), area.top() + (area.height() - THUMB) // 2, THUMB, THUMB)
        painter.save()
        painter.setClipPath(painting.rounded(box, 4))
        if isinstance(layer, GroupLayer):
            painter.restore()
            name = "folder-open" if index.data(LayerRole.IS_OPEN) else "folder"
            icons.paint(painter, box, name, 16, t.text_2)
            return
        if isinstance(layer, TextLayer):
            painter.fillRect(box, t.raised)
            font = theme.current().font("title")
            painting.text(painter, box, "T", font, t.text, Qt.AlignmentFlag.AlignHCenter)
        elif index.data(LayerRole.IS_BROKEN):
            painter.fillRect(box, t.danger_soft)
            icons.paint(painter, box, "image-off", 16, t.danger)
        else:
            painting.checkerboard(painter, box, t.check_a, t.check_b, 4)
            painter.drawPixmap(box.topLeft(), index.data(LayerRole.THUMBNAIL))
        if not layer.is_visible:
            painter.fillRect(box, theme.with_alpha(t.panel, 0.35))
        painter.restore()

    def _paint_mask(
        self,
        painter: QPainter,
        area: QRect,
        x: int,
        layer: Layer,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint a layer's mask, framed like the thumbnail beside it when it is painted on."""
        t = theme.current().tokens
        box = QRect(x, area.top() + (area.height() - THUMB) // 2, THUMB, THUMB)
        shades: QPixmap = index.data(LayerRole.MASK)
        size = shades.deviceIndependentSize().toSize()
        painter.save()
        painter.setClipPath(painting.rounded(box, 4))
        painter.fillRect(box, t.raised)
        painter.drawPixmap(
            box.x() + (THUMB - size.width()) // 2, box.y() + (THUMB - size.height()) // 2, shades
        )
        if layer.mask is not None and not layer.mask.is_enabled:
            painter.fillRect(box, theme.with_alpha(t.panel, 0.5))
            painter.setPen(QPen(t.danger, 2))
            painter.drawLine(box.topLeft(), box.bottomRight())
        painter.restore()
        is_on_mask = bool(index.data(LayerRole.IS_ON_MASK))
        painter.setPen(
            QPen(t.accent_line if is_on_mask else t.artboard_edge, 2 if is_on_mask else 1)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_words(
        self,
        painter: QPainter,
        area: QRect,
        x: int,
        layer: Layer,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look = theme.current()
        t = look.tokens
        is_active = layer.is_visible
        top = area.top() + (area.height() - look.line("body") - look.line("small")) // 2
        width = area.width() - x - (look.px(16) + 18 if layer.is_locked else 12)
        name = QRectF(x, top, width, look.line("body"))
        note = QRectF(x, top + look.line("body"), width, look.line("small"))
        middle = Qt.TextElideMode.ElideMiddle
        words, second = str(index.data()), str(index.data(LayerRole.NOTE))
        painting.text(
            painter, name, words, look.font("body"), t.text if is_active else t.text_2, elide=middle
        )
        tone = t.danger if index.data(LayerRole.IS_BROKEN) else t.text_3
        painting.text(painter, note, second, look.font("small"), tone)

    def _paint_lock(self, painter: QPainter, area: QRect, layer: Layer, *, is_hot: bool) -> None:
        t = theme.current().tokens
        if layer.is_locked:
            icons.paint(painter, lock_rect(area), "lock", 16, t.text_2)
        elif is_hot:
            icons.paint(painter, lock_rect(area), "lock-open", 16, QColor(t.text_3))


def eye_rect(area: QRect) -> QRect:
    side = theme.current().px(16) + 8
    return QRect(area.left() + _EYE_X, area.top(), side, area.height())


def lock_rect(area: QRect) -> QRect:
    side = theme.current().px(16) + 8
    return QRect(area.right() - 7 - side, area.top(), side, area.height())


@dataclass(frozen=True, slots=True)
class Drop:
    """Where a dragged row would go.

    Attributes:
        row: of the group that takes it in, -1 where it goes between two rows.
        y: of the line between those, in the viewport.
        depth: in how many groups it would be.
        index, parent: its place among the layers of a group, and that group.
    """

    row: int
    y: int
    depth: int
    index: int
    parent: str


class NameField(QLineEdit):
    """Lies over a row while its name is being changed.

    Signals:
        given_up: Escape.
    """

    given_up = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class LayerList(QListView):
    """The layers.

    Signals:
        chosen: a layer is to be worked on, by its id.
        several_chosen: layers, by their ids; the last one is to be worked on.
        mask_chosen: a layer's mask is to be painted on, by the layer's id.
        visible_toggled, lock_toggled: of a layer, by its id.
        renamed: id and new name.
        moved: id, the place among those of the group, the group's id.
        menu_requested: id, and where on the screen.
    """

    chosen = Signal(str)
    several_chosen = Signal(list)
    mask_chosen = Signal(str)
    visible_toggled = Signal(str)
    lock_toggled = Signal(str)
    renamed = Signal(str, str)
    moved = Signal(str, int, str)
    menu_requested = Signal(str, QPoint)

    def __init__(self, model: LayerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = model
        self.is_editable = True
        self._grip: tuple[str, QPoint] | None = None
        self._chosen: list[str] = []
        self._anchor = ""
        self._drop: Drop | None = None
        self._name: QLineEdit | None = None
        self.setAccessibleName("Layers")
        self.setModel(model)
        self.setItemDelegate(LayerDelegate(self))
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        theme.current().changed.connect(self._relayout)

    def show_active(
        self, layer_id: str | None = None, chosen: Collection[str] | None = None
    ) -> None:
        """Mark what is worked on and bring it into sight; ``chosen`` stays silent.

        Args:
            layer_id: None for the one that is marked.
            chosen: all that are; None for this layer alone, or those that are marked.
        """
        if layer_id is not None:
            self._chosen = list(chosen) if chosen is not None else [layer_id]
            if len(self._chosen) < 2:
                self._anchor = layer_id
        row = self._layers.row_of(layer_id) if layer_id is not None else self.currentIndex().row()
        selection = self.selectionModel()
        was = selection.blockSignals(True)
        if row >= 0:
            index = self._layers.index(row)
            selection.setCurrentIndex(index, _Choice.ClearAndSelect)
            for one in self._chosen:
                other = self._layers.row_of(one)
                if other >= 0:
                    selection.select(self._layers.index(other), _Choice.Select)
            if self._grip is None:
                self.scrollTo(index)
        elif layer_id is not None:
            self.clearSelection()
        selection.blockSignals(was)
        self.viewport().update()

    def _ids(self) -> list[str]:
        """Return the ids of all rows, from the top."""
        rows = (self._layers.layer(row) for row in range(self._layers.rowCount()))
        return [layer.id for layer in rows if layer is not None]

    def _choose_more(self, layer_id: str, *, is_range: bool) -> None:
        """Add a row to those that are chosen or take it away, or choose all up to it."""
        rows = self._ids()
        if is_range:
            start = rows.index(self._anchor) if self._anchor in rows else rows.index(layer_id)
            end = rows.index(layer_id)
            span = rows[min(start, end) : max(start, end) + 1]
            rest = [one for one in span if one != layer_id]
            self.several_chosen.emit([*rest, layer_id])
            return
        rest = [one for one in self._chosen if one != layer_id]
        self._anchor = layer_id
        if layer_id not in self._chosen:
            self.several_chosen.emit([*rest, layer_id])
        elif rest:
            self.several_chosen.emit(rest)

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, row_height() * max(1, self._layers.rowCount()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, row_height() * 2)

    @override
    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().currentChanged(current, previous)
        layer = self._layers.layer(current.row())
        if layer is not None and not self.selectionModel().signalsBlocked():
            self.chosen.emit(layer.id)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        layer = self._layers.layer(index.row())
        if layer is None:
            return
        if event.button() is Qt.MouseButton.LeftButton:
            area = self.visualRect(index)
            if eye_rect(area).contains(place):
                self.visible_toggled.emit(layer.id)
                return
            if lock_rect(area).contains(place):
                self.lock_toggled.emit(layer.id)
                return
            mods = event.modifiers()
            is_range = bool(mods & Qt.KeyboardModifier.ShiftModifier)
            if is_range or mods & Qt.KeyboardModifier.ControlModifier:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self._choose_more(layer.id, is_range=is_range)
                return
            self._grip = layer.id, place
            if len(self._chosen) > 1 and layer.id in self._chosen:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                return  # they may be dragged together; a click alone is seen at its end
            super().mousePressEvent(event)
            # Told of each press: the row may be the current one while its mask is painted on.
            if self._mask_rect(index, layer).contains(place):
                self.mask_chosen.emit(layer.id)
            else:
                self.chosen.emit(layer.id)
            return
        if layer.id not in self._chosen:
            super().mousePressEvent(event)

    def _mask_rect(self, index: QModelIndex, layer: Layer) -> QRect:
        """Return where the thumbnail of a layer's mask is; empty where it has none."""
        if layer.mask is None:
            return QRect()
        area = self.visualRect(index)
        x = thumb_x() + _INDENT * int(index.data(LayerRole.DEPTH)) + THUMB + MASK_GAP
        return QRect(x, area.top(), THUMB, area.height())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self._grip is None or not self.is_editable:
            super().mouseMoveEvent(event)
            return
        far = (place - self._grip[1]).manhattanLength() >= QApplication.startDragDistance()
        if far or self._drop is not None:
            self._scroll_at(place.y())
            self._drop = self._drop_at(place, self._grip[0], self._grip[1].x())
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.viewport().update()

    def _scroll_at(self, y: int) -> None:
        """Scroll on while something is dragged along the upper or lower edge."""
        edge, bar = row_height() // 2, self.verticalScrollBar()
        if y < edge:
            bar.setValue(bar.value() - edge)
        elif y > self.viewport().height() - edge:
            bar.setValue(bar.value() + edge)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip, self._grip = self._grip, None
        drop, self._drop = self._drop, None
        self.unsetCursor()
        self.viewport().update()
        if grip is not None and drop is not None:
            self.moved.emit(grip[0], drop.index, drop.parent)
            return
        super().mouseReleaseEvent(event)
        layer = self._layers.layer(self.indexAt(event.position().toPoint()).row())
        if grip is not None and layer is not None and layer.id == grip[0]:
            if len(self._chosen) > 1:
                self.chosen.emit(layer.id)
            self._click(layer, event.position().toPoint())

    def _click(self, layer: Layer, place: QPoint) -> None:
        """Open or close a group whose folder was clicked."""
        if self._is_on_folder(layer, place):
            self._layers.toggle_open(layer.id)

    def _is_on_folder(self, layer: Layer, place: QPoint) -> bool:
        x = thumb_x() + _INDENT * int(self.indexAt(place).data(LayerRole.DEPTH))
        return is_group(layer) and x <= place.x() < x + THUMB

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        layer = self._layers.layer(index.row())
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            other = self._layers.layer(index.row() + step)
            if other is not None:
                self._choose_more(other.id, is_range=True)
            return
        if event.key() == Qt.Key.Key_Space:
            event.ignore()  # Qt would mark rows with it that nobody else knows to be chosen
            return
        if step is not None and layer is not None and not event.modifiers():
            other = self._layers.layer(index.row() + step) or layer
            self.chosen.emit(other.id)
            return
        wish = {Qt.Key.Key_Left: False, Qt.Key.Key_Right: True}.get(Qt.Key(event.key()))
        if layer is None or wish is None or not is_group(layer):
            super().keyPressEvent(event)
        elif bool(index.data(LayerRole.IS_OPEN)) is not wish:
            self._layers.toggle_open(layer.id)
            self.show_active(layer.id)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        layer = self._layers.layer(index.row())
        if layer is None or eye_rect(self.visualRect(index)).contains(place):
            return
        if self._is_on_folder(layer, place):
            self._click(layer, place)  # the second of two quick clicks
        elif self.is_editable:
            self.rename(layer.id)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        drop, tone = self._drop, theme.current().tokens.accent_line
        if drop is None:
            return
        painter = painting.antialiased(QPainter(self.viewport()))
        if drop.row >= 0:
            box = self.visualRect(self._layers.index(drop.row))
            painter.setPen(QPen(tone, 2))
            painter.drawRoundedRect(QRectF(box).adjusted(2, 2, -2, -2), 4, 4)
            return
        y = min(max(1, drop.y), self.viewport().height() - 2)
        x = thumb_x() + _INDENT * drop.depth
        painter.fillRect(QRect(x, y - 1, self.viewport().width() - x - 8, 2), tone)

    def rename(self, layer_id: str) -> None:
        """Open a field over a row's name."""
        row = self._layers.row_of(layer_id)
        layer = self._layers.layer(row)
        if layer is None:
            return
        area = self.visualRect(self._layers.index(row))
        field = NameField(layer.name, self.viewport())
        field.setAccessibleName("Name of the layer")
        field.setMaxLength(200)
        x = thumb_x() + THUMB + 4
        height = field.sizeHint().height()
        top = area.top() + (area.height() - height) // 2
        field.setGeometry(x, top, area.width() - x - 8, height)
        field.selectAll()
        field.editingFinished.connect(self._on_renamed)
        field.given_up.connect(self._drop_name)
        field.setProperty("layer", layer_id)
        self._name = field
        field.show()
        field.setFocus()

    def _on_renamed(self) -> None:
        field, self._name = self._name, None
        if field is None:
            return
        layer_id, name = str(field.property("layer")), field.text().strip()
        self._close(field)
        row = self._layers.layer(self._layers.row_of(layer_id))
        if row is not None and name and name != row.name:
            self.renamed.emit(layer_id, name)

    def _drop_name(self) -> None:
        """Leave a layer the name it has."""
        field, self._name = self._name, None
        if field is not None:
            self._close(field)

    def _close(self, field: QLineEdit) -> None:
        if field.hasFocus():  # a hidden field would pass it on to whatever comes next in the window
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        field.hide()
        field.deleteLater()

    def _drop_at(self, place: QPoint, layer_id: str, from_x: int) -> Drop | None:
        """Return where a row would go; None where it cannot: a group is never put into itself.

        Over the middle of a group's row it goes into that group. Below the last layer of a group
        a row drawn straight down stays in as many groups as it is in, unless it is drawn sideways.

        Args:
            from_x: where the row was taken hold of.
        """
        rows, height = self._layers.rowCount(), row_height()
        offset = place.y() + self.verticalScrollBar().value()
        over = self._layers.layer(offset // height)
        into = isinstance(over, GroupLayer) and over.id != layer_id
        if over is not None and into and height // 4 <= offset % height < height - height // 4:
            drop = Drop(offset // height, 0, self._depth(over.id), rows, over.id)
            return None if self._is_in(over.id, layer_id) else drop
        gap = min(rows, max(0, round(offset / height)))
        above = self._layers.layer(gap - 1) if gap > 0 else None
        below = self._layers.layer(gap) if gap < rows else None
        parent = below.parent if below is not None else ""
        if isinstance(above, GroupLayer) and below is not None and below.parent == above.id:
            parent = above.id
        elif above is not None:
            was = self._depth(self._parent(layer_id))
            wanted = was + round((place.x() - from_x) / _INDENT)
            chain = [above.parent]
            while chain[-1] != parent and self._depth(chain[-1]) > wanted:
                chain.append(self._parent(chain[-1]))
            parent = chain[-1]
        if self._is_in(parent, layer_id):
            return None
        shown = [self._layers.layer(row) for row in range(gap, rows)]
        lower = [one for one in shown if one and one.parent == parent and one.id != layer_id]
        y = gap * height - self.verticalScrollBar().value()
        return Drop(-1, y, self._depth(parent), len(lower), parent)

    def _parent(self, layer_id: str) -> str:
        layer = self._layers.layer(self._layers.row_of(layer_id))
        return layer.parent if layer is not None else ""

    def _depth(self, group_id: str) -> int:
        """Return in how many groups a layer of this group is."""
        count = 0
        while group_id:
            count, group_id = count + 1, self._parent(group_id)
        return count

    def _is_in(self, group_id: str, layer_id: str) -> bool:
        """Say whether a group is a layer or somewhere in it."""
        while group_id and group_id != layer_id:
            group_id = self._parent(group_id)
        return bool(group_id)

    def _on_menu(self, place: QPoint) -> None:
        layer = self._layers.layer(self.indexAt(place).row())
        if layer is not None:
            self.menu_requested.emit(layer.id, self.viewport().mapToGlobal(place))

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()

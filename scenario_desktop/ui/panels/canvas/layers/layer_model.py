"""The layers as rows of a list, the highest first."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap
from typing_extensions import override

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, GroupLayer, Layer, TextLayer
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import broken
from scenario_desktop.ui.panels.canvas.pixels import drawing

THUMB = 32
_WEIGHTS = {400: "", 500: " medium", 600: " semibold", 700: " bold"}
_ROOT = QModelIndex()


class LayerRole(IntEnum):
    """What a row knows beyond its name."""

    LAYER = Qt.ItemDataRole.UserRole + 1
    NOTE = Qt.ItemDataRole.UserRole + 2
    DEPTH = Qt.ItemDataRole.UserRole + 3
    THUMBNAIL = Qt.ItemDataRole.UserRole + 4
    IS_OPEN = Qt.ItemDataRole.UserRole + 5
    IS_BROKEN = Qt.ItemDataRole.UserRole + 6
    MASK = Qt.ItemDataRole.UserRole + 7
    IS_ON_MASK = Qt.ItemDataRole.UserRole + 8


def note_of(layer: Layer, *, is_broken: bool = False) -> str:
    """Return the second line of a row: "Paint, screen, 80 %"."""
    kind = layer.kind.capitalize()
    if is_broken:
        return f"{kind} is missing"
    if isinstance(layer, TextLayer):
        weight = _WEIGHTS.get(layer.weight, "")
        kind = f"Text, {layer.family}{weight} {layer.size:,.0f}{NO_BREAK}px"
        if layer.is_visible and layer.blend is Blend.NORMAL and layer.opacity == 1:
            return kind
    if not layer.is_visible:
        return f"{kind}, hidden"
    blend = layer.blend.value.replace("_", " ")
    mask = "" if layer.mask is None else ", mask" if layer.mask.is_enabled else ", mask off"
    return f"{kind}, {blend}, {layer.opacity * 100:.0f}{NO_BREAK}%{mask}"


class LayerModel(QAbstractListModel):
    """Follows an editor's document."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._rows: list[Layer] = []
        self._closed: set[str] = set()
        self._thumbs: dict[str, QPixmap] = {}
        self._pixels = editor.pixels
        editor.layers_changed.connect(self.refresh)
        editor.pixels_changed.connect(self._on_pixels_changed)
        self.refresh()

    def layer(self, row: int) -> Layer | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, layer_id: str) -> int:
        return next((i for i, layer in enumerate(self._rows) if layer.id == layer_id), -1)

    def toggle_open(self, layer_id: str) -> None:
        """Show or hide what is in a group, in the list only."""
        self._closed ^= {layer_id}
        self.refresh()

    def forget_thumbnails(self) -> None:
        self._thumbs.clear()
        self._touch(range(len(self._rows)))

    def refresh(self) -> None:
        if self._editor.pixels is not self._pixels:  # other pixels may lie under the same ids
            self._pixels = self._editor.pixels
            self.forget_thumbnails()
        rows = edits.shown(self._editor.document, self._is_open)
        if [layer.id for layer in rows] != [layer.id for layer in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        changed = [n for n, (a, b) in enumerate(zip(self._rows, rows, strict=True)) if a is not b]
        for number in changed:
            old, new = self._rows[number], rows[number]
            skipped = {"transform", "opacity", "blend", "is_visible", "is_locked", "name"}
            if old.model_dump(exclude=skipped) != new.model_dump(exclude=skipped):
                self._thumbs.pop(new.id, None)
        self._rows = rows
        self._touch(changed)

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        layer = self.layer(index.row())
        if layer is None:
            return None
        pixels = self._editor.pixels
        is_broken = broken.is_broken(layer, pixels)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name or layer.kind.capitalize()
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{layer.name}. {note_of(layer, is_broken=is_broken)}"
        values = {
            LayerRole.LAYER: lambda: layer,
            LayerRole.NOTE: lambda: note_of(layer, is_broken=is_broken),
            LayerRole.DEPTH: lambda: self._editor.document.depth(layer),
            LayerRole.THUMBNAIL: lambda: self._thumbnail(layer),
            LayerRole.IS_OPEN: lambda: self._is_open(layer),
            LayerRole.IS_BROKEN: lambda: is_broken,
            LayerRole.MASK: lambda: self._mask(layer),
            LayerRole.IS_ON_MASK: lambda: self._is_on_mask(layer),
        }
        read = values.get(role)  # type: ignore[call-overload]  # an int equals its IntEnum
        return read() if read else None

    def _is_open(self, layer: Layer) -> bool:
        return layer.id not in self._closed

    def _thumbnail(self, layer: Layer) -> QPixmap:
        found = self._thumbs.get(layer.id)
        if found is None:
            image = drawing.render_layer(
                layer, self._editor.document, self._editor.pixels, THUMB * 2
            )
            found = QPixmap.fromImage(image)
            found.setDevicePixelRatio(2)
            self._thumbs[layer.id] = found
        return found

    def _mask(self, layer: Layer) -> QPixmap | None:
        """Return a layer's mask as it lies on the layer, small; None where it has none."""
        mask = layer.mask
        if mask is None:
            return None
        key = f"{layer.id}/{mask.id}"
        found = self._thumbs.get(key)
        if found is None:
            image = drawing.render_mask(
                layer, mask, self._editor.document, self._editor.pixels, THUMB * 2
            )
            found = QPixmap.fromImage(image)
            found.setDevicePixelRatio(2)
            self._thumbs[key] = found
        return found

    def _is_on_mask(self, layer: Layer) -> bool:
        return self._editor.is_on_mask and layer.id == self._editor.active_id

    def _on_pixels_changed(self, layer_id: str) -> None:
        layer = self._editor.document.layer(layer_id)
        ids = {layer_id} | ({layer.parent} if layer and layer.parent else set())
        for one in ids:
            self._thumbs.pop(one, None)
        if layer is not None and layer.mask is not None:
            self._thumbs.pop(f"{layer_id}/{layer.mask.id}", None)
        self._touch([row for row in map(self.row_of, ids) if row >= 0])

    def _touch(self, rows: list[int] | range) -> None:
        for row in rows:
            index = self.index(row)
            self.dataChanged.emit(index, index)


def is_group(layer: Layer | None) -> bool:
    return isinstance(layer, GroupLayer)

"""What is done with one layer, as a step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import GroupLayer, PaintLayer
from scenario_desktop.ui.panels.canvas.editor import Editor


def duplicate(editor: Editor, layer_id: str) -> None:
    layer = editor.document.layer(layer_id)
    if layer is None or editor.refuse() or editor.refuse_broken(layer):
        return
    document, ids = edits.duplicate(editor.document, layer_id)
    for old, new in ids.items():
        if old in editor.pixels.surfaces:
            editor.pixels.surfaces[new] = editor.pixels.surfaces[old].copy()
    editor.active_id = ids[layer_id]
    editor.commit(f"Duplicate {layer.name}", "copy", document)
    editor.active_changed.emit()


def delete(editor: Editor, layer_id: str) -> None:
    layer = editor.document.layer(layer_id)
    if layer is None or editor.refuse():
        return
    if editor.document.is_locked(layer):
        editor.refused.emit(f"“{layer.name}” is locked. Unlock it before you delete it.")
        return
    gone = {layer_id, *editor.document.below(layer_id)}
    document = edits.remove(editor.document, [layer_id])
    if layer_id == editor.active_id:
        editor.active_id = edits.neighbour(editor.document, layer, gone)
    editor.commit(f"Delete {layer.name}", "trash-2", document, editor.held_with(gone))
    editor.active_changed.emit()


def clear_selected(editor: Editor) -> None:
    """Delete the pixels inside the selection, or the layer where nothing is selected."""
    if editor.selection is None:
        delete(editor, editor.active_id)
        return
    layer = editor.editable_layer()
    if layer is None:
        return
    if not isinstance(layer, PaintLayer) and editor.active_mask is None:
        editor.refused.emit(f"“{layer.name}” has no paint. Only paint can be cleared.")
        return
    area = editor.selection.boundingRect().toAlignedRect()

    def clear(painter: QPainter) -> None:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
        painter.fillRect(area, Qt.GlobalColor.transparent)

    editor.paint_with("Clear on {}", "eraser", area, clear)


def ungroup(editor: Editor, group_id: str) -> None:
    layer = editor.document.layer(group_id)
    if isinstance(layer, GroupLayer) and not editor.refuse():
        editor.commit(f"Ungroup {layer.name}", "ungroup", edits.ungroup(editor.document, group_id))


def move(editor: Editor, layer_id: str, index: int, parent: str) -> None:
    """Put a layer at another place; see ``document.move``."""
    layer = editor.document.layer(layer_id)
    if layer is None or editor.refuse():
        return
    document = edits.move(editor.document, layer_id, index, parent)
    if [one.id for one in document.layers] != [one.id for one in editor.document.layers] or (
        document.layer(layer_id) != layer
    ):
        editor.commit(f"Move {layer.name} in the list", "layers", document)

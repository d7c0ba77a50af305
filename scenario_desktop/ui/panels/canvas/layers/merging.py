"""Several layers made one paint layer that looks like them."""

from __future__ import annotations

from PySide6.QtCore import QRect

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, Document, GroupLayer, Layer, PaintLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.pixels import drawing

#: So far around the canvas pixels are kept when layers are made one.
_REACH = 4096


def merge_down(editor: Editor, layer_id: str) -> None:
    """Make one paint layer of a layer and the one under it."""
    layer = editor.document.layer(layer_id)
    if layer is None or editor.refuse():
        return
    siblings = editor.document.children(layer.parent)
    place = siblings.index(layer)
    if place == 0:
        editor.refused.emit(f"There is nothing under “{layer.name}” to merge with.")
        return
    under = siblings[place - 1]
    if editor.document.is_locked(layer) or under.is_locked:
        editor.refused.emit("One of the two layers is locked.")
        return
    if editor.refuse_broken(layer) or editor.refuse_broken(under):
        return
    gone = {layer.id, under.id, *editor.document.below(layer.id), *editor.document.below(under.id)}
    # The lower one's blend mode stays a matter of the merged layer.
    tops = {layer.id: {"parent": ""}, under.id: {"parent": "", "blend": Blend.NORMAL}}
    layers = tuple(
        one.model_copy(update=tops.get(one.id)) for one in editor.document.layers if one.id in gone
    )
    alone = editor.document.model_copy(update={"background": "", "layers": layers})
    made = PaintLayer(id=edits.new_id(), name=under.name, parent=under.parent, blend=under.blend)
    _draw(editor, alone, made.id)
    document = edits.add(editor.document, made, layer.id)
    document = edits.remove(document, list(gone))
    editor.active_id = made.id
    editor.commit(f"Merge {layer.name} down", "merge", document, editor.held_with(gone))
    editor.active_changed.emit()


def merge_group(editor: Editor, group_id: str) -> None:
    """Make one paint layer of a group, as it is seen through its masks."""
    group = editor.document.layer(group_id)
    if not isinstance(group, GroupLayer) or editor.refuse() or editor.refuse_broken(group):
        return
    inner = {*editor.document.below(group_id)}
    layers = [layer for layer in editor.document.layers if layer.id in {group_id, *inner}]
    if editor.document.is_locked(group) or any(layer.is_locked for layer in layers):
        editor.refused.emit("A layer of this group is locked.")
        return
    flatten(editor, group, f"Merge {group.name}", "merge")


def flatten(editor: Editor, layer: Layer, name: str, icon: str) -> None:
    """Put a paint layer in the place of a layer and what is in it."""
    alone = edits.alone(editor.document, layer, opacity=1.0, blend=Blend.NORMAL, is_visible=True)
    gone = {one.id for one in alone.layers}
    made = PaintLayer(
        id=edits.new_id(), name=layer.name, parent=layer.parent, opacity=layer.opacity,
        blend=layer.blend, is_visible=layer.is_visible,
    )  # fmt: skip
    _draw(editor, alone, made.id)
    document = edits.remove(edits.add(editor.document, made, layer.id), list(gone))
    masks = {one.mask.id for one in alone.layers if one.mask is not None}
    editor.active_id = made.id
    editor.commit(name, icon, document, editor.held({made.id, *gone, *masks}))
    editor.active_changed.emit()


def _draw(editor: Editor, alone: Document, layer_id: str) -> None:
    """Give a new paint layer the pixels that some layers, alone as a document, show."""
    rect = QRect()
    for one in alone.layers:
        rect = rect.united(drawing.bounds_of(one, editor.pixels).toAlignedRect())
    rect &= editor.rect.adjusted(-_REACH, -_REACH, _REACH, _REACH)
    if not rect.isEmpty():
        image = drawing.render(alone, editor.pixels, rect)
        editor.pixels.surface(layer_id).put(image, rect.topLeft())

"""What is done with all layers that are chosen, as one step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QRectF

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.document import new_id
from scenario_desktop.canvas.format import GroupLayer, Layer, Transform
from scenario_desktop.services.words import counted
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import single
from scenario_desktop.ui.panels.canvas.pixels import frames


def roots(editor: Editor) -> list[str]:
    """Return the chosen layers, the lowest first; what is in a chosen group goes with it."""
    return edits.roots(editor.document, editor.chosen)


def stand_in(editor: Editor) -> tuple[Layer, QRectF] | None:
    """Return what is chosen as one layer, and its frame in that layer's own pixels.

    Several of them are like a group that nobody made, and lie on the canvas as it does.
    """
    ids = roots(editor)
    if len(ids) > 1:
        made = GroupLayer(id=new_id(), name=name_of(editor, ids))
        return made, frames.frame_around(editor.document, editor.pixels, ids)
    layer = editor.document.layer(ids[0]) if ids else None
    return None if layer is None else (layer, editor.frame_of(layer))


def name_of(editor: Editor, ids: Sequence[str]) -> str:
    """Return what a step calls layers: the one by its name, several by their number."""
    layer = editor.document.layer(ids[0]) if len(ids) == 1 else None
    return layer.name if layer is not None else counted(len(ids), "layer")


def targets(editor: Editor, layer_id: str) -> list[str]:
    """Return what is meant by something done to one layer: all that are chosen with it."""
    chosen = editor.chosen
    return chosen if layer_id in chosen else [layer_id]


def is_locked(editor: Editor) -> bool:
    """Say whether any layer that is chosen is locked, itself or by its group."""
    layers = (editor.document.layer(one) for one in editor.chosen)
    return any(layer is not None and editor.document.is_locked(layer) for layer in layers)


def refuse_locked(editor: Editor) -> bool:
    """Say which layer is locked, if one of several is, and nothing is done then."""
    for one in editor.chosen:
        layer = editor.document.layer(one)
        if layer is not None and editor.document.is_locked(layer):
            editor.refused.emit(f"“{layer.name}” is locked. Unlock it in the list of layers.")
            return True
    return False


def delete(editor: Editor) -> None:
    ids = roots(editor)
    if len(ids) < 2:
        single.delete(editor, editor.active_id)
        return
    if editor.refuse() or refuse_locked(editor):
        return
    document, active = editor.document, editor.active
    gone = {one for layer_id in ids for one in (layer_id, *document.below(layer_id))}
    name = name_of(editor, ids)
    if active is not None:
        editor.active_id = edits.neighbour(document, active, gone)
    editor.commit(f"Delete {name}", "trash-2", edits.remove(document, ids), editor.held_with(gone))
    editor.active_changed.emit()


def duplicate(editor: Editor) -> None:
    """Copy what is chosen, each right above itself; the copies are chosen then."""
    ids = roots(editor)
    if len(ids) < 2:
        single.duplicate(editor, editor.active_id)
        return
    layers = [layer for one in ids if (layer := editor.document.layer(one)) is not None]
    if editor.refuse() or any(editor.refuse_broken(layer) for layer in layers):
        return
    document, name = editor.document, name_of(editor, ids)
    copies: list[str] = []
    for layer in layers:
        document, fresh = edits.duplicate(document, layer.id)
        copies.append(fresh[layer.id])
        for old, new in fresh.items():
            if old in editor.pixels.surfaces:
                editor.pixels.surfaces[new] = editor.pixels.surfaces[old].copy()
    editor.commit(f"Duplicate {name}", "copy", document)
    editor.choose(copies)


def group(editor: Editor, layer_ids: Collection[str]) -> None:
    if editor.refuse():
        return
    name = edits.free_name(editor.document, "Group")
    document, group_id = edits.group(editor.document, layer_ids, name)
    if group_id:
        editor.active_id = group_id
        count = counted(len(layer_ids), "layer")
        editor.commit(f"Group {count}", "folder-plus", document)
        editor.active_changed.emit()


def move_in_list(editor: Editor, layer_id: str, index: int, parent: str) -> None:
    """Put a layer of the list, and those chosen with it, at another place.

    Args:
        index: how many layers of the group lie under it, itself left out.
    """
    ids = edits.roots(editor.document, targets(editor, layer_id))
    if len(ids) < 2:
        single.move(editor, layer_id, index, parent)
        return
    if editor.refuse():
        return
    rest = [one.id for one in editor.document.children(parent) if one.id != layer_id]
    under = sum(one not in ids for one in rest[:index])
    before = [(one.id, one.parent) for one in editor.document.layers]
    document = edits.move_all(editor.document, ids, under, parent)
    if [(one.id, one.parent) for one in document.layers] != before:
        editor.commit(f"Move {name_of(editor, ids)} in the list", "layers", document)


def raise_(editor: Editor, *, is_up: bool, is_to_end: bool = False) -> None:
    """Move what is chosen up or down among its neighbours."""
    ids = roots(editor)
    if not ids or editor.refuse():
        return
    document = edits.raised(editor.document, ids, is_up=is_up, is_to_end=is_to_end)
    way = ("to the top" if is_up else "to the bottom") if is_to_end else "up" if is_up else "down"
    if document is not editor.document:
        editor.commit(f"Move {name_of(editor, ids)} {way}", "layers", document)


def change(
    editor: Editor, ids: Sequence[str], step: str, icon: str, *, merges: bool = False, **values: Any
) -> None:
    """Change values of layers as one step; see ``Editor.change_layer``."""
    if len(ids) == 1:
        editor.change_layer(ids[0], step, icon, merges=merges, **values)
    if len(ids) < 2 or editor.refuse():
        return
    document = editor.document
    for layer_id in ids:
        document = edits.change(document, layer_id, **values)
    subject = f"{'+'.join(values)}:{','.join(ids)}"
    name = step.format(name_of(editor, ids))
    editor.commit(name, icon, document, subject=subject, merges=merges)


def place(editor: Editor, by: Transform, name: str, icon: str, *, subject: str = "") -> None:
    """Scale, turn and move what is chosen; with a subject it goes on with the step before."""
    document = edits.all_transformed(editor.document, roots(editor), by)
    editor.commit(name, icon, document, subject=subject, merges=bool(subject))

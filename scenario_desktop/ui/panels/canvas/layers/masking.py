"""Masks of layers: made, turned round, switched off, applied and thrown away, each as a step.

A selection is another thing: it confines painting for as long as it is there, and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QColor, QImage, QPainter

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import (
    GroupLayer,
    Layer,
    Mask,
    PaintLayer,
    Transform,
)
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import merging
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface
from scenario_desktop.ui.panels.canvas.pixels.tiling import keys_in, tile_rect

ICON = "contrast"


def add(editor: Editor, layer_id: str) -> None:
    """Give a layer a mask: of the selection where there is one, else one that shows all."""
    layer = _free(editor, layer_id)
    if layer is None or layer.mask is not None:
        return
    path = editor.selection
    mask = Mask(id=edits.new_id(), shows_rest=path is None)
    if path is not None:
        back, is_possible = drawing.matrix(layer.transform).inverted()
        if not is_possible:
            return
        local = back.map(path)
        surface = editor.pixels.surface(mask.id)
        for key in keys_in(local.boundingRect().toAlignedRect()):
            painter = QPainter(surface.writable(key))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(-tile_rect(key).topLeft())
            painter.fillPath(local, QColor("white"))
            painter.end()
            surface.touched(key)
    document = edits.change(editor.document, layer_id, mask=mask)
    editor.commit(f"Add a mask to {layer.name}", ICON, document, editor.held([mask.id]))
    editor.set_active(layer_id, is_on_mask=True)


def invert(editor: Editor, layer_id: str) -> None:
    """Show what a mask hid, and hide what it showed."""
    layer = _free(editor, layer_id)
    if layer is None or layer.mask is None or editor.refuse_broken(layer):
        return
    # Under an id of its own, so that undoing needs no pixels to be moved.
    mask = layer.mask.model_copy(
        update={"id": edits.new_id(), "shows_rest": not layer.mask.shows_rest, "tiles": ()}
    )
    surface = editor.pixels.surface(mask.id)
    old = editor.pixels.surfaces.get(layer.mask.id, PaintSurface())
    for key, image in old.tiles():
        inverted = image.copy()
        inverted.invertPixels(QImage.InvertMode.InvertRgb)
        surface.set_tile(key, inverted)
    document = edits.change(editor.document, layer_id, mask=mask)
    held = editor.held([mask.id])
    editor.commit(f"Invert the mask of {layer.name}", ICON, document, held)
    editor.pixels_changed.emit(layer_id)


def toggle(editor: Editor, layer_id: str) -> None:
    """Let a mask take effect, or not."""
    layer = _free(editor, layer_id)
    if layer is None or layer.mask is None:
        return
    is_on = not layer.mask.is_enabled
    mask = layer.mask.model_copy(update={"is_enabled": is_on})
    word = "Turn on" if is_on else "Turn off"
    document = edits.change(editor.document, layer_id, mask=mask)
    editor.commit(f"{word} the mask of {layer.name}", ICON, document)
    editor.pixels_changed.emit(layer_id)


def delete(editor: Editor, layer_id: str) -> None:
    """Throw a mask away; all of its layer is seen again."""
    layer = _free(editor, layer_id)
    if layer is None or layer.mask is None:
        return
    held = editor.held([layer.mask.id])
    document = edits.change(editor.document, layer_id, mask=None)
    editor.commit(f"Delete the mask of {layer.name}", "trash-2", document, held)


def why_not_apply(layer: Layer) -> str:
    """Return why a mask cannot be made a part of its layer; "" when it can."""
    if isinstance(layer, GroupLayer):
        return "A group has no pixels of its own. Merge the group: its mask is applied then."
    return "" if layer.mask is not None and layer.mask.is_enabled else "The layer mask is off"


def edit(editor: Editor, layer_id: str) -> None:
    """Paint on a layer's mask from now on, or on the layer again."""
    editor.set_active(layer_id, is_on_mask=not editor.is_on_mask)


def apply(editor: Editor, layer_id: str) -> None:
    """Remove for good what a mask hides; a layer that is not paint becomes paint."""
    layer = _free(editor, layer_id)
    if layer is None or layer.mask is None or why_not_apply(layer):
        return
    if editor.refuse_broken(layer):
        return
    name = f"Apply the mask of {layer.name}"
    if not isinstance(layer, PaintLayer):
        merging.flatten(editor, layer, name, ICON)
        return
    surface = editor.pixels.surface(layer_id)
    record = editor.recorder(surface)
    # In the layer's own pixels, wherever it lies on the canvas.
    straight = layer.model_copy(update={"transform": Transform()})
    for key, _ in surface.tiles():
        place = tile_rect(key)
        shades = drawing.mask_image(straight, layer.mask, editor.pixels, place)
        shades.reinterpretAsFormat(QImage.Format.Format_Alpha8)
        record.keep(place)
        painter = record.begin(key, place)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.drawImage(place.topLeft(), shades)
        painter.end()
    document = edits.change(editor.document, layer_id, mask=None)
    change = record.finish()
    editor.commit(name, ICON, document, change, subject=f"apply:{layer_id}")
    editor.pixels_changed.emit(layer_id)


def _free(editor: Editor, layer_id: str) -> Layer | None:
    """Return a layer whose mask may be changed, or say why not."""
    layer = editor.document.layer(layer_id)
    if layer is None or editor.refuse():
        return None
    if editor.document.is_locked(layer):
        editor.refused.emit(f"“{layer.name}” is locked. Unlock it before you change its mask.")
        return None
    return layer


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do with the mask of a layer, under its name in menus, palette and keys."""

    name: str
    title: str
    icon: str
    key: str
    run: Callable[[Editor, str], None]

    def why_not(self, layer: Layer) -> str:
        """Return why it cannot be done with a layer now; "" when it can."""
        if self.run is add:
            return "The layer has a mask" if layer.mask is not None else ""
        if layer.mask is None:
            return "The layer has no mask"
        return why_not_apply(layer) if self.run is apply else ""


DEEDS = (
    Deed("add", "Add a layer mask", ICON, "Ctrl+Shift+M", add),
    Deed("edit", "Paint on the layer mask or the layer", "brush", "Ctrl+M", edit),
    Deed("toggle", "Turn the layer mask on or off", "eye", "Shift+M", toggle),
    Deed("invert", "Invert the layer mask", ICON, "Ctrl+Shift+I", invert),
    Deed("apply", "Apply the layer mask", "check", "Ctrl+Alt+M", apply),
    Deed("delete", "Delete the layer mask", "trash-2", "Shift+Delete", delete),
)

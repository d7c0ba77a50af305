"""What is being edited: the document, its pixels, what was done, and everything that can be done.

It knows no service and no widget. Tools and the layer list call it; it tells what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import (
    Document,
    Layer,
    Mask,
    PaintLayer,
    PictureLayer,
    TextLayer,
)
from scenario_desktop.canvas.history import History, PixelChange, Step
from scenario_desktop.ui.panels.canvas.layers import broken
from scenario_desktop.ui.panels.canvas.pixels import drawing, frames, painting
from scenario_desktop.ui.panels.canvas.pixels.arena import Arena
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.composite import Compositor
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels
from scenario_desktop.ui.panels.canvas.pixels.painting import LayerStroke
from scenario_desktop.ui.panels.canvas.pixels.surface import PaintSurface, Recorder, SurfaceChange
from scenario_desktop.ui.panels.canvas.pixels.tiling import FORMAT, let_go

ICONS = {
    "picture": "image",
    "paint": "brush",
    "text": "type",
    "shape": "square",
    "group": "folder",
}
#: So long after a stroke its layer is shown at its best again, milliseconds.
SETTLE_MS = 250
READ_ONLY = "This canvas is open for looking only"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """Stands in the history for pixels of layers that a step removed and undo brings back."""

    size_bytes: int

    def undo(self) -> None:
        """Nothing moves: the layer's id finds its pixels again."""

    def redo(self) -> None:
        """Nothing moves: the layer's id finds its pixels again."""


class Editor(QObject):
    """Edits one canvas.

    Attributes:
        document: as it is now.
        pixels: of all its layers.
        history: the steps.
        active_id: the layer that is worked on; others may be chosen beside it.
        is_on_mask: whether painting goes to that layer's mask.
        selection: what painting is confined to, on the canvas; None for everything.
        read_only: why nothing can be edited; "" when it can.

    Signals:
        spoiled: a rectangle of the canvas looks different now.
        layers_changed: layers, their order or their values.
        pixels_changed: the id of a layer whose pixels changed.
        active_changed: another layer is worked on.
        history_changed: steps were added, taken back or done again.
        selection_changed: the part that painting is confined to.
        edited: something that must be kept has changed.
        refused: why something was not done, in words for the user.
        read_only_changed: editing became possible, or ceased to be.
        opened: another canvas is here; what was going on in the one before is over.
    """

    spoiled = Signal(QRect)
    layers_changed = Signal()
    pixels_changed = Signal(str)
    active_changed = Signal()
    history_changed = Signal()
    selection_changed = Signal()
    edited = Signal()
    refused = Signal(str)
    read_only_changed = Signal()
    opened = Signal()

    def __init__(
        self, parent: QObject | None = None, *, clock: Callable[[], datetime] = _now
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.document = Document(width=1, height=1)
        self.pixels = Pixels()
        self.history = History()
        self.active_id = ""
        #: What else is chosen, and beside which layer: with another to work on it is over.
        self._beside: tuple[str, frozenset[str]] = ("", frozenset())
        self.is_on_mask = False
        self.selection: QPainterPath | None = None
        self.read_only = ""
        self.compositor = Compositor(self.pixels)
        self._arena = Arena()
        self._stroke: LayerStroke | None = None
        self._stroke_before: Document | None = None
        self._preview_from: Document | None = None
        self._concealed = ""
        self._written: TextLayer | None = None
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self.settle)

    def open(self, document: Document, pixels: Pixels) -> None:
        """Begin with another canvas; its history is empty."""
        self._stroke = self._stroke_before = self._preview_from = self._written = None
        self._concealed = ""
        left, self.pixels = self.pixels.images(), pixels
        self.history.clear()
        self._arena.prepare()
        self.selection = None
        self.compositor.overlay = None
        self.compositor.set_pixels(pixels)
        let_go(left)
        self.document = document
        top = document.children()
        chosen = [layer for layer in top if not layer.is_locked and layer.is_visible] or list(top)
        self.active_id = chosen[-1].id if chosen else ""
        self.is_on_mask = False
        self.opened.emit()
        self._show()
        self.active_changed.emit()
        self.history_changed.emit()
        self.selection_changed.emit()

    def set_read_only(self, reason: str) -> None:
        if reason != self.read_only:
            self.read_only = reason
            self.read_only_changed.emit()

    @property
    def active(self) -> Layer | None:
        return self.document.layer(self.active_id)

    @property
    def rect(self) -> QRect:
        return QRect(0, 0, self.document.width, self.document.height)

    def set_active(self, layer_id: str, *, is_on_mask: bool = False) -> None:
        """Work on a layer, or on its mask."""
        layer = self.document.layer(layer_id)
        if layer is None:
            return
        self.choose([layer_id], is_on_mask=is_on_mask and layer.mask is not None)

    def choose(self, layer_ids: Sequence[str], *, is_on_mask: bool = False) -> None:
        """Work on the last of these layers, with the others chosen beside it."""
        known = [one for one in layer_ids if self.document.layer(one) is not None]
        if not known:
            return
        active, beside = known[-1], frozenset(known[:-1]) - {known[-1]}
        is_same = set(self.chosen) == {active, *beside}
        if is_same and (active, is_on_mask) == (self.active_id, self.is_on_mask):
            return
        self.active_id, self.is_on_mask = active, is_on_mask
        self._beside = active, beside
        self.compositor.set_document(self._seen(), active)
        self.active_changed.emit()

    @property
    def chosen(self) -> list[str]:
        """The layers that are chosen, the lowest first; one of them is worked on."""
        active, beside = self._beside
        ids = {self.active_id, *(beside if active == self.active_id else ())}
        return [layer.id for layer in self.document.layers if layer.id in ids]

    @property
    def active_mask(self) -> Mask | None:
        """The mask that painting goes to."""
        layer = self.active
        return layer.mask if layer is not None and self.is_on_mask else None

    def adopt_pixels(self, key: str, image: QImage | None) -> None:
        """Take a picture that has arrived; None when it cannot be had."""
        if image is None:
            self.pixels.missing.add(key)
        else:
            self.pixels.pictures[key] = PictureSource(image)
        for layer in self.document.layers:
            if isinstance(layer, PictureLayer) and key in (layer.asset_id, layer.blob):
                self.spoil_layer(layer)

    def spoil_layer(self, layer: Layer) -> None:
        """Show a layer anew, after its pixels came."""
        rect = drawing.bounds_of(layer, self.pixels).toAlignedRect().adjusted(-2, -2, 2, 2)
        self.compositor.spoil(rect, layer.id)
        self.spoiled.emit(rect)
        self.pixels_changed.emit(layer.id)

    # Steps

    def commit(
        self,
        name: str,
        icon: str,
        document: Document,
        pixels: PixelChange | None = None,
        *,
        subject: str = "",
        merges: bool = False,
    ) -> None:
        """Do something that can be taken back.

        Args:
            merges: it continues the newest step of the same subject, as a slider's drag does.
        """
        before = self._preview_from or self.document
        self._preview_from = None
        if before is document and pixels is None:
            return
        last = self.history.done[-1] if self.history.done else None
        known = self.history.forgotten, self.history.can_redo
        if merges and last and last.subject == subject and not self.history.can_redo:
            grown = Step(name, icon, self._clock(), last.before, document, last.pixels, subject)
            self.history.replace_last(grown)
        else:
            self.history.push(Step(name, icon, self._clock(), before, document, pixels, subject))
        self.document = document
        if known != (self.history.forgotten, False):
            self._forget_pixels()
        self._show()
        self.history_changed.emit()
        self.edited.emit()

    def preview(self, document: Document) -> None:
        """Show an edit that is still going on; ``commit`` makes it a step, ``revert`` drops it."""
        if self._preview_from is None:
            self._preview_from = self.document
        self.document = document
        self._show()

    def revert(self) -> None:
        """Drop what is only shown."""
        if self._preview_from is not None:
            self.document, self._preview_from = self._preview_from, None
            self._show()

    @property
    def base(self) -> Document:
        """The document before what is only shown."""
        return self._preview_from or self.document

    @property
    def kept(self) -> Document:
        """The document for drafts and saves: not where a drag has come to, which may yet be
        dropped, but with the words that are still being written."""
        written, document = self._written, self.base
        if written is None or not written.text:
            return document
        if document.layer(written.id) is None:
            return edits.add(document, written, self.active_id)
        layers = tuple(written if one.id == written.id else one for one in document.layers)
        return document.model_copy(update={"layers": layers})

    def keep_words(self, layer: TextLayer | None) -> None:
        """Have words kept before they are a step; None when they are one, or were dropped."""
        if layer != self._written:
            self._written = layer
            self.edited.emit()

    def conceal(self, layer_id: str) -> None:
        """Leave out a layer on the screen only, while a field shows its words; "" for none."""
        if layer_id != self._concealed:
            self._concealed = layer_id
            self._show()

    def _seen(self) -> Document:
        if not self._concealed:
            return self.document
        layers = tuple(
            edits.replaced(one, is_visible=False) if one.id == self._concealed else one
            for one in self.document.layers
        )
        return self.document.model_copy(update={"layers": layers})

    def undo(self) -> None:
        if self.read_only:
            self.refused.emit(self.read_only)
        elif self.history.can_undo and self._stroke is None:
            self.revert()
            step = self.history.undo()
            self._after_step(step, step.before)

    def redo(self) -> None:
        if self.read_only:
            self.refused.emit(self.read_only)
        elif self.history.can_redo and self._stroke is None:
            self.revert()
            step = self.history.redo()
            self._after_step(step, step.after)

    def go_to(self, count: int) -> None:
        """Take steps back or do them again until so many are in force."""
        if self.read_only:
            self.refused.emit(self.read_only)
            return
        while len(self.history.done) > count and self.history.can_undo:
            self.undo()
        while len(self.history.done) < count and self.history.can_redo:
            self.redo()

    def _after_step(self, step: Step, document: Document) -> None:
        known = {layer.id for layer in self.document.layers}
        self.document = document
        back = [layer for layer in document.layers if layer.id not in known]
        roots = [layer.id for layer in back if layer.parent in known or not layer.parent]
        is_other = bool(roots) and roots[-1] != self.active_id
        if is_other:
            # What came back is what one goes on with: the next stroke must not go elsewhere.
            self.active_id, self.is_on_mask = roots[-1], False
        if isinstance(step.pixels, SurfaceChange):
            layer_id = step.subject.partition(":")[2]
            layer = step.after.layer(layer_id)
            if layer is not None:
                self._spoil_local(layer, step.pixels.rect)
                self.pixels_changed.emit(layer_id)
        self._show()
        if is_other:
            self.active_changed.emit()
        self.history_changed.emit()
        self.edited.emit()

    def _show(self) -> None:
        """Let everything show the document as it is now."""
        if self.document.layer(self.active_id) is None:
            layers = self.document.children()
            self.active_id = layers[-1].id if layers else ""
            self.is_on_mask = False
            self.active_changed.emit()
        elif self.is_on_mask and self.active_mask is None:
            self.is_on_mask = False
            self.active_changed.emit()
        rect = self.compositor.set_document(self._seen(), self.active_id)
        if not rect.isEmpty():
            self.spoiled.emit(rect)
        self.layers_changed.emit()

    def _forget_pixels(self) -> None:
        """Drop the pixels of layers that neither the document nor any step knows."""
        known = {key for key, _ in self.document.painted()}
        if self.pixels.surfaces.keys() <= known:
            return
        for step in (*self.history.done, *self.history.undone):
            known |= {key for key, _ in step.before.painted()}
            known |= {key for key, _ in step.after.painted()}
        for layer_id in self.pixels.surfaces.keys() - known:
            del self.pixels.surfaces[layer_id]

    def _spoil_local(self, layer: Layer, rect: QRect) -> None:
        """Show a rectangle of a layer's own pixels anew."""
        area = painting.area_of(layer, rect)
        self.compositor.spoil(area, layer.id)
        self.spoiled.emit(area)

    def refuse(self) -> bool:
        """Say why nothing can be edited, if so. A stroke ends here: what is edited comes after."""
        if self._stroke is not None:
            self.end_stroke()
        if self.read_only:
            self.refused.emit(self.read_only)
        return bool(self.read_only)

    def editable_layer(self) -> Layer | None:
        """Return the active layer if it may be changed, or say why not."""
        if self.refuse():
            return None
        layer = self.active
        if layer is None:
            self.refused.emit("Choose a layer first")
        else:
            chain = list(self.document.chain(layer))
            locked = next((one for one in chain if one.is_locked), None)
            hidden = next((one for one in chain if not one.is_visible), None)
            if locked is not None:
                self.refused.emit(f"“{locked.name}” is locked. Unlock it in the list of layers.")
            elif hidden is not None:
                self.refused.emit(f"“{hidden.name}” is hidden. Show it before you change it.")
            else:
                return layer
        return None

    def refuse_broken(self, layer: Layer) -> bool:
        """Say why nothing is done that needs a layer's pixels, if some of them are missing."""
        found = broken.broken_in(self.document, layer, self.pixels)
        if found is not None:
            self.refused.emit(
                f"“{found.name}” could not be loaded. It can be moved, hidden or deleted only."
            )
        return found is not None

    # Painting

    @property
    def is_painting(self) -> bool:
        return self._stroke is not None

    def begin_stroke(self, brush: Brush, color: QColor, *, is_eraser: bool = False) -> bool:
        """Begin to paint on the active layer, or on a new one above where that has no paint."""
        layer = self._paint_target(is_eraser=is_eraser)
        if layer is None:
            return False
        back = painting.way_back(layer)
        if back is None:
            return False
        self._stroke = LayerStroke(
            self.pixels,
            self._arena,
            layer,
            self.active_mask,
            back,
            brush,
            color,
            is_eraser=is_eraser,
            selection=self.selection,
        )
        self._settling.stop()
        self.compositor.overlay = self._stroke.overlay
        # Told at once: the lock is asked for while the stroke is drawn.
        self.edited.emit()
        return True

    def stroke_to(self, x: float, y: float, pressure: float = 1.0) -> None:
        """Go on to a point of the canvas."""
        if self._stroke is not None:
            self._stroke.add(x, y, pressure)

    def flush_stroke(self) -> None:
        """Draw what the stroke has got since."""
        stroke = self._stroke
        if stroke is None:
            return
        areas = stroke.flush()
        if areas:
            self.edited.emit()  # a long stroke is kept while it is being drawn
        for area in areas:
            self.compositor.spoil(area, stroke.layer.id)

    def end_stroke(self) -> None:
        self.flush_stroke()
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        change, is_seen_now = stroke.finish()
        self._settling.start()
        self.compositor.overlay = None
        if is_seen_now:
            self._spoil_local(stroke.layer, change.rect)
        self._commit_painted(stroke.name, stroke.icon, change, stroke.subject, stroke.layer)

    def settle(self) -> None:
        """Show layers at their best that were painted on lately."""
        for layer in self.document.layers:
            for key in (layer.id, layer.mask.id if layer.mask is not None else ""):
                surface = self.pixels.surfaces.get(key)
                if surface is not None and surface.is_wet:
                    surface.is_wet = False
                    if self.compositor.level >= 2:
                        self._spoil_local(layer, surface.bounds())

    def cancel_stroke(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        self._settling.start()
        stroke.cancel()
        self.compositor.overlay = None
        before, self._stroke_before = self._stroke_before, None
        if before is not None:
            self.document = before
        self.compositor.spoil_all()
        self._show()
        self.spoiled.emit(self.rect)

    def _paint_target(self, *, is_eraser: bool = False) -> Layer | None:
        if self.active is None and self.read_only == "":
            self._stroke_before = self.document
        else:
            layer = self.editable_layer()
            mask = self.active_mask
            if layer is not None and mask is not None and not mask.is_enabled:
                self.refused.emit(f"The mask of “{layer.name}” is off. Turn it on to paint on it.")
                return None
            is_paint = isinstance(layer, PaintLayer)
            if layer is not None and (is_paint or mask is not None) and self.refuse_broken(layer):
                return None
            if layer is None or mask is not None or is_paint:
                return layer
            if is_eraser:
                self.refused.emit(
                    f"“{layer.name}” has no paint to erase. Choose a layer with paint."
                )
                return None
            self._stroke_before = self.document
        made = PaintLayer(id=edits.new_id(), name=edits.free_name(self.document, "Layer"))
        self.document = edits.add(self.document, made, self.active_id)
        self.active_id = made.id
        self._show()
        self.active_changed.emit()
        return self.document.layer(made.id)

    def paint_with(
        self, name: str, icon: str, rect: QRect, draw: Callable[[QPainter], object]
    ) -> None:
        """Paint something at once on the active layer, such as a fill.

        Args:
            rect: of the canvas, where ``draw`` paints; it gets a painter in canvas pixels, confined
                to the selection.
        """
        layer = self._paint_target()
        if layer is None:
            return
        back = painting.way_back(layer)
        if back is None:
            return
        mask = self.active_mask
        record = self.recorder(self.pixels.surface(mask.id if mask is not None else layer.id))
        change = painting.paint_once(record, back, rect, self.selection, draw)
        self._spoil_local(layer, change.rect)
        name = name.format(painting.place_name(layer, mask))
        self._commit_painted(name, icon, change, f"fill:{layer.id}", layer)

    def _commit_painted(
        self, name: str, icon: str, change: SurfaceChange, subject: str, layer: Layer
    ) -> None:
        """Make a step of paint, and of the layer that was made for it."""
        before, self._stroke_before = self._stroke_before, None
        if before is not None:
            self._preview_from = before
        self.commit(name, icon, self.document, change, subject=subject)
        self.pixels_changed.emit(layer.id)

    def recorder(self, surface: PaintSurface) -> Recorder:
        """Return what watches an edit of a surface."""
        return Recorder(surface, self._arena)

    # Layers

    def add_paint_layer(self) -> None:
        if not self.refuse():
            name = edits.free_name(self.document, "Layer")
            self.add_layer(PaintLayer(id=edits.new_id(), name=name), f"Add {name}", "plus")

    def add_layer(self, layer: Layer, name: str, icon: str, image: QImage | None = None) -> None:
        """Put a layer above the active one and work on it.

        Args:
            image: the pixels of a picture layer that is not in the library yet.
        """
        if self.refuse():
            return
        if image is not None and isinstance(layer, PictureLayer):
            key = layer.asset_id or layer.blob
            self.pixels.pictures[key] = PictureSource(image.convertToFormat(FORMAT))
        document = edits.add(self.document, layer, self.active_id)
        self.active_id = layer.id
        self.commit(name, icon, document)
        self.active_changed.emit()

    def change_layer(
        self, layer_id: str, step: str, icon: str, *, merges: bool = False, **values: Any
    ) -> None:
        """Change values of a layer as a step.

        Args:
            step: its name, with "{}" where the layer's name goes.
            merges: several such changes in a row are one step.
        """
        layer = self.document.layer(layer_id)
        if layer is None or self.refuse():
            return
        document = edits.change(self.document, layer_id, **values)
        subject = f"{'+'.join(values)}:{layer_id}"
        self.commit(step.format(layer.name), icon, document, subject=subject, merges=merges)

    def resize(self, rect: QRect, name: str = "Crop the canvas") -> None:
        if not self.refuse():
            document = edits.resize(self.document, rect.x(), rect.y(), rect.width(), rect.height())
            self.set_selection(None)
            self.commit(name, "crop", document)

    def set_selection(self, path: QPainterPath | None) -> None:
        """Confine painting to a part of the canvas; None for all of it."""
        self.selection = None if path is None or path.isEmpty() else path
        self.selection_changed.emit()

    def layer_at(self, point: QPointF) -> str:
        """Return the highest unlocked layer that shows something at a point; "" if none."""
        return frames.layer_at(self.document, self.pixels, point)

    def frame_of(self, layer: Layer) -> QRectF:
        """Return the box around what a layer shows, in its own pixels."""
        return frames.frame_of(self.document, self.pixels, layer)

    def flattened(self, rect: QRect | None = None, scale: float = 1.0) -> QImage:
        """Return the canvas as one picture."""
        return drawing.render(self.document, self.pixels, rect or self.rect, scale)

    def copied(self) -> tuple[QImage, QPoint]:
        """Return the active layer's pixels inside the selection, and where they lie."""
        layer = self.active
        if layer is None:
            return QImage(), QPoint()
        return frames.cut_out(self.document, self.pixels, layer, self.selection)

    def held_with(self, layer_ids: Collection[str]) -> Held | None:
        """Return what stands for the pixels of layers with their masks that a step removes."""
        gone = [layer for layer in self.document.layers if layer.id in layer_ids]
        keys = {*layer_ids, *(layer.mask.id for layer in gone if layer.mask is not None)}
        return self.held(keys)

    def held(self, keys: Collection[str]) -> Held | None:
        """Return what stands for the pixels of layers and masks that a step removes."""
        surfaces = [self.pixels.surfaces[key] for key in keys if key in self.pixels.surfaces]
        size = sum(surface.size_bytes() for surface in surfaces)
        return Held(size) if size else None

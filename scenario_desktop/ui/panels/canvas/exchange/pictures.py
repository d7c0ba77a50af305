"""Pictures onto the canvas and off it: placed, copied, exported, handed to detect and back."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from PySide6.QtCore import QMimeData, QObject, QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QImage

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.blobs import blob_key
from scenario_desktop.canvas.format import (
    Blend,
    Document,
    GroupLayer,
    Layer,
    PictureLayer,
    Transform,
)
from scenario_desktop.errors import AppError, BadInput, StoreFailed
from scenario_desktop.items import Item, Source
from scenario_desktop.services.file_names import safe_file_name
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.panels.canvas.dialogs import COPY, ExportDialog, ReplaceDialog
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import clipboard, loading, origins, placing
from scenario_desktop.ui.panels.canvas.exchange.clipboard import Clip, Clipboard
from scenario_desktop.ui.panels.canvas.exchange.keeping import Keeping
from scenario_desktop.ui.panels.canvas.exchange.origins import Origin
from scenario_desktop.ui.panels.canvas.layers import single
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import drawing, encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels, rgba
from scenario_desktop.ui.panels.canvas.pixels.tiling import FORMAT
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from scenario_desktop.ui.widgets.drags import keys_of

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.session import CanvasSession

_KINDS = {"PNG": "PNG (*.png)", "JPEG": "JPEG (*.jpg *.jpeg)", "WEBP": "WebP (*.webp)"}
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
#: Pictures dropped together lie so far apart, pixels of the canvas.
_CASCADE = QPointF(24, 24)


class _Name(TypedDict):
    """What stands for a picture's pixels; one of the two is empty."""

    asset_id: str
    blob: str


class Pictures(QObject):
    """The roads of pictures of the canvas that is open.

    Attributes:
        actions: the running ones by name; tests wait for them.

    Signals:
        detect_requested: what to detect on, a file to import or the id of an asset, its name, and
            its Origin.
        import_requested: a file that should become an item, and its name.
    """

    detect_requested = Signal(object, str, object)
    import_requested = Signal(object, str)

    def __init__(
        self, page: CanvasPage, editor: Editor, keeping: Keeping, ports: CanvasPorts,
        folder: Path, session: Callable[[], CanvasSession | None], board: Clipboard,
        *, parent: QObject,
    ) -> None:  # fmt: skip
        """
        Args:
            folder: for pictures on their way into the library; emptied at every start.
            session: returns that of the canvas that is open.
        """
        super().__init__(parent)
        self._page, self._editor, self._keeping, self._ports = page, editor, keeping, ports
        self._folder, self._session, self._board = folder, session, board
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (
            ("export", self._export), ("detect", self._detect), ("place", self.place),
            ("detect_layer", self._detect_layer), ("paste", self._paste),
        ):  # fmt: skip
            action = AsyncAction(function, parent=self)
            action.failed.connect(ports.messages.report)
            self.actions[name] = action
        page.stage.dropped.connect(self._on_dropped)

    @property
    def _name(self) -> str:
        session = self._session()
        return session.asset.name if session is not None else ""

    # Off the canvas

    def _has_canvas(self) -> bool:
        """Say whether there is anything to hand on, or tell the user."""
        if not self._page.is_shown:
            self._ports.messages.toast("The canvas could not be shown, so there is nothing of it")
        return self._page.is_shown

    async def _export(self) -> None:
        if not self._has_canvas():
            return
        self._page.stage.finish_writing()
        document = self._editor.document
        dialog = ExportDialog(
            self._page, document.width, document.height, is_transparent=not document.background
        )
        answer = await dialogs.ask(dialog)
        if answer not in (dialogs.ACCEPTED, COPY):
            return
        kind, scale = dialog.answer.kind, dialog.answer.scale
        quality = dialog.answer.quality if kind != "PNG" else 50
        name = f"{self._name or 'Canvas'}.{_ENDINGS[kind]}"
        if answer == COPY:
            path = await self._write(self._folder, name, kind, quality, scale)
            self.import_requested.emit(path, self._name)
            return
        chosen = await dialogs.choose_save_path(
            self._page, "Export the canvas", name, filters=_KINDS[kind], ending=_ENDINGS[kind]
        )
        if chosen is None:
            return
        path = _with_ending(chosen, kind)
        if path != chosen and path.exists():  # the user was asked about another name, if at all
            question = ReplaceDialog(self._page, path.name)
            if await dialogs.ask(question) != dialogs.ACCEPTED:
                return
        self._ports.messages.toast(f"Exporting {path.name}…")
        await self._write(path.parent, path.name, kind, quality, scale)
        self._ports.messages.toast(f"Exported {path.name}")

    async def _detect(self) -> None:
        """Hand the flattened canvas to the detect form."""
        session = self._session()
        if session is None or not self._has_canvas():
            return
        self._page.stage.finish_writing()
        origin = origins.of_canvas(session.asset.id, self._editor.document)
        path = await self._write(self._folder, f"{self._name or 'Canvas'}.png", "PNG", 90, 1.0)
        self.detect_requested.emit(path, self._name, origin)

    async def _detect_layer(self) -> None:
        """Hand the chosen layer to the detect form, alone and at its own size."""
        self._page.stage.finish_writing()
        session, editor = self._session(), self._editor
        layer = editor.active
        if session is None or layer is None:
            return
        box = QRectF(editor.frame_of(layer).toAlignedRect())
        if box.isEmpty():
            self._ports.messages.toast(f"There is nothing on “{layer.name}” to detect from")
            return
        origin = origins.of_layer(session.asset.id, editor.document, layer, box)
        if isinstance(layer, PictureLayer) and layer.asset_id:
            self.detect_requested.emit(layer.asset_id, layer.name, origin)
            return
        alone = _alone(editor.document, layer)
        path = self._folder / safe_file_name(f"{layer.name or 'Layer'}.png")
        pixels = editor.pixels.frozen()
        await asyncio.to_thread(_write_flat, alone, pixels, box.toRect(), path, "PNG", 90, 1.0)
        self.detect_requested.emit(path, layer.name, origin)

    async def _write(self, folder: Path, name: str, kind: str, quality: int, scale: float) -> Path:
        """Write the flattened canvas into a file."""
        document, pixels = self._editor.document, self._editor.pixels.frozen()
        rect = self._editor.rect
        return await asyncio.to_thread(
            _write_flat, document, pixels, rect, folder / safe_file_name(name), kind, quality, scale
        )

    # Onto it

    def _on_dropped(self, data: QMimeData, at: QPointF) -> None:
        keys = keys_of(data)
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if keys or files:
            self.actions["place"].trigger(keys, files if not keys else [], at)

    async def place(self, keys: Sequence[int], files: Sequence[Path], at: QPointF) -> None:
        """Put pictures of the library, or files, onto the canvas."""
        session = self._session()
        if self._editor.refuse():
            return
        items = await self._ports.items.items(keys)
        wanted: list[Item | Path] = [items[key] for key in keys if key in items]
        wanted += files
        failed: list[AppError] = []
        for number, one in enumerate(wanted):
            try:
                await self._place_one(one, at + _CASCADE * number, session)
            except AppError as error:  # the others are placed all the same
                failed.append(error)
            if self._is_gone(session):
                return
        if len(failed) > 1:
            raise BadInput(
                f"{len(failed)} of {len(wanted)} pictures could not be placed.",
                hint=failed[0].message,
            )
        if failed:
            raise failed[0]

    async def _place_one(
        self, one: Item | Path, at: QPointF, session: CanvasSession | None
    ) -> None:
        if isinstance(one, Path):
            picture = await self._ports.pictures.file(one, canvas_format.MAX_SIDE)
            image = await asyncio.to_thread(rgba, picture.data, picture.width, picture.height)
            await self._place_new(image, one.stem, at, session)
            return
        image = await self._decoded(one)
        if self._is_gone(session):
            return
        named = await self._named(one, image)
        if not self._is_gone(session):
            placing.place(self._editor, image, one.name, at=at, **named)

    async def place_result(self, item: Item, origin: Origin | None) -> bool:
        """Put what was made of a part of this canvas right over that part.

        Args:
            origin: the part; without one of this canvas the picture comes to lie in the middle.

        Returns:
            whether it is there.
        """
        session, editor = self._session(), self._editor
        if session is None or editor.refuse():
            return False
        image = await self._decoded(item)
        named = await self._named(item, image)
        if self._is_gone(session) or editor.refuse():
            return False
        top = editor.document.children()
        if origin is None or origin.canvas_id != session.asset.id:
            placing.place(editor, image, item.name, **named)
        else:
            above = editor.document.layer(origin.layer_id) or (top[-1] if top else None)
            editor.set_active(above.id if above is not None else "")
            width, height = image.width(), image.height()
            layer = PictureLayer(
                id=edits.new_id(),
                name=item.name[:200] or "Result",
                width=width,
                height=height,
                transform=origin.place(editor.document, width, height),
                **named,
            )
            editor.add_layer(layer, f"Place {layer.name}", "image-plus", image)
        self._page.stage.settings.set_tool(ToolId.SELECT)
        return True

    async def _named(self, item: Item, image: QImage) -> _Name:
        """Return how a layer names a picture: only Scenario's own assets can be named on a canvas,
        so what comes from elsewhere is uploaded with it."""
        if item.source is Source.SCENARIO:
            return _Name(asset_id=item.id, blob="")
        data = await asyncio.to_thread(encoding.png, image)
        return _Name(asset_id="", blob=self._keeping.add_picture(data))

    async def _decoded(self, item: Item) -> QImage:
        picture = await self._ports.pictures.large(item, canvas_format.MAX_SIDE)
        return await asyncio.to_thread(rgba, picture.data, picture.width, picture.height)

    async def _place_new(
        self, image: QImage, name: str, at: QPointF | None, session: CanvasSession | None
    ) -> None:
        data = await asyncio.to_thread(encoding.png, image)
        if self._is_gone(session):
            return
        blob = self._keeping.add_picture(data)
        placing.place(self._editor, image, name, blob=blob, at=at)
        self._page.stage.settings.set_tool(ToolId.SELECT)

    def _is_gone(self, session: CanvasSession | None) -> bool:
        """Say whether another canvas was opened while something was on its way here."""
        return self._session() is not session

    # The clipboard

    def copy(self) -> None:
        """Copy the layer, or what is selected of it."""
        self._copy()

    def cut(self) -> None:
        if not self._editor.refuse() and self._copy():
            single.clear_selected(self._editor)

    def _copy(self) -> bool:
        editor = self._editor
        image, at = editor.copied()
        if image.isNull():
            self._ports.messages.toast("There is nothing to copy on this layer")
            return False
        workspace = self._ports.workspace
        clip = Clip(workspace, image, at)
        if editor.selection is None:
            clip = clipboard.clip_of(
                editor.document, editor.pixels, editor.active_id, workspace, image, at
            )
        self._board.put(clip)
        self._ports.messages.toast("Copied")
        return True

    async def _paste(self) -> None:
        session = self._session()
        if self._editor.refuse():
            return
        clip = self._board.clip()
        layer = clipboard.layer_on() if clip is None else None
        if clip is not None and clip.layers:
            await self._paste_clip(clip, session)
            return
        if layer is not None and await self._paste_layer(layer, session):
            return
        image = clip.image if clip is not None else clipboard.image_on()
        if image.isNull():
            self._ports.messages.toast("There is no picture on the clipboard")
            return
        at = None
        if clip is not None and self._editor.rect.intersects(QRect(clip.at, image.size())):
            at = QPointF(clip.at) + QPointF(image.width() / 2, image.height() / 2)
        await self._place_new(image.convertToFormat(FORMAT), "Pasted picture", at, session)

    async def _paste_clip(self, clip: Clip, session: CanvasSession | None) -> None:
        """Paste layers of this window with their pixels, in the place they had."""
        layers, ids = clipboard.fresh(clip)
        pictures: dict[str, PictureSource] = {}
        blobs: dict[str, bytes] = {}
        made: list[Layer] = []
        for layer in layers:
            if layer.id == ids[clip.root]:
                layer = self._named_apart(layer)
            if isinstance(layer, PictureLayer):
                key = layer.asset_id or layer.blob
                source = clip.pictures.get(key)
                is_ours = clip.workspace == self._ports.workspace
                if source is not None and not (layer.asset_id and is_ours):
                    # An asset of another workspace cannot be named here, so its pixels come along.
                    data = await asyncio.to_thread(encoding.png, source.image)
                    key = blob_key(data)
                    blobs[key] = data
                    layer = edits.replaced(layer, asset_id="", blob=key)
                if source is not None:
                    pictures[key] = source
            made.append(layer)
        if self._is_gone(session):
            return
        for data in blobs.values():
            self._keeping.add_picture(data)
        surfaces = {ids[key]: surface.copy() for key, surface in clip.surfaces.items()}
        placing.insert(self._editor, tuple(made), ids[clip.root], surfaces, pictures)
        self._page.stage.settings.set_tool(ToolId.SELECT)

    async def _paste_layer(self, layer: Layer, session: CanvasSession | None) -> bool:
        """Paste a layer of another window; say whether that was possible."""
        image: QImage | None = None
        if isinstance(layer, PictureLayer) and layer.asset_id not in self._editor.pixels.pictures:
            try:
                image = await self._decoded(loading.item_of(layer.asset_id))
            except AppError:
                if clipboard.image_on().isNull():
                    raise
                return False  # of another account, maybe: its picture lies beside it
        if not self._is_gone(session):
            layer = self._named_apart(layer)
            self._editor.add_layer(layer, f"Paste {layer.name}", "copy", image)
        return True

    def _named_apart(self, layer: Layer) -> Layer:
        """Return a layer called a copy where its own name is taken."""
        return edits.replaced(layer, name=edits.free_copy_name(self._editor.document, layer.name))


def _alone(document: Document, layer: Layer) -> Document:
    """Return a layer as the only one, in its own pixels; a group in those of the canvas."""
    values: dict[str, object] = {"is_visible": True, "opacity": 1.0, "blend": Blend.NORMAL}
    if not isinstance(layer, GroupLayer):
        values["transform"] = Transform()
    return edits.alone(document, layer, **values)


def _with_ending(path: Path, kind: str) -> Path:
    """Return a path that says what kind of file it is; other programs go by that."""
    known = {"JPEG": (".jpg", ".jpeg")}.get(kind, (f".{_ENDINGS[kind]}",))
    return path if path.suffix.lower() in known else path.with_name(f"{path.name}.{_ENDINGS[kind]}")


def _write_flat(
    document: Document, pixels: Pixels, rect: QRect, path: Path, kind: str, quality: int,
    scale: float,
) -> Path:  # fmt: skip
    data = encoding.encoded(drawing.render(document, pixels, rect, scale), kind, quality)
    aside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(path)  # a file of that name stays as it is until the new one is whole
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StoreFailed(
            f"{path.name} could not be written: {error.strerror}.",
            hint="Choose another folder, or free some space.",
        ) from error
    return path

"""The canvas editor, made anew for each workspace that is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Signal

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Document, PictureLayer, Transform, dump
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Source
from scenario_desktop.services.canvas.content import Stored
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import DockKind, MainWindow
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.dialogs import NewCanvasDialog, UnkeptDialog
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange.clipboard import Clipboard
from scenario_desktop.ui.panels.canvas.exchange.origins import Origin
from scenario_desktop.ui.panels.canvas.lease import lease_words
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import Answer, LeaseDialog
from scenario_desktop.ui.panels.canvas.lease.recoveries import RecoveryDialog
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import PictureSource, Pixels, rgba
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from scenario_desktop.ui.panels.gallery.words import NO_LOCKS, Locks
from scenario_desktop.ui.workbench.canvas_results import CanvasResults

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.canvases import Freed
    from scenario_desktop.services.imports import Refusal
    from scenario_desktop.services.session import Session

PAGE = "canvas"
_DRAFT = "canvas_tools"
#: Between the pictures of a new canvas, pixels.
_GAP = 40
#: As large are the pictures drawn that a new canvas is shown by, and so many at a time are fetched.
_SMALL_PX, _PARALLEL = 512, 4


class CanvasRoom(QObject):
    """Owns page, dock and controller while a workspace is open.

    Signals:
        left: the user wants back to where the pictures are.
        detect_wanted: an Item with the flattened canvas.
        locks_changed: what the gallery is to know of locks, a ``Locks``.
        in_front: the history that undo and redo act on, None when another page has come.
    """

    left = Signal()
    detect_wanted = Signal(object)
    in_front = Signal(object)
    locks_changed = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        commands: CommandRegistry,
        settings: SettingsAccess,
        folder: Path,
    ) -> None:
        """
        Args:
            folder: for pictures on their way into the library; emptied at every start.
        """
        super().__init__(window)
        self._window, self._commands, self._folder = window, commands, folder
        self._settings, self._drafts = settings, SettingsDrafts(settings)
        self._session: Session | None = None
        self._parts: tuple[CanvasPage, CanvasDock] | None = None
        self._board = Clipboard()
        self.results = CanvasResults(self, self._drafts, window.notices, parent=self)
        self.controller: CanvasController | None = None
        self.creating = self._action(self._create)
        self.recovering = self._action(self._offer_recoveries)
        self.freed = self._action(self._offer_freed)
        self._free: list[Freed] = []
        self._importing = self._action(self._import)
        self._detecting = self._action(self._begin_detect)
        self._freshening = AsyncAction(self._freshen, parent=self, overlap=Overlap.RESTART)
        self._locks = NO_LOCKS
        self._is_front, self._left_for = False, ""
        window.page_changed.connect(self._on_page_changed)

    def _action(self, function: object) -> AsyncAction:
        action = AsyncAction(function, parent=self, overlap=Overlap.IGNORE)  # type: ignore[arg-type]  # coroutine functions
        action.failed.connect(self._window.notices.report)
        return action

    def bind(self, session: Session) -> None:
        self._session = session
        self.look_again()
        editor, settings = Editor(), ToolSettings()
        settings.load(self._drafts.load(_DRAFT))
        page, dock = CanvasPage(editor, settings), CanvasDock(editor)
        editor.setParent(page)
        settings.setParent(page)
        ports = CanvasPorts(
            canvases=session.canvases,
            pictures=session.previews,
            items=session.library,
            messages=self._window.notices,
            workspace=session.workspace_id,
            people=session.people,
        )
        self._parts = page, dock
        self._window.add_page(PAGE, page)
        self._window.set_dock(dock, DockKind.INSPECTOR, page=PAGE)
        controller = CanvasController(
            page, dock, editor, settings, ports, folder=self._folder, board=self._board
        )
        self.controller = controller
        controller.left.connect(self.left)
        controller.pictures.import_requested.connect(self._importing.trigger)
        controller.pictures.detect_requested.connect(self._detecting.trigger)
        controller.lease_changed.connect(self._on_lease_changed)
        controller.actions["lock"].busy_changed.connect(self._on_lock_acted)
        session.canvases.became_free.connect(self._on_became_free)
        self.results.bind(session)
        settings.changed.connect(self._remember)
        self.recovering.trigger()

    def look_again(self) -> None:
        """The settings may be others now."""
        if self._session is not None:
            minutes = self._settings.settings.canvas.lease_minutes
            self._session.canvases.set_lease_s(minutes * 60.0)

    def unbind(self) -> None:
        """Leave the page and take everything down; the session closes its canvases itself."""
        for action in (
            self.creating, self.recovering, self._importing, self._detecting, self._freshening,
            self.freed,
        ):  # fmt: skip
            action.cancel()
        self._free.clear()
        if self._session is not None:
            self._session.canvases.became_free.disconnect(self._on_became_free)
        self.results.unbind()
        self._remove_commands()
        self.in_front.emit(None)
        self._session = None
        if self._parts is None:
            return
        page, dock = self._parts
        if self.controller is not None:
            self.controller.detach()
        self._set_locks(NO_LOCKS)
        self._parts = self.controller = None
        self._window.remove_page(PAGE)
        dock.deleteLater()
        page.deleteLater()

    async def keep(self) -> bool:
        """Put the strokes of the open canvas on the disk before the program ends.

        Returns:
            whether it may end: they are there, or the user wants to lose them.
        """
        controller = self.controller
        session = controller.session if controller is not None else None
        if session is None:
            return True
        try:
            await session.flush()
        except AppError as error:
            return await dialogs.ask(UnkeptDialog(self._window, error)) == dialogs.ACCEPTED
        return True

    def open(self, asset_id: str, *, recovery_id: str | None = None) -> None:
        """Bring a canvas to the front; one that is open already is gone to as it is.

        Within a data folder no second window can have it, because there is none. With another
        folder the same account is one more session: the service tells nobody who holds a lock, and
        may even give it anew to the same keys, so whoever finds it locked is refused as a stranger
        would be. Only a request of one's own whose answer was lost is told from that, by its end.
        """
        controller = self.controller
        if controller is None:
            return
        self._window.set_page(PAGE)
        session = controller.session
        if session is None or session.asset.id != asset_id or recovery_id is not None:
            controller.open(asset_id, recovery_id=recovery_id)
        controller.page.stage.setFocus()

    def come_back(self, page: str) -> bool:
        """Go back to the canvas if it was left for this page, and say whether it was."""
        session = self.controller.session if self.controller is not None else None
        if session is None or page != self._left_for:
            return False
        self.open(session.asset.id)
        return True

    def start(self, items: Sequence[Item]) -> None:
        """Ask what a new canvas is to be; the chosen pictures become its layers."""
        self.creating.trigger(list(items))

    async def _create(self, items: Sequence[Item]) -> None:
        session = self._session
        if session is None:
            return
        pictures = [i for i in items if i.kind in ("image", "") and i.type != "canvas"]
        others = [i.key for i in pictures if i.source is not Source.SCENARIO]
        pictures = [i for i in pictures if i.width and i.height and i.key not in others]
        first = pictures[0] if pictures else None
        size = (first.width or 1920, first.height or 1200) if first else (1920, 1200)
        name = first.name if first is not None and len(pictures) == 1 else "Untitled canvas"
        note = ""
        if pictures:
            words = "picture lies" if len(pictures) == 1 else f"{len(pictures)} pictures lie"
            note = f"The chosen {words} on it as {'a layer' if len(pictures) == 1 else 'layers'}."
        dialog = NewCanvasDialog(self._window, name, size, note)
        if await dialogs.ask(dialog) != dialogs.ACCEPTED:
            return
        answer = dialog.answer
        document = edits.blank(answer.width, answer.height, answer.background)
        document = with_pictures(document, pictures)
        text = dump(document)
        pixels = await _small_pixels(session, pictures)
        thumbnail = await asyncio.to_thread(encoding.thumbnail, document, pixels)
        asset = await session.canvases.create(answer.name, Stored({}, lambda _ids: text, thumbnail))
        await session.library.bring([asset.id])
        self.open(asset.id)
        controller = self.controller
        if others and controller is not None:
            await controller.actions["open"].settle()
            middle = QPointF(answer.width / 2, answer.height / 2)
            await controller.pictures.place(others, [], middle)

    async def _offer_recoveries(self) -> None:
        """Offer what an earlier run left unsaved."""
        session = self._session
        if session is None:
            return
        found = await session.canvases.recoveries()
        if found:
            dialog = RecoveryDialog(self._window, found)
            answer = await dialogs.ask(dialog)
            for recovery_id in dialog.discarded:
                await session.canvases.discard(recovery_id)
            chosen = dialog.chosen
            if answer == dialogs.ACCEPTED and chosen is not None:
                self.open(chosen.canvas_id, recovery_id=chosen.id)
        await session.canvases.tidy()

    def _on_became_free(self, freed: Freed) -> None:
        self._free.append(freed)
        self.freed.trigger()

    async def _offer_freed(self) -> None:
        """Tell that canvases are free which were closed while the user waited for them."""
        while self._free:
            freed = self._free.pop(0)
            if not freed.draft_id:
                name = freed.name or "Untitled canvas"
                self._window.notices.offer(
                    f"“{name}” is free now", "Open it", partial(self.open, freed.canvas_id)
                )
                continue
            question = lease_words.free(freed.name, strokes_are_here=False)
            # It comes into the midst of other work: the next key must not answer it.
            dialog = LeaseDialog(self._window, question, is_amid_words=True)
            if await dialogs.ask(dialog) == Answer.AGAIN:
                self.open(freed.canvas_id, recovery_id=freed.draft_id)

    async def _import(self, path: Path, name: str) -> Item | None:
        """Make an item of a picture of the canvas."""
        session = self._session
        if session is None:
            return None
        added: list[str] = []
        refused: tuple[Refusal, ...] = ()
        async for progress in session.imports.run([path]):
            added, refused = list(progress.added_ids), progress.refused
        # A canvas that looks as it did when it was sent before is there already.
        known = [refusal.asset_id for refusal in refused if refusal.asset_id]
        if added:
            self._window.notices.toast(f"Added “{name}” to the library")
        elif known:
            self._window.notices.toast(f"“{name}” is in the library already")
        elif refused:
            self._window.notices.toast(refused[0].reason)
        found = (*added, *known)
        return await session.library.item(found[0]) if found else None

    async def _begin_detect(self, source: Path | str, name: str, origin: Origin) -> None:
        """Open the detect form on a picture of the canvas: a new file, or an item."""
        session = self._session
        if session is None:
            return
        if isinstance(source, Path):
            item = await self._import(source, name)
        else:
            item = await session.library.item(source)
            if item is None:
                item = next(iter(await session.library.bring([source])), None)
        if item is None:
            return
        self.results.remember(item.id, origin)
        self.detect_wanted.emit(item)

    def _on_lease_changed(self) -> None:
        """Let the gallery mark the canvas that is held here, or was until somebody took it."""
        controller = self.controller
        session = controller.session if controller is not None else None
        locks = NO_LOCKS
        if session is not None and session.lease.is_ours:
            locks = Locks(mine=frozenset({session.asset.id}))
        elif session is not None and session.lease.phase.value == "lost":
            locks = Locks(lost=frozenset({session.asset.id}))
        self._set_locks(locks)

    def _set_locks(self, locks: Locks) -> None:
        if locks == self._locks:
            return
        given_back = self._locks.mine - locks.mine
        self._locks = locks
        self.locks_changed.emit(locks)
        if given_back and self._session is not None:
            self._freshening.trigger(sorted(given_back))

    def _on_lock_acted(self, is_busy: bool) -> None:
        session = self.controller.session if self.controller is not None else None
        if not is_busy and session is not None and not session.lease.is_ours:
            self._freshening.trigger([session.asset.id])

    async def _freshen(self, asset_ids: Sequence[str]) -> None:
        """Read canvases anew whose lock was given back: the library may still know of it."""
        session = self._session
        if session is not None:
            with suppress(AppError):  # the next sync tells it
                await session.library.bring(asset_ids)

    def _remember(self) -> None:
        controller = self.controller
        if controller is not None:
            self._drafts.save(_DRAFT, controller.settings.to_dict())

    def _on_page_changed(self, page: str) -> None:
        self._left_for = page if self._is_front else ""
        self._is_front = page == PAGE
        if page == PAGE and self.controller is not None:
            self._commands.add(*self.controller.commands())
            self.in_front.emit(self.controller.history)
        else:
            self._remove_commands()
            self.in_front.emit(None)

    def _remove_commands(self) -> None:
        if self.controller is not None:
            self._commands.remove(*(command.id for command in self.controller.commands()))


async def _small_pixels(session: Session, items: Sequence[Item]) -> Pixels:
    """Return small copies of pictures; those that do not come are drawn as grey places."""
    pixels, gate = Pixels(), asyncio.Semaphore(_PARALLEL)

    async def fetch(item: Item) -> None:
        async with gate:
            with suppress(AppError):
                small = await session.previews.large(item, _SMALL_PX)
                image = await asyncio.to_thread(rgba, small.data, small.width, small.height)
                pixels.pictures[item.id] = PictureSource(image)

    await asyncio.gather(*(fetch(item) for item in items))
    return pixels


def _columns(count: int, width: float, height: float) -> int:
    """Return in how many columns so many cells of a canvas become largest, taken as squares."""

    def side(columns: int) -> float:
        return min(width / columns, height / -(-count // columns))

    return max(range(1, count + 1), key=side) if count else 1


def with_pictures(document: Document, items: Sequence[Item]) -> Document:
    """Return a canvas with pictures on it: one fills it, several lie in rows."""
    count = len(items)
    columns = _columns(count, document.width, document.height)
    rows = -(-count // columns)
    gap = min(_GAP, document.width // (columns * 8), document.height // (rows * 8 or 8))
    gap = gap if count > 1 else 0
    width = (document.width - gap * (columns + 1)) / columns
    height = (document.height - gap * (rows + 1)) / max(1, rows)
    for number, item in enumerate(items):
        own_width, own_height = item.width or 1, item.height or 1
        scale = max(0.001, min(width / own_width, height / own_height))
        left = gap + (number % columns) * (width + gap) + (width - own_width * scale) / 2
        top = gap + (number // columns) * (height + gap) + (height - own_height * scale) / 2
        layer = PictureLayer(
            id=edits.new_id(),
            name=item.name[:200] or "Picture",
            asset_id=item.id,
            width=own_width,
            height=own_height,
            transform=Transform(x=round(left), y=round(top), scale_x=scale, scale_y=scale),
        )
        place = document.index(document.layers[-1].id)
        layers = list(document.layers)
        layers.insert(place, layer)  # under the layer that is painted on
        document = document.model_copy(update={"layers": tuple(layers)})
    return document

"""The canvases of one workspace: those that are open, new ones, and drafts to go on with."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import AppError, NotFound, Refused
from scenario_desktop.services.canvas.content import Editor, Stored
from scenario_desktop.services.canvas.draft_manifest import DraftNote
from scenario_desktop.services.canvas.drafts import Draft, Recovery
from scenario_desktop.services.canvas.layer_uploads import create_canvas
from scenario_desktop.services.canvas.room import Room
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.canvas.wire import digest_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Freed:
    """A canvas that was waited for and is free now.

    Attributes:
        draft_id: the newest draft with strokes for it; "" without one.
    """

    canvas_id: str
    name: str
    draft_id: str = ""


class Canvases:
    """The canvases of one workspace.

    Signals:
        recoveries_changed: a draft was kept, taken up or discarded.
        became_free: a Freed; it was closed while the user waited for it.
    """

    recoveries_changed = Signal()
    became_free = Signal(object)

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open: dict[str, CanvasSession] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}

    def set_lease_s(self, seconds: float) -> None:
        """Ask for locks of this length, for open canvases from the next renewal on."""
        times = self._room.times
        times = replace(times, lease=replace(times.lease, lease_s=seconds))
        self._room = replace(self._room, times=times)
        for session in self._open.values():
            session.set_lease_s(seconds)

    async def open(
        self, asset_id: str, editor: Editor, *, recovery_id: str | None = None
    ) -> CanvasSession:
        """Open a canvas, to look at it or to go on with a draft.

        Raises:
            Refused: it is open already.
            AppError: it cannot be read.
        """
        async with self._opening.setdefault(asset_id, asyncio.Lock()):
            if asset_id in self._open:
                raise Refused("This canvas is open already.", hint="Go to its window.")
            session = await CanvasSession.open(
                self._room, asset_id, editor, recovery_id=recovery_id
            )
            self._open[asset_id] = session
            self._end_watch(asset_id)
            if recovery_id is None:
                await session.find_kept()
        session.set_aside.connect(self._on_set_aside)
        self.recoveries_changed.emit()
        return session

    async def close(self, session: CanvasSession) -> None:
        """Close a canvas: unsaved strokes stay in a draft, the lock is given back.

        If the user waits for somebody else's lock to end, that goes on: ``became_free``.

        Raises:
            StoreFailed: the strokes could not be kept; the canvas is still open.
        """
        lease, asset = session.lease, session.asset
        await session.close()
        self._open.pop(asset.id, None)
        if lease.is_waiting and not lease.is_ours:
            work = self._watch(asset.id, asset.name)
            task = asyncio.get_running_loop().create_task(work, name=f"watch {asset.id}")
            self._watches[asset.id] = task
            task.add_done_callback(_report)
        self.recoveries_changed.emit()

    async def create(self, name: str, stored: Stored) -> Asset:
        """Make a new canvas of a document without pixels of its own.

        Raises:
            AppError: there is none, or nobody knows.
        """
        return await create_canvas(
            self._room.client, name, stored.text({}), stored.thumbnail, self._room.server_now()
        )

    async def recoveries(self) -> list[Recovery]:
        """Return the drafts that can be gone on with, the newest first, and damaged ones once.

        Raises:
            StoreFailed: the drafts cannot be read.
        """
        found: list[Recovery] = await self._room.run(self._room.drafts.recoveries)
        live = {session.draft_id for session in self._open.values()}
        return [recovery for recovery in found if recovery.id not in live]

    async def kept(self, recovery_id: str) -> Recovery | None:
        """Return a draft as it is listed; None if it is not there any more.

        Raises:
            StoreFailed: the drafts cannot be read.
        """
        found: list[Recovery] = await self._room.run(self._room.drafts.recoveries)
        return next((one for one in found if one.id == recovery_id), None)

    async def draft(self, recovery_id: str) -> Draft:
        """Return what is in a draft, to be looked at.

        Raises:
            AppError: it cannot be read.
        """
        draft: Draft = await self._room.run(self._room.drafts.load, recovery_id)
        return draft

    async def discard(self, recovery_id: str) -> None:
        """Delete a draft for good; the user has confirmed that. Its lock is given back.

        Raises:
            StoreFailed: it could not be deleted.
        """
        await self._let_go(recovery_id)
        await self._room.run(self._room.drafts.remove, recovery_id)
        for session in self._open.values():
            session.forget_kept(recovery_id)
        self.recoveries_changed.emit()

    async def tidy(self) -> None:
        """After a start: give back locks of the run before, and forget what the server has.

        Drafts with strokes that the server does not have are left as they are, but for the lock: to
        go on with one, ``open`` takes it again. Call it once those to go on with are open.

        Raises:
            StoreFailed: the drafts cannot be read.
        """
        notes: list[DraftNote] = await self._room.run(self._room.drafts.notes)
        live = {session.draft_id for session in self._open.values()}
        for note in notes:
            if note.id not in live:
                with suppress(AppError):  # the next start tries again
                    await self._tidy(note)
        self.recoveries_changed.emit()

    async def aclose(self) -> None:
        """Close all canvases, keeping what can be kept. May be called twice."""
        watches = list(self._watches.values())
        for asset_id in list(self._watches):
            self._end_watch(asset_id)
        if watches:
            await asyncio.wait(watches)
        sessions, self._open = list(self._open.values()), {}
        await asyncio.gather(*(session.aclose() for session in sessions))

    def _end_watch(self, asset_id: str) -> None:
        watch = self._watches.pop(asset_id, None)
        if watch is not None:
            watch.cancel()

    async def _watch(self, asset_id: str, name: str) -> None:
        """Look at a canvas that is closed until nobody holds it, then tell."""
        wire = self._room.wire(asset_id)
        while True:
            await self._room.clock.sleep(self._room.times.lease.look_s)
            try:
                if wire.lock_end(await wire.look()) is None:
                    break
            except NotFound:
                self._watches.pop(asset_id, None)
                return
            except AppError:
                continue  # the next look is due by itself
        draft_id = ""
        with suppress(AppError):
            mine = [one for one in await self.recoveries() if one.canvas_id == asset_id]
            draft_id = mine[0].id if mine else ""
        self._watches.pop(asset_id, None)
        self.became_free.emit(Freed(asset_id, name, draft_id))

    async def _tidy(self, note: DraftNote) -> None:
        wire = self._room.wire(note.canvas_id)
        if note.lock_id:
            await wire.unlock(note.lock_id)
            note = replace(note, lock_id="", lock_until=None)
            await self._room.run(self._room.drafts.put, note)
        is_free = note.lock_until is None or note.lock_until < self._room.server_now()
        if note.has_strokes and note.sent:
            saved = {sent.digest: sent.edit for sent in note.sent}
            with suppress(NotFound):
                # While the lock stands, an older save of ours may still arrive.
                if is_free and saved.get(digest_of(await wire.text())) == note.edit:
                    note = replace(note, has_strokes=False)
        if not note.has_strokes:
            await self._room.run(self._room.drafts.remove, note.id)

    async def _let_go(self, draft_id: str) -> None:
        notes: list[DraftNote] = await self._room.run(self._room.drafts.notes)
        for note in notes:
            if note.id == draft_id and note.lock_id:
                with suppress(AppError):  # it ends by itself
                    await self._room.wire(note.canvas_id).unlock(note.lock_id)

    def _on_set_aside(self, _: object) -> None:
        self.recoveries_changed.emit()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s ended", task.get_name(), exc_info=error)

"""One open canvas: its lease, its draft, its saves.

The editor says that something changed and is asked for what is on the screen; the session sees to
it that this is on the disk within two seconds, under the lock, and on the server when it is saved.
What it must not do: change a canvas of another program, send anything without the lock, or let
strokes go that the user did not give up.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, Self

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.canvas import Snapshot, SnapshotPage
from scenario_desktop.errors import AppError, StoreFailed
from scenario_desktop.services.canvas import lease_effects, lease_events
from scenario_desktop.services.canvas.content import (
    Editor,
    OpenCanvas,
    Revision,
    SaveResult,
)
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import Draft
from scenario_desktop.services.canvas.hold import Hold
from scenario_desktop.services.canvas.layer_uploads import (
    OnProgress,
)
from scenario_desktop.services.canvas.lease import Lease, Moment
from scenario_desktop.services.canvas.lease_keeper import LeaseKeeper
from scenario_desktop.services.canvas.record import CanvasRecord, Deed, HistoryLine
from scenario_desktop.services.canvas.remote import RemoteCanvas
from scenario_desktop.services.canvas.room import CanvasTimes, Room
from scenario_desktop.services.canvas.saves import Saves
from scenario_desktop.services.canvas.wire import is_doubtful
from scenario_desktop.services.canvas.working_draft import WorkingDraft

_log = logging.getLogger(__name__)

#: Seconds that giving the lock back may take when the program ends.
_LAST_S: Final = 5.0


class CanvasSession:
    """An open canvas. Made by ``open`` only.

    Signals:
        lease_changed: Lease.
        draft_kept: datetime; what is on the screen is on the disk.
        draft_failed: AppError; it is not. Told once, until it is again.
        saved: SaveResult; also by autosave.
        save_failed: AppError; by autosave only, the others raise.
        lease_failed: AppError; why the lock could not be asked for or renewed.
        set_aside: id of a draft. Show the canvas as ``text`` says: the strokes are in that draft.
        replaced: the text; the canvas was changed by somebody, and nothing of ours was on it.
        idle_asked: is anybody here? Answer by ``stay`` or ``release``.
        became_free: id of the draft that was set aside, or None.

    Attributes:
        is_foreign: another program's format: nothing is written but name and description.
        recovered: the draft that the session was opened with; the editor begins with it.
    """

    lease_changed = Signal(object)
    draft_kept = Signal(object)
    draft_failed = Signal(object)
    saved = Signal(object)
    save_failed = Signal(object)
    lease_failed = Signal(object)
    set_aside = Signal(object)
    replaced = Signal(object)
    idle_asked = Signal()
    became_free = Signal(object)

    def __init__(self, room: Room, editor: Editor, asset: Asset, text: str, base: Revision) -> None:
        self.is_foreign = not room.is_ours(text)
        self.recovered: Draft | None = None
        self._room = room
        self._clock = room.clock
        self._canvas = OpenCanvas(asset, text, base)
        self._record = CanvasRecord(room.drafts.folder, asset.id)
        self._wire = room.wire(asset.id)
        self._hold = Hold(asset.id, room.now, room.times.lease, self.lease_changed.emit)
        self._draft = WorkingDraft(
            room, editor, self._canvas, on_kept=self.draft_kept.emit,
            on_failed=self.draft_failed.emit, on_set_aside=self._on_set_aside,
        )  # fmt: skip
        self._remote = RemoteCanvas(
            room.client, self._wire, self._canvas, self._hold, self._draft,
            on_replaced=self.replaced.emit,
        )  # fmt: skip
        self._keeper = LeaseKeeper(
            room, self._wire, self._canvas, self._hold, self._draft, self._remote,
            save=self._save_by_itself, on_failed=self.lease_failed.emit,
            on_idle=self.idle_asked.emit, on_free=self.became_free.emit,
        )  # fmt: skip
        self._saves = Saves(
            room, editor, self._canvas, self._hold, self._draft, self._remote, self._keeper,
            is_foreign=self.is_foreign, write_down=self._write_down,
            on_saved=self.saved.emit, on_failed=self.save_failed.emit,
        )  # fmt: skip
        self._is_closed = False
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls, room: Room, asset_id: str, editor: Editor, *, recovery_id: str | None = None
    ) -> Self:
        """Open a canvas to look at, or go on with a draft. Nothing is locked by looking.

        Raises:
            AppError: the canvas or the draft cannot be read.
        """
        draft = None
        if recovery_id is not None:
            draft = await room.run(room.drafts.load, recovery_id)
        asset, text, base = await room.wire(asset_id).read()
        session = cls(room, editor, asset, text, base)
        session._hold.feed(lease_events.Looked(session._wire.lock_end(asset)))
        if draft is not None:
            await session._go_on(draft, is_saved=await session._draft.take_up(draft.note))
        session._start()
        return session

    # --- what is known ------------------------------------------------------------------------

    @property
    def asset(self) -> Asset:
        """The record as the server told it last."""
        return self._canvas.asset

    @property
    def text(self) -> str:
        """The document as the server has it, as far as we know."""
        return self._canvas.text

    @property
    def lease(self) -> Lease:
        return self._hold.lease

    @property
    def is_unsaved(self) -> bool:
        """Whether there are strokes that the server does not have."""
        return self._draft.is_unsaved

    @property
    def is_drafted(self) -> bool:
        """Whether everything that the server does not have is on the disk."""
        return self._draft.is_safe

    @property
    def draft_id(self) -> str:
        """The draft that the strokes go into."""
        return self._draft.note.id

    @property
    def kept_id(self) -> str:
        """The draft with strokes that left the screen, or were left at its end; "" for none."""
        return self._draft.kept_id or ""

    @property
    def times(self) -> CanvasTimes:
        return replace(self._room.times, lease=self._hold.times)

    def set_lease_s(self, seconds: float) -> None:
        """Ask for locks of this length from the next request on."""
        self._hold.times = replace(self._hold.times, lease_s=seconds)

    def now(self) -> Moment:
        """Return the time that ``Lease.seconds_left`` wants."""
        return self._room.now()

    async def snapshots(self, token: str | None = None, *, page_size: int = 10) -> SnapshotPage:
        """Return a page of the canvas's history on the server."""
        return await self._room.client.list_snapshots(
            self.asset.id, page_size=page_size, token=token
        )

    async def history(self) -> list[HistoryLine]:
        """Return what was done to the canvas from here, the newest first."""
        lines: list[HistoryLine] = await self._room.run(self._record.lines)
        return lines

    async def find_kept(self) -> None:
        """See whether strokes were left in a draft when this canvas was closed: ``kept_id``."""
        await self._draft.find_kept()

    # --- drawing ------------------------------------------------------------------------------

    def edited(self) -> None:
        """Take note of a change on the screen; costs nothing and waits for nothing.

        Raises:
            Refused: the canvas is not ours to write.
        """
        self._saves.require_ours()
        self._draft.count_edit()
        self._hold.post(lease_events.Edited())

    def stay(self) -> None:
        """Answer that somebody is here."""
        self._hold.feed(lease_events.IdleAnswered())

    def wait_until_free(self, is_wanted: bool) -> None:
        """Ask to be told when somebody else's lock has ended."""
        self._hold.feed(lease_events.WaitWanted(is_wanted))

    async def flush(self) -> None:
        """Put what is on the screen on the disk now.

        Raises:
            StoreFailed: the disk is full or fails; the former draft stands.
        """
        await self._draft.flush()

    # --- saving -------------------------------------------------------------------------------

    async def save(
        self, *, is_snapshot: bool = True, on_progress: OnProgress | None = None
    ) -> SaveResult:
        """Save what is on the screen.

        Raises:
            Refused: there is no lease, or the canvas is not ours to write; nothing was sent.
            ChangedMeanwhile: somebody saved since; nothing was sent.
            Conflict: the lease was lost; nothing was overwritten.
            SaveUncertain: nobody knows whether it arrived; the strokes are in the draft.
            AppError: it did not arrive; the strokes are in the draft.
        """
        return await self._saves.save(is_snapshot=is_snapshot, on_progress=on_progress)

    async def save_as_copy(self, name: str) -> Asset:
        """Make a new canvas of what is on the screen; needs no lease.

        The strokes then count as saved, unless there are newer ones.

        Raises:
            AppError: there is no copy, or nobody knows; the strokes are in the draft.
        """
        return await self._saves.copy(name)

    async def restore(self, snapshot: Snapshot, thumbnail: bytes = b"") -> str:
        """Save an earlier state anew; strokes that are not saved go into a kept draft.

        Args:
            thumbnail: how that state looks, encoded; without one the server keeps what it has.

        Returns:
            the text to show.

        Raises:
            AppError: as ``save``.
        """
        return await self._saves.restore(snapshot, thumbnail)

    async def rename(self, name: str) -> None:
        """Change the canvas's name, also one of another program.

        Raises:
            AppError: it was not changed, as far as anybody knows.
        """
        await self._remote.update(name=name)

    async def describe(self, text: str) -> None:
        """Change the canvas's description, also one of another program.

        Raises:
            AppError: it was not changed, as far as anybody knows.
        """
        await self._remote.update(description=text)

    # --- the lease ----------------------------------------------------------------------------

    async def take_again(self) -> None:
        """Ask for the lock now: after it was lost or refused, or before the first stroke.

        If somebody saved meanwhile, ``lease.is_changed`` says so and nothing is sent.
        """
        await self._keeper.drive(lease_events.TakeWanted())

    async def look_again(self) -> datetime | None:
        """Look whose the canvas is; returns when somebody else's lock ends, None if it is free.

        Raises:
            AppError: nobody knows.
        """
        until = self._wire.lock_end(await self._remote.look())
        await self._keeper.drive(lease_events.Looked(until))
        return until

    async def take_over(self) -> None:
        """Take the lock away from whoever holds it. The user has confirmed that.

        Raises:
            AppError: it still stands, as far as anybody knows.
        """
        async with self._remote.turn:
            until = self._wire.lock_end(await self._remote.look())
            if until is not None:
                await self._force(f"{until.astimezone():%H:%M}")
        await self._keeper.drive(lease_events.TakeWanted())

    async def _force(self, end: str) -> None:
        whose = f"the lock that somebody else held until {end}"
        try:
            await self._remote.ask(self._wire.force())
        except AppError as error:
            if is_doubtful(error):
                line = f"Asked to take over {whose}; no answer came, so it may be gone."
                await self._write_down(Deed.FORCING, line)
            raise
        await self._write_down(Deed.FORCED, f"Took over {whose}.")

    async def release(self) -> None:
        """Give the lock back; strokes that are not saved go into a kept draft first.

        Raises:
            StoreFailed: they could not be kept; the lock is still held.
        """
        if self.is_unsaved:
            await self._draft.put_aside(KeptWhy.CLOSED)
        await self._keeper.drive(lease_events.ReleaseWanted())

    async def discard(self) -> None:
        """Give up what is not saved. The user has confirmed that; show ``text`` again."""
        await self._saves.discard()

    # --- two versions -------------------------------------------------------------------------

    async def theirs(self) -> str:
        """Return the version on the server, to compare; what is sent later takes its place.

        Raises:
            AppError: it cannot be read.
        """
        return await self._remote.read_theirs()

    async def keep_mine(self) -> None:
        """Let the next save take the place of the version that ``theirs`` returned.

        That version goes into a kept draft: not every save has a snapshot.

        Raises:
            StoreFailed: it could not be kept; nothing has changed.
        """
        await self._saves.keep_mine()

    async def adopt_theirs(self) -> str:
        """Show the version that ``theirs`` returned; ours goes into a kept draft.

        Returns:
            the text to show.

        Raises:
            StoreFailed: ours could not be kept; nothing has changed.
        """
        return await self._saves.adopt_theirs()

    # --- going on with a draft ----------------------------------------------------------------

    def forget_kept(self, draft_id: str) -> None:
        """Offer a draft no more: it was deleted."""
        if self._draft.kept_id == draft_id:
            self._draft.kept_id = None
            self.lease_changed.emit(self.lease)

    async def resume(self, draft_id: str) -> Draft | None:
        """Go on with a kept draft of this canvas: load it into the editor.

        Strokes that are not saved go into a kept draft of their own before.

        Returns:
            None if the server turned out to have it already.

        Raises:
            AppError: it cannot be read.
        """
        draft: Draft = await self._room.run(self._room.drafts.load, draft_id)
        own = self._draft
        async with self._saves.turn:
            # Nobody compares meanwhile: the answer would be one about what is drawn on now, and
            # not about what the draft was drawn on.
            async with self._remote.turn:
                while self.is_unsaved:
                    await own.put_aside(KeptWhy.REPLACED)
                lock, old = own.lock, own.note
                self.recovered = None
                if draft_id == own.kept_id:
                    own.kept_id = None
                is_saved = await own.take_up(draft.note)
            await self._go_on(draft, is_saved=is_saved)
            if self.recovered is not None and self.lease.is_ours:
                await own.try_put(**lock)
            await own.leave_behind(old)
            return self.recovered

    async def _go_on(self, draft: Draft, *, is_saved: bool) -> None:
        """Do what follows from a draft that was taken up."""
        if is_saved:
            await self._settle()  # the save had arrived after all: there is nothing to go on with
            return
        self.recovered = draft
        note = self._draft.note
        if note.lock_until is not None:
            self._keeper.remember_asked(note.lock_until)
        if self.lease.is_ours:
            self._hold.post(lease_events.Edited())
            self._hold.add([lease_effects.Compare()])
        else:
            self._hold.post(lease_events.Resumed(note.lock_id))

    async def _settle(self) -> None:
        """Let go of a draft that the server has, unless an older save may still arrive."""
        note, digest = self._draft.note, self._canvas.base.digest
        is_last = not any(one.is_doubtful and one.digest != digest for one in note.sent)
        if note.lock_id:
            await self._keeper.unlock(note.lock_id)
        if is_last:
            await self._draft.forget_strokes()
        elif not note.lock_id:
            await self._remote.settle_doubts()

    def _on_set_aside(self, kept_id: str) -> None:
        self._hold.feed(lease_events.SetAside())
        self.set_aside.emit(kept_id)

    # --- ending -------------------------------------------------------------------------------

    async def close(self) -> None:
        """End editing: strokes that are not saved stay in a draft, the lock is given back.

        Raises:
            StoreFailed: the strokes could not be kept; the session is still open.
        """
        await self.flush()
        await self.aclose()

    async def aclose(self) -> None:
        """End, keeping what can be kept. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(TimeoutError):  # what is under way may bring an answer that is needed
            async with asyncio.timeout(_LAST_S), self._remote.turn:
                pass
        await self._stop()
        await self._draft.try_flush()
        self._draft.mark_closed(has_lock=bool(self.lease.lock_id))
        with suppress(AppError, TimeoutError):
            async with asyncio.timeout(_LAST_S):
                await self._keeper.drive(lease_events.ReleaseWanted())
        await self._draft.drop_or_keep()

    # --- by itself ----------------------------------------------------------------------------

    def _start(self) -> None:
        for work in (self._keeper.keep, self._draft.write_as_drawn, self._autosave):
            task = asyncio.get_running_loop().create_task(work(), name=work.__qualname__)
            task.add_done_callback(_report)
            self._tasks.append(task)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()

    async def _autosave(self) -> None:
        while True:
            await self._clock.sleep(self._room.times.autosave_s)
            await self._save_by_itself()

    async def _save_by_itself(self) -> None:
        await self._saves.save_by_itself()

    async def _write_down(self, deed: Deed, text: str) -> None:
        try:
            await self._room.run(self._record.add, HistoryLine(self._clock.now(), deed, text))
        except StoreFailed as error:
            self._draft.tell_failed(error)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s of a canvas ended", task.get_name(), exc_info=error)

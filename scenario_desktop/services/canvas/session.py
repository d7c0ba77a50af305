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
from scenario_desktop.errors import AppError, NotFound, Refused, StoreFailed
from scenario_desktop.services.canvas import lease_effects, lease_events
from scenario_desktop.services.canvas.content import (
    Editor,
    OpenCanvas,
    Revision,
    SaveResult,
    Stored,
)
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import Draft
from scenario_desktop.services.canvas.hold import Hold
from scenario_desktop.services.canvas.lease import Lease, Moment
from scenario_desktop.services.canvas.lease_keeper import LeaseKeeper
from scenario_desktop.services.canvas.record import CanvasRecord, Deed, HistoryLine
from scenario_desktop.services.canvas.remote import RemoteCanvas
from scenario_desktop.services.canvas.room import CanvasTimes, Room
from scenario_desktop.services.canvas.saving import (
    LayerUploads,
    OnProgress,
    check_size,
    create_canvas,
    thumbnail_text,
)
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
        self._editor = editor
        self._clock = room.clock
        self._canvas = OpenCanvas(asset, text, base)
        self._record = CanvasRecord(room.drafts.folder, asset.id)
        self._layers = LayerUploads(room.client, room.uploads, asset.id)
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
        self._is_closed = False
        self._saving = asyncio.Lock()
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
            await session._take_up(draft)
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
        self._require_ours()
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
        async with self._saving:
            self._require_ours()
            self._hold.require()
            edit, drawn_on = self._draft.edit, self._canvas.base.digest
            stored = await self._editor.stored()
            await self._draft.try_flush()
            await self._check_after_offline()
            try:
                ids = await self._remote.ask(self._send_layers(self._layers, stored, on_progress))
            except NotFound:
                await self._remote.see_if_it_is_gone()
                raise
            text = stored.text(ids)
            check_size(text, stored.thumbnail)
            asset = await self._remote.send(
                text, thumbnail_text(stored.thumbnail), edit, drawn_on, is_snapshot=is_snapshot
            )
            result = SaveResult(asset, ids, text, is_snapshot)
            self.saved.emit(result)
            return result

    async def _check_after_offline(self) -> None:
        """After a time without the server: see whose the canvas is before anything is sent.

        Raises:
            AppError: it cannot be reached still, or the canvas is not ours to save any more.
        """
        if not self.lease.is_offline:
            return
        async with self._remote.turn:
            await self._remote.compare()
        await self._keeper.drive(lease_events.Ticked())  # which renews the lease
        self._hold.require()

    async def save_as_copy(self, name: str) -> Asset:
        """Make a new canvas of what is on the screen; needs no lease.

        The strokes then count as saved, unless there are newer ones.

        Raises:
            AppError: there is no copy, or nobody knows; the strokes are in the draft.
        """
        async with self._saving:
            edit = self._draft.edit
            stored = await self._editor.stored()
            await self._draft.try_flush()
            ids = await self._send_layers_of_a_copy(stored)
            since = self._room.server_now()
            copy = await create_canvas(
                self._room.client, name, stored.text(ids), stored.thumbnail, since
            )
            await self._write_down(Deed.COPIED, f"Saved as the copy “{name}”.")
            if not self.lease.is_ours:
                await self._give_up(edit)
            return copy

    async def _send_layers_of_a_copy(self, stored: Stored) -> dict[str, str]:
        try:
            return await self._send_layers(self._layers, stored)
        except NotFound:  # this canvas is gone, and nothing can be below it
            loose = LayerUploads(self._room.client, self._room.uploads, None)
            return await self._send_layers(loose, stored)

    async def _send_layers(
        self, layers: LayerUploads, stored: Stored, on_progress: OnProgress | None = None
    ) -> dict[str, str]:
        draft = self._draft
        return await layers.send(stored.blobs, draft.note.uploads, draft.put_uploads, on_progress)

    async def restore(self, snapshot: Snapshot) -> str:
        """Save an earlier state anew; strokes that are not saved go into a kept draft.

        Returns:
            the text to show.

        Raises:
            AppError: as ``save``.
        """
        self._require_ours()
        if not self._room.is_ours(snapshot.raw_data):
            raise _foreign()
        async with self._saving:
            drawn_on = self._canvas.base.digest
            if self.is_unsaved:
                await self._draft.put_aside(KeptWhy.REPLACED)
            await self._keeper.drive(lease_events.TakeWanted())
            self._hold.require()
            if drawn_on == self._canvas.base.digest:
                await self._keep_unsnapped()
            await self._remote.send(
                snapshot.raw_data, None, self._draft.edit, drawn_on, is_snapshot=True
            )
            at = snapshot.taken_at
            when = f" of {at.astimezone():%d %b %H:%M}" if at else ""
            await self._write_down(Deed.RESTORED, f"Restored the state{when}.")
            return snapshot.raw_data

    async def _keep_unsnapped(self) -> None:
        """Keep the present state as a draft if the history does not have it, as after an autosave.

        Raises:
            AppError: nobody knows, or it could not be kept.
        """
        text, base = self.text, self._canvas.base
        page = await self._remote.ask(self._room.client.list_snapshots(self.asset.id))
        if any(one.raw_data == text for one in page.snapshots) or not self._room.is_ours(text):
            return
        await self._draft.keep_text(text, base, KeptWhy.REPLACED)

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
                end = f"{until.astimezone():%H:%M}"
                line = f"Took over the lock that somebody else held until {end}."
                await self._write_down(Deed.FORCED, line)
                await self._remote.ask(self._wire.force())
        await self._keeper.drive(lease_events.TakeWanted())

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
        async with self._saving:
            await self._give_up(None)

    async def _give_up(self, edit: int | None) -> None:
        if await self._draft.give_up(edit):
            await self._keeper.drive(lease_events.Discarded())

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
        async with self._saving:
            text, revision = self._remote.theirs
            await self._draft.keep_text(text, revision, KeptWhy.THEIRS)
            self._remote.settle_on(text, revision)
            await self._write_down(Deed.KEPT_OURS, "Chose the own version over somebody else's.")
            await self._draft.try_put()

    async def adopt_theirs(self) -> str:
        """Show the version that ``theirs`` returned; ours goes into a kept draft.

        Returns:
            the text to show.

        Raises:
            StoreFailed: ours could not be kept; nothing has changed.
        """
        async with self._saving:
            text, revision = self._remote.theirs
            if self.is_unsaved:
                await self._draft.put_aside(KeptWhy.REPLACED)
            self._remote.settle_on(text, revision)
            await self._write_down(Deed.TOOK_THEIRS, "Chose somebody else's version.")
            await self._draft.try_put()
            return text

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
        async with self._saving:
            while self.is_unsaved:
                await own.put_aside(KeptWhy.REPLACED)
            lock, old = own.lock, own.note
            self.recovered = None
            if draft_id == own.kept_id:
                own.kept_id = None
            await self._take_up(draft)
            if self.recovered is not None and self.lease.is_ours:
                await own.try_put(**lock)
            await own.leave_behind(old)
            return self.recovered

    async def _take_up(self, draft: Draft) -> None:
        if await self._draft.take_up(draft.note):
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
        if not self.is_unsaved or not self.lease.can_send:
            return
        try:
            await self.save(is_snapshot=False)
        except AppError as error:
            self.save_failed.emit(error)

    # ------------------------------------------------------------------------------------------

    def _require_ours(self) -> None:
        if self.is_foreign:
            raise _foreign()

    async def _write_down(self, deed: Deed, text: str) -> None:
        try:
            await self._room.run(self._record.add, HistoryLine(self._clock.now(), deed, text))
        except StoreFailed as error:
            self._draft.tell_failed(error)


def _foreign() -> Refused:
    return Refused(
        "This canvas was made by another program and is not changed here.",
        hint="Save a copy of it to draw on.",
    )


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s of a canvas ended", task.get_name(), exc_info=error)

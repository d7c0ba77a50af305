"""One open canvas: its lease, its draft, its saves.

The editor says that something changed and is asked for what is on the screen; the session sees to
it that this is on the disk within two seconds, under the lock, and on the server when it is saved.
What it must not do: change a canvas of another program, send anything without the lock, or let
strokes go that the user did not give up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeVar

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset, AssetUpdate
from scenario_desktop.api.models.canvas import Snapshot, SnapshotPage
from scenario_desktop.api.moments import wire_time
from scenario_desktop.errors import (
    AppError,
    Conflict,
    NotFound,
    Offline,
    Refused,
    StoreFailed,
    TimedOut,
)
from scenario_desktop.services.canvas import lease as leases
from scenario_desktop.services.canvas.content import (
    Drawn,
    Editor,
    Revision,
    SaveResult,
    Stored,
)
from scenario_desktop.services.canvas.drafts import (
    Draft,
    DraftNote,
    DraftStore,
    KeptWhy,
    Sent,
    new_draft_id,
)
from scenario_desktop.services.canvas.lease import Lease, LeaseTimes, Moment, Phase, Refusal
from scenario_desktop.services.canvas.record import CanvasRecord, Deed, HistoryLine
from scenario_desktop.services.canvas.saving import (
    LayerUploads,
    OnProgress,
    check_size,
    create_canvas,
    thumbnail_text,
)
from scenario_desktop.services.canvas.wire import (
    CanvasClient,
    CanvasWire,
    ChangedMeanwhile,
    HeldByOther,
    SaveUncertain,
    digest_of,
)
from scenario_desktop.services.clock import Clock, sleep_or_wake
from scenario_desktop.services.uploads import Uploads

_log = logging.getLogger(__name__)
T = TypeVar("T")

#: Texts of ours that are remembered, to tell them from somebody else's.
_SENT: Final = 20
#: Why a draft lies there that is offered where its canvas is opened.
_LEFT: Final = frozenset({KeptWhy.OPEN, KeptWhy.CLOSED, KeptWhy.REFUSED})
#: Seconds that giving the lock back may take when the program ends.
_LAST_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class CanvasTimes:
    """All lengths in seconds.

    Attributes:
        draft_s: between the beginnings of two writes. A stroke waits for the write under way and
            then its own: as long as each takes less than a second, it is safe after two.
        draft_retry_s: between tries while the disk is full.
    """

    lease: LeaseTimes = field(default_factory=LeaseTimes)
    draft_s: float = 0.5
    draft_retry_s: float = 2.0
    autosave_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Room:
    """What sessions share and do not own.

    Attributes:
        is_ours: whether a text is in a format that may be written.
        run: runs work that blocks on the disk.
    """

    client: CanvasClient
    uploads: Uploads
    drafts: DraftStore
    is_ours: Callable[[str], bool]
    clock: Clock
    times: CanvasTimes = field(default_factory=CanvasTimes)
    run: Callable[..., Awaitable[Any]] = asyncio.to_thread


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
        asset: as the server told it last.
        text: the document as the server has it, as far as we know.
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

    def __init__(
        self, room: Room, editor: Editor, asset: Asset, text: str, base: Revision, note: DraftNote
    ) -> None:
        self.asset = asset
        self.text = text
        self.is_foreign = not room.is_ours(text)
        self.recovered: Draft | None = None
        self.lease = Lease()
        self._room = room
        self._editor = editor
        self._clock = room.clock
        self._drafts = room.drafts
        self._base = base
        self._note = note
        self._wire = CanvasWire(room.client, asset.id, lambda: self._now().server)
        self._layers = LayerUploads(room.client, room.uploads, asset.id)
        self._record = CanvasRecord(room.drafts.folder, asset.id)
        self._edit = self._drafted = self._saved = note.edit
        self._theirs: tuple[str, Revision] | None = None
        self._kept_id: str | None = None
        self._asked: list[datetime] = []
        self._is_draft_failing = False
        self._is_closed = False
        self._queue: list[leases.Effect] = []
        self._wake, self._draft_wake = asyncio.Event(), asyncio.Event()
        # Never two of lock, save, renew and unlock at once; and one write of the draft at a time.
        self._wiring, self._drafting, self._saving = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
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
        offset = room.client.server_time_offset_s
        now = Moment(room.clock.monotonic(), room.clock.now(), offset)
        asset, text, base = await CanvasWire(room.client, asset_id, lambda: now.server).read()
        note = DraftNote(new_draft_id(), asset_id, asset.name, base=base)
        session = cls(room, editor, asset, text, base, note)
        session._feed(leases.Looked(session._wire.lock_end(asset)))
        if draft is not None:
            await session._take_up(draft)
        session._start()
        return session

    # --- what is known ------------------------------------------------------------------------

    @property
    def is_unsaved(self) -> bool:
        """Whether there are strokes that the server does not have."""
        return self._edit > self._saved

    @property
    def is_drafted(self) -> bool:
        """Whether everything that the server does not have is on the disk."""
        return self._edit <= max(self._drafted, self._saved)

    @property
    def draft_id(self) -> str:
        """The draft that the strokes go into."""
        return self._note.id

    @property
    def kept_id(self) -> str:
        """The draft with strokes that left the screen, or were left at its end; "" for none."""
        return self._kept_id or ""

    @property
    def times(self) -> CanvasTimes:
        return self._room.times

    def set_lease_s(self, seconds: float) -> None:
        """Ask for locks of this length from the next request on."""
        times = replace(self.times, lease=replace(self.times.lease, lease_s=seconds))
        self._room = replace(self._room, times=times)

    def now(self) -> Moment:
        """Return the time that ``Lease.seconds_left`` wants."""
        return self._now()

    # --- drawing ------------------------------------------------------------------------------

    def edited(self) -> None:
        """Take note of a change on the screen; costs nothing and waits for nothing.

        Raises:
            Refused: the canvas is not ours to write.
        """
        if self.is_foreign:
            raise _foreign()
        self._edit += 1
        self._queue += self._feed(leases.Edited())
        self._wake.set()
        self._draft_wake.set()

    def stay(self) -> None:
        """Answer that somebody is here."""
        self._feed(leases.IdleAnswered())

    def wait_until_free(self, is_wanted: bool) -> None:
        """Ask to be told when somebody else's lock has ended."""
        self._feed(leases.WaitWanted(is_wanted))
        self._wake.set()

    async def flush(self) -> None:
        """Put what is on the screen on the disk now.

        Raises:
            StoreFailed: the disk is full or fails; the former draft stands.
        """
        async with self._drafting:
            edit = self._edit
            if self.is_drafted:
                return
            drawn = await self._editor.draft()
            await self._write(drawn, edit)

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
            self._require_lease()
            edit, drawn_on = self._edit, self._base.digest
            stored = await self._editor.stored()
            await self._try_flush()
            await self._check_after_offline()
            try:
                ids = await self._ask(
                    self._layers.send(
                        stored.blobs, self._note.uploads, self._keep_uploads, on_progress
                    )
                )
            except NotFound:
                await self._see_if_it_is_gone()
                raise
            text = stored.text(ids)
            check_size(text, stored.thumbnail)
            asset = await self._send(
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
        async with self._wiring:
            await self._compare()
        await self._drive(leases.Ticked())  # which renews the lease
        self._require_lease()

    async def save_as_copy(self, name: str) -> Asset:
        """Make a new canvas of what is on the screen; needs no lease.

        The strokes then count as saved, unless there are newer ones.

        Raises:
            AppError: there is no copy, or nobody knows; the strokes are in the draft.
        """
        async with self._saving:
            edit = self._edit
            stored = await self._editor.stored()
            await self._try_flush()
            ids = await self._send_layers_of_a_copy(stored)
            since = self._now().server
            copy = await create_canvas(
                self._room.client, name, stored.text(ids), stored.thumbnail, since
            )
            await self._write_down(Deed.COPIED, f"Saved as the copy “{name}”.")
            if not self.lease.is_ours:
                await self._give_up(edit)
            return copy

    async def _send_layers_of_a_copy(self, stored: Stored) -> dict[str, str]:
        known, keep = self._note.uploads, self._keep_uploads
        try:
            return await self._layers.send(stored.blobs, known, keep)
        except NotFound:  # this canvas is gone, and nothing can be below it
            loose = LayerUploads(self._room.client, self._room.uploads, None)
            return await loose.send(stored.blobs, self._note.uploads, keep)

    async def restore(self, snapshot: Snapshot) -> str:
        """Save an earlier state anew; strokes that are not saved go into a kept draft.

        Returns:
            the text to show.

        Raises:
            AppError: as ``save``.
        """
        if self.is_foreign or not self._room.is_ours(snapshot.raw_data):
            raise _foreign()
        async with self._saving:
            drawn_on = self._base.digest
            if self.is_unsaved:
                await self._put_aside(KeptWhy.REPLACED)
            await self._drive(leases.TakeWanted())
            self._require_lease()
            if drawn_on == self._base.digest:
                await self._keep_unsnapped()
            await self._send(snapshot.raw_data, None, self._edit, drawn_on, is_snapshot=True)
            at = snapshot.taken_at
            when = f" of {at.astimezone():%d %b %H:%M}" if at else ""
            await self._write_down(Deed.RESTORED, f"Restored the state{when}.")
            return snapshot.raw_data

    async def rename(self, name: str) -> None:
        """Change the canvas's name, also one of another program.

        Raises:
            AppError: it was not changed, as far as anybody knows.
        """
        await self._update(name=name)

    async def describe(self, text: str) -> None:
        """Change the canvas's description, also one of another program.

        Raises:
            AppError: it was not changed, as far as anybody knows.
        """
        await self._update(description=text)

    async def snapshots(self, token: str | None = None, *, page_size: int = 10) -> SnapshotPage:
        """Return a page of the canvas's history on the server."""
        return await self._room.client.list_snapshots(
            self.asset.id, page_size=page_size, token=token
        )

    async def history(self) -> list[HistoryLine]:
        """Return what was done to the canvas from here, the newest first."""
        lines: list[HistoryLine] = await self._room.run(self._record.lines)
        return lines

    # --- the lease ----------------------------------------------------------------------------

    async def take_again(self) -> None:
        """Ask for the lock now: after it was lost or refused, or before the first stroke.

        If somebody saved meanwhile, ``lease.is_changed`` says so and nothing is sent.
        """
        await self._drive(leases.TakeWanted())

    async def look_again(self) -> datetime | None:
        """Look whose the canvas is; returns when somebody else's lock ends, None if it is free.

        Raises:
            AppError: nobody knows.
        """
        asset = await self._ask(self._wire.look())
        until = self._wire.lock_end(asset)
        await self._drive(leases.Looked(until))
        return until

    async def take_over(self) -> None:
        """Take the lock away from whoever holds it. The user has confirmed that.

        Raises:
            AppError: it still stands, as far as anybody knows.
        """
        async with self._wiring:
            until = self._wire.lock_end(await self._ask(self._wire.look()))
            if until is not None:
                end = f"{until.astimezone():%H:%M}"
                line = f"Took over the lock that somebody else held until {end}."
                await self._write_down(Deed.FORCED, line)
                await self._ask(self._wire.force())
        await self._drive(leases.TakeWanted())

    async def release(self) -> None:
        """Give the lock back; strokes that are not saved go into a kept draft first.

        Raises:
            StoreFailed: they could not be kept; the lock is still held.
        """
        if self.is_unsaved:
            await self._put_aside(KeptWhy.CLOSED)
        await self._drive(leases.ReleaseWanted())

    async def discard(self) -> None:
        """Give up what is not saved. The user has confirmed that; show ``text`` again."""
        async with self._saving:
            await self._give_up(None)

    # --- two versions -------------------------------------------------------------------------

    async def theirs(self) -> str:
        """Return the version on the server, to compare; what is sent later takes its place.

        Raises:
            AppError: it cannot be read.
        """
        async with self._wiring:
            _, text, revision = await self._ask(self._wire.read())
            self._theirs = (text, revision)
            return text

    async def keep_mine(self) -> None:
        """Let the next save take the place of the version that ``theirs`` returned.

        That version goes into a kept draft: not every save has a snapshot.

        Raises:
            StoreFailed: it could not be kept; nothing has changed.
        """
        async with self._saving:
            text, revision = self._require_theirs()
            kept = DraftNote(
                new_draft_id(), self.asset.id, self.asset.name, why=KeptWhy.THEIRS,
                has_strokes=True, base=revision,
            )  # fmt: skip
            await self._room.run(self._drafts.write, kept, Drawn(text, {}))
            self._rebase(text, revision)
            self._feed(leases.Resolved())
            await self._write_down(Deed.KEPT_OURS, "Chose the own version over somebody else's.")
            await self._try_note()

    async def adopt_theirs(self) -> str:
        """Show the version that ``theirs`` returned; ours goes into a kept draft.

        Returns:
            the text to show.

        Raises:
            StoreFailed: ours could not be kept; nothing has changed.
        """
        async with self._saving:
            text, revision = self._require_theirs()
            if self.is_unsaved:
                await self._put_aside(KeptWhy.REPLACED)
            self._rebase(text, revision)
            self._feed(leases.Resolved())
            await self._write_down(Deed.TOOK_THEIRS, "Chose somebody else's version.")
            await self._try_note()
            return text

    async def _keep_unsnapped(self) -> None:
        """Keep the present state as a draft if the history does not have it, as after an autosave.

        Raises:
            AppError: nobody knows, or it could not be kept.
        """
        text, base = self.text, self._base
        page = await self._ask(self._room.client.list_snapshots(self.asset.id))
        if any(one.raw_data == text for one in page.snapshots) or not self._room.is_ours(text):
            return
        note = DraftNote(
            new_draft_id(), self.asset.id, self.asset.name, why=KeptWhy.REPLACED,
            has_strokes=True, base=base,
        )  # fmt: skip
        await self._room.run(self._drafts.write, note, Drawn(text, {}))

    def _require_theirs(self) -> tuple[str, Revision]:
        if self._theirs is None:
            raise Refused("The other version has not been looked at yet.")
        return self._theirs

    def _rebase(self, text: str, revision: Revision) -> None:
        self.text, self._base, self._theirs = text, revision, None
        self._note = replace(self._note, base=revision)

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
            async with asyncio.timeout(_LAST_S), self._wiring:
                pass
        await self._stop()
        await self._try_flush()
        why = KeptWhy.CLOSED if self._note.why is KeptWhy.OPEN else self._note.why
        self._note = replace(self._note, why=why)
        if not self.lease.lock_id:
            self._note = replace(self._note, lock_id="", lock_until=None)
        with suppress(AppError, TimeoutError):
            async with asyncio.timeout(_LAST_S):
                await self._drive(leases.ReleaseWanted())
        with suppress(StoreFailed):
            await self._drop_or_keep()

    async def _drop_or_keep(self) -> None:
        """Leave no draft behind without strokes or a lock that may still stand."""
        async with self._drafting:
            has_more = self._note.has_strokes or self._note.lock_id
            work = self._drafts.put if has_more else self._remove_note
            await self._room.run(work, self._note)

    def _remove_note(self, note: DraftNote) -> None:
        self._drafts.remove(note.id)

    # --- the machine --------------------------------------------------------------------------

    def _now(self) -> Moment:
        offset = self._room.client.server_time_offset_s
        return Moment(self._clock.monotonic(), self._clock.now(), offset)

    def _feed(self, event: leases.Event) -> tuple[leases.Effect, ...]:
        before = self.lease
        self.lease, effects = leases.step(before, event, self._now(), self._room.times.lease)
        if before.phase is not Phase.LOST and self.lease.phase is Phase.LOST:
            reason = self.lease.lost.value if self.lease.lost else ""
            _log.info("the lease of canvas %s was lost: %s", self.asset.id, reason)
        if _shown(before) != _shown(self.lease):
            self.lease_changed.emit(self.lease)
        self._wake.set()
        return effects

    async def _drive(self, event: leases.Event) -> None:
        """Feed an event and do what follows from it, to the end."""
        await self._perform(self._feed(event))

    async def _perform(self, effects: Sequence[leases.Effect]) -> None:
        for effect in effects:
            await self._do(effect)

    async def _do(self, effect: leases.Effect) -> None:
        match effect:
            case leases.AskLock():
                await self._do_lock(effect)
            case leases.Renew():
                await self._do_renew(effect)
            case leases.Unlock(lock_id):
                await self._do_unlock(lock_id)
            case leases.Compare():
                await self._do_compare()
            case leases.PutAside(why):
                await self._do_put_aside(why)
            case leases.AskIdle():
                self.idle_asked.emit()
            case leases.EndIdle():
                await self._do_end_idle()
            case leases.Look():
                await self._do_look()
            case leases.TellFree():
                self.became_free.emit(self._kept_id)

    async def _do_lock(self, effect: leases.AskLock) -> None:
        event: leases.Event
        async with self._wiring:
            if not (self.lease.is_asking and self.lease.ask == effect.ask):
                return
            # Should the answer be lost and the program end, this tells that the lock is ours.
            asked = tuple(self._asked)
            self._asked = [*asked[-10:], effect.until]
            await self._try_note(lock_id=effect.own_lock_id, lock_until=effect.until)
            try:
                answer = await self._ask(self._wire.lock(effect.until, effect.own_lock_id, asked))
            except NotFound:
                event = leases.Vanished()
            except AppError as error:
                self.lease_failed.emit(error)
                is_offline = isinstance(error, Offline | TimedOut)
                why = Refusal.OFFLINE if is_offline else Refusal.FAILED
                event = leases.LockFailed(effect.ask, why)
            else:
                if isinstance(answer, HeldByOther):
                    event = leases.LockDenied(effect.ask, answer.until, answer.is_own)
                else:
                    event = leases.LockGranted(effect.ask, answer.lock_id, answer.until)
            effects = self._feed(event)
            if self.lease.is_ours:
                await self._try_note(lock_id=self.lease.lock_id, lock_until=self.lease.until)
        await self._perform(effects)

    async def _do_renew(self, effect: leases.Renew) -> None:
        event: leases.Event
        async with self._wiring:
            if self.lease.phase is not Phase.RENEWING or self.lease.lock_id != effect.lock_id:
                return
            try:
                event = leases.Renewed(
                    await self._ask(self._wire.renew(effect.lock_id, effect.until))
                )
            except Conflict as error:
                event = leases.Denied(error.until)
            except NotFound:
                event = leases.Vanished()
            except AppError as error:
                self.lease_failed.emit(error)
                event = leases.RenewFailed(isinstance(error, Offline | TimedOut))
            effects = self._feed(event)
            if self.lease.is_ours:
                await self._try_note(lock_until=self.lease.until)
        await self._perform(effects)

    async def _do_unlock(self, lock_id: str) -> None:
        async with self._wiring:
            try:
                await self._ask(self._wire.unlock(lock_id))
            except AppError as error:
                # It ends by itself; the note keeps the id, so that the next start can try.
                _log.info("the lock of canvas %s was not given back: %s", self.asset.id, error)
                return
            if self._note.lock_id == lock_id:
                await self._try_note(lock_id="", lock_until=None)
            if self._note.is_doubtful and not self.is_unsaved:
                await self._settle_doubts()

    async def _settle_doubts(self) -> None:
        """See what a doubtful save has come to, now that its lock is gone and it cannot arrive."""
        try:
            digest = digest_of(await self._ask(self._wire.text()))
        except AppError:
            return  # the strokes stay in the draft
        if digest == self._base.digest:
            await self._forget_strokes()
        else:  # an older save of ours, or what somebody made of it
            await self._try_note(why=KeptWhy.LATE)

    async def _do_compare(self) -> None:
        async with self._wiring:
            if not self.lease.is_ours:
                return
            with suppress(AppError):  # every save compares anyway
                await self._compare()

    async def _compare(self) -> bool:
        """Return whether the server has what we know; in the lock of the wire.

        What somebody saved is simply shown where nothing of ours would be lost by it.
        """
        try:
            found = await self._ask(self._wire.compare(self._base, self._own()))
        except NotFound:
            await self._see_if_it_is_gone()
            raise
        if found.is_same or not self.is_unsaved:
            is_new = found.text is not None and found.revision.digest != self._base.digest
            self._base = found.revision
            self._note = replace(self._note, base=found.revision)
            if found.text is not None and is_new and not found.is_same:
                self.text = found.text
                old = self._note
                if old.has_strokes:  # a save of ours was undone by an older one: it keeps its draft
                    self._begin_draft(**self._held())
                self.replaced.emit(found.text)
                if old.has_strokes:
                    with suppress(StoreFailed):
                        await self._room.run(self._leave_behind, old)
                    if self._note.lock_id:
                        await self._try_note()
        self._feed(leases.Compared(found.is_same or not self.is_unsaved))
        return found.is_same

    async def _see_if_it_is_gone(self) -> None:
        """Tell a canvas that was deleted from a part of it that was not found."""
        try:
            await self._ask(self._wire.look())
        except NotFound:
            self._feed(leases.Vanished())

    async def _do_put_aside(self, why: Refusal) -> None:
        while True:
            try:
                await self._put_aside(KeptWhy.REFUSED)
            except StoreFailed as error:
                # Better strokes on the screen without a lock than no strokes.
                self._tell_draft_failed(error)
                await self._clock.sleep(self._room.times.draft_retry_s)
            else:
                return

    async def _do_end_idle(self) -> None:
        if self.is_unsaved and self.lease.can_send:
            try:
                await self.save(is_snapshot=False)
            except AppError as error:
                self.save_failed.emit(error)
        await self._drive(leases.ReleaseWanted(is_idle=True))

    async def _do_look(self) -> None:
        async with self._wiring:
            try:
                asset = await self._ask(self._wire.look())
            except NotFound:
                self._feed(leases.Vanished())
                return
            except AppError:
                return  # the next look is due by itself
            effects = self._feed(leases.Looked(self._wire.lock_end(asset)))
            self.asset = asset
            if asset.updated_at != self._base.updated_at and not self.is_unsaved:
                with suppress(AppError):
                    await self._compare()
        await self._perform(effects)

    async def _ask(self, call: Awaitable[T]) -> T:
        """Await an answer and note whether the server can be reached."""
        try:
            answer = await call
        except (Offline, TimedOut):
            self._feed(leases.Connected(False))
            raise
        self._feed(leases.Connected(True))
        return answer

    async def find_kept(self) -> None:
        """See whether strokes were left in a draft when this canvas was closed: ``kept_id``."""
        try:
            notes: list[DraftNote] = await self._room.run(self._drafts.notes)
        except StoreFailed as error:
            self._tell_draft_failed(error)
            return
        left = [
            note
            for note in notes
            if note.canvas_id == self.asset.id and note.has_strokes and note.why in _LEFT
        ]
        newest = max(left, key=lambda note: note.kept_at, default=None)
        if newest is not None and newest.id != self.draft_id:
            self._kept_id = newest.id

    # --- the draft ----------------------------------------------------------------------------

    async def _write(self, drawn: Drawn, edit: int) -> None:
        """Write the draft; in its lock.

        Raises:
            StoreFailed: the former draft stands.
        """
        note = replace(self._note, edit=edit, has_strokes=True, base=self._base)
        note = await self._room.run(self._drafts.write, note, drawn)
        # What was noted while it was being written counts, and is written next.
        self._note = replace(
            self._note, edit=edit, has_strokes=True, base=self._base, kept_at=note.kept_at
        )
        self._drafted = edit
        self._is_draft_failing = False
        self.draft_kept.emit(note.kept_at)

    async def _put_note(self, **changes: Any) -> None:
        """Change what is noted of the draft, on the disk.

        Raises:
            StoreFailed: it is noted here only.
        """
        async with self._drafting:
            self._note = replace(self._note, base=self._base, **changes)
            await self._room.run(self._drafts.put, self._note)

    async def _try_note(self, **changes: Any) -> None:
        try:
            await self._put_note(**changes)
        except StoreFailed as error:
            self._tell_draft_failed(error)

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except StoreFailed as error:
            self._tell_draft_failed(error)

    async def _keep_uploads(self, uploads: Any) -> None:
        await self._try_note(uploads=dict(uploads))

    def _tell_draft_failed(self, error: AppError) -> None:
        if not self._is_draft_failing:
            self._is_draft_failing = True
            self.draft_failed.emit(error)

    async def _put_aside(self, why: KeptWhy) -> None:
        """Keep all strokes in a draft of their own and take them off the screen.

        Raises:
            StoreFailed: they could not be kept; they stay on the screen.
        """
        held = self._held()
        await self._put_note(why=why, lock_id="", lock_until=None)
        while not self.is_drafted:  # what the server has by now need not be on the disk
            await self.flush()
        # Nothing is awaited from here until the strokes are off the screen.
        kept_id = self._note.id
        self._begin_draft(**held)
        self._kept_id = kept_id
        self._feed(leases.SetAside())
        self.set_aside.emit(kept_id)
        if held["lock_id"]:
            await self._try_note()

    def _begin_draft(self, **held: Any) -> None:
        self._saved = self._drafted = self._edit
        self._note = DraftNote(
            new_draft_id(), self.asset.id, self.asset.name, edit=self._edit, base=self._base,
            sent=self._note.sent, **held,
        )  # fmt: skip

    async def _forget_strokes(self) -> None:
        """Empty the draft: the server has what is in it."""
        async with self._drafting:
            if self.is_unsaved:  # drawn while we waited
                return
            sent = tuple(replace(one, is_doubtful=False) for one in self._note.sent)
            self._note = replace(self._note, has_strokes=False, sent=sent, base=self._base)
            with suppress(StoreFailed):  # then it is offered once more than needed
                await self._room.run(self._drafts.clear, self._note)

    async def _give_up(self, edit: int | None) -> None:
        """Forget the strokes; what is left of the draft is the lock, if there is one.

        Args:
            edit: do so only if this is the last one; None in any case.
        """
        held = self._held()
        async with self._drafting:
            if edit is not None and edit != self._edit:
                return
            old_id = self._note.id
            self._begin_draft(**held)
            if held["lock_id"]:
                with suppress(StoreFailed):
                    await self._room.run(self._drafts.put, self._note)
            await self._room.run(self._drafts.remove, old_id)
        await self._drive(leases.Discarded())

    async def resume(self, draft_id: str) -> Draft | None:
        """Go on with a kept draft of this canvas: load it into the editor.

        Strokes that are not saved go into a kept draft of their own before.

        Returns:
            None if the server turned out to have it already.

        Raises:
            AppError: it cannot be read.
        """
        draft: Draft = await self._room.run(self._drafts.load, draft_id)
        async with self._saving:
            while self.is_unsaved:
                await self._put_aside(KeptWhy.REPLACED)
            held, old = self._held(), self._note
            self.recovered = None
            if draft_id == self._kept_id:
                self._kept_id = None
            await self._take_up(draft)
            if self.recovered is not None and self.lease.is_ours:
                await self._try_note(**held)
            with suppress(StoreFailed):
                await self._room.run(self._leave_behind, old)
            return self.recovered

    def _leave_behind(self, note: DraftNote) -> None:
        """Remove a draft that was saved, unless an older save may yet take that one's place."""
        if note.has_strokes and note.is_doubtful:
            self._drafts.put(replace(note, why=KeptWhy.LATE, lock_id="", lock_until=None))
        else:
            self._drafts.remove(note.id)

    def _held(self) -> dict[str, Any]:
        return {"lock_id": self._note.lock_id, "lock_until": self._note.lock_until}

    async def _take_up(self, draft: Draft) -> None:
        """Go on with a draft of an earlier run, or one that was set aside."""
        # Edits are numbered on: what is under way here must not pass for the draft's.
        note = _renumbered(draft.note, self._edit + 1)
        is_saved = (self._base.digest, note.edit) in {(s.digest, s.edit) for s in note.sent}
        async with self._drafting:
            self._edit = self._drafted = note.edit
            self._saved = note.edit if is_saved else note.edit - 1
            if not is_saved:
                self._base = note.base or self._base
            self._note = replace(note, why=KeptWhy.OPEN, base=self._base)
        if is_saved:  # the save had arrived after all: there is nothing to go on with
            await self._settle(note)
            return
        self.recovered = draft
        if note.lock_until is not None:
            self._asked.append(note.lock_until)
        if self.lease.is_ours:
            self._queue += [*self._feed(leases.Edited()), leases.Compare()]
        else:
            self._queue += self._feed(leases.Resumed(note.lock_id))

    async def _settle(self, note: DraftNote) -> None:
        """Let go of a draft that the server has, unless an older save may still arrive."""
        digest = self._base.digest
        is_last = not any(one.is_doubtful and one.digest != digest for one in note.sent)
        if note.lock_id:
            await self._do_unlock(note.lock_id)
        if is_last:
            await self._forget_strokes()
        elif not note.lock_id:
            await self._settle_doubts()

    # --- sending ------------------------------------------------------------------------------

    def _require_lease(self) -> None:
        """Refuse to send.

        Raises:
            Refused, ChangedMeanwhile: why.
        """
        self._queue += self._feed(leases.Ticked())
        if self.is_foreign:
            raise _foreign()
        if self.lease.is_ours and self.lease.is_changed:
            raise _changed()
        if not self.lease.can_send:
            raise Refused(
                "The canvas is not locked by you; nothing was sent. Your strokes are kept here.",
                hint="Take the lock again, or save a copy.",
            )

    def _own(self) -> set[str]:
        return {sent.digest for sent in self._note.sent}

    async def _send(
        self, text: str, thumbnail: str | None, edit: int, drawn_on: str, *, is_snapshot: bool
    ) -> Asset:
        """Compare, send once, make sure.

        Args:
            drawn_on: digest of the base when the text was taken from the screen. Somebody's save
                that was shown since would be overwritten by it.
        """
        async with self._wiring:
            self._require_lease()
            is_same = await self._compare()
            if not is_same or self._base.digest not in {drawn_on, *self._own()}:
                raise _changed()
            self._require_lease()
            digest = digest_of(text)
            # The same text may be on its way already: then its own arrival settles nothing.
            was_doubtful = any(one.digest == digest and one.is_doubtful for one in self._note.sent)
            await self._note_sent(Sent(digest, edit, is_doubtful=True))
            update = AssetUpdate(
                canvas=text, thumbnail=thumbnail, lock_id=self.lease.lock_id,
                lock_expires_at=wire_time(
                    self._now().server + timedelta(seconds=self._room.times.lease.lease_s)
                ),
                disable_snapshot=None if is_snapshot else True,
            )  # fmt: skip
            try:
                asset, revision = await self._ask(self._wire.save(update, self._base))
            except AppError as error:
                await self._after_failure(error, digest, is_kept=was_doubtful)
                raise
            self.asset, self.text, self._base = asset, text, revision
            self._theirs = None  # what was looked at before is an older version now
            self._saved = max(self._saved, edit)
            self._feed(leases.Renewed(self._wire.lock_end(asset)))
            self._feed(leases.Compared(True))
            self._feed(leases.Saved(self.is_unsaved))
            await self._note_sent(Sent(digest, edit, is_doubtful=was_doubtful))
            # A doubtful save that still arrives would take the place of this one.
            if not self.is_unsaved and not self._note.is_doubtful:
                await self._forget_strokes()
            return asset

    async def _after_failure(self, error: AppError, digest: str, *, is_kept: bool) -> None:
        if isinstance(error, SaveUncertain):
            return
        if isinstance(error, ChangedMeanwhile):
            self._feed(leases.Compared(False))
            return
        if not is_kept:  # the server refused it or never got it: it cannot arrive any more
            sent = tuple(one for one in self._note.sent if one.digest != digest)
            await self._try_note(sent=sent)
        if isinstance(error, Conflict):
            self._feed(leases.Denied(error.until))
        elif isinstance(error, NotFound):
            self._feed(leases.Vanished())

    async def _note_sent(self, sent: Sent) -> None:
        others = tuple(one for one in self._note.sent if one.digest != sent.digest)
        await self._try_note(sent=(*others, sent)[-_SENT:])

    async def _update(self, **values: str) -> None:
        async with self._wiring:
            lock_id = self.lease.lock_id if self.lease.is_ours else None
            update = AssetUpdate(**values, lock_id=lock_id, disable_snapshot=True)
            try:
                self.asset = await self._ask(self._room.client.update_asset(self.asset.id, update))
            except Conflict as error:
                if lock_id is not None:
                    self._feed(leases.Denied(error.until))
                raise

    async def _write_down(self, deed: Deed, text: str) -> None:
        try:
            await self._room.run(self._record.add, HistoryLine(self._clock.now(), deed, text))
        except StoreFailed as error:
            self._tell_draft_failed(error)

    # --- the tasks ----------------------------------------------------------------------------

    def _start(self) -> None:
        for work in (self._keep_lease, self._keep_draft, self._autosave):
            task = asyncio.get_running_loop().create_task(work(), name=work.__name__)
            task.add_done_callback(_report)
            self._tasks.append(task)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()

    async def _keep_lease(self) -> None:
        while True:
            self._wake.clear()
            effects, self._queue = [*self._queue, *self._feed(leases.Ticked())], []
            await self._perform(effects)
            if self._queue:
                continue
            self._wake.clear()
            due_s = leases.next_due_s(self.lease, self._now(), self._room.times.lease)
            await sleep_or_wake(self._clock, self._wake, due_s)

    async def _keep_draft(self) -> None:
        times = self._room.times
        begun_s = float("-inf")
        while True:
            await self._draft_wake.wait()
            # Counted from the last beginning: what was drawn while that one ran has waited already.
            pause_s = begun_s + times.draft_s - self._clock.monotonic()
            if pause_s > 0:
                await self._clock.sleep(pause_s)
            self._draft_wake.clear()
            begun_s = self._clock.monotonic()
            try:
                await self.flush()
            except StoreFailed as error:
                self._tell_draft_failed(error)
                await self._clock.sleep(times.draft_retry_s)
                self._draft_wake.set()

    async def _autosave(self) -> None:
        while True:
            await self._clock.sleep(self._room.times.autosave_s)
            if not self.is_unsaved or not self.lease.can_send:
                continue
            try:
                await self.save(is_snapshot=False)
            except AppError as error:
                self.save_failed.emit(error)


def _shown(lease: Lease) -> Lease:
    """Return what of a lease is worth telling."""
    return replace(lease, seen=None, touched_s=0.0, look_s=None)


def _renumbered(note: DraftNote, edit: int) -> DraftNote:
    """Return a note whose last edit has this number."""
    sent = tuple(
        replace(one, edit=edit if one.edit == note.edit else edit - 1) for one in note.sent
    )
    return replace(note, edit=edit, sent=sent)


def _foreign() -> Refused:
    return Refused(
        "This canvas was made by another program and is not changed here.",
        hint="Save a copy of it to draw on.",
    )


def _changed() -> ChangedMeanwhile:
    return ChangedMeanwhile(
        "Somebody saved this canvas since your first stroke; nothing was sent.",
        hint="Compare the two versions, or save yours as a copy.",
    )


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("%s of a canvas ended", task.get_name(), exc_info=error)

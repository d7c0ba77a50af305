"""Does what the lease's state machine wants done: asks, renews, looks, gives back."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

from scenario_desktop.errors import AppError, Conflict, NotFound, Offline, StoreFailed, TimedOut
from scenario_desktop.services.canvas import lease_effects, lease_events
from scenario_desktop.services.canvas.content import OpenCanvas
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.hold import Hold
from scenario_desktop.services.canvas.lease import Phase, Refusal
from scenario_desktop.services.canvas.lease_effects import Effect
from scenario_desktop.services.canvas.lease_events import Event
from scenario_desktop.services.canvas.remote import RemoteCanvas
from scenario_desktop.services.canvas.room import Room
from scenario_desktop.services.canvas.wire import CanvasWire, HeldByOther
from scenario_desktop.services.canvas.working_draft import WorkingDraft
from scenario_desktop.services.clock import sleep_or_wake

_log = logging.getLogger(__name__)


class LeaseKeeper:
    """Keeps the lease of one open canvas."""

    def __init__(
        self,
        room: Room,
        wire: CanvasWire,
        canvas: OpenCanvas,
        hold: Hold,
        draft: WorkingDraft,
        remote: RemoteCanvas,
        *,
        save: Callable[[], Awaitable[object]],
        on_failed: Callable[[AppError], object],
        on_idle: Callable[[], object],
        on_free: Callable[[str | None], object],
    ) -> None:
        """
        Args:
            save: called before the lock is given back where nobody is here; must not raise.
            on_failed: why the lock could not be asked for or renewed.
            on_idle: is anybody here?
            on_free: somebody else's lock has ended; called with the draft that was set aside.
        """
        self._clock, self._times = room.clock, room.times
        self._wire = wire
        self._canvas = canvas
        self._hold = hold
        self._draft = draft
        self._remote = remote
        self._save = save
        self._on_failed, self._on_idle, self._on_free = on_failed, on_idle, on_free
        self._asked: list[datetime] = []

    async def keep(self) -> None:
        """Do what is due as time goes on, without end."""
        hold = self._hold
        while True:
            hold.wake.clear()
            hold.post(lease_events.Ticked())
            await self._perform(hold.take_due())
            if hold.has_due:
                continue
            hold.wake.clear()
            await sleep_or_wake(self._clock, hold.wake, hold.due_s)

    async def drive(self, event: Event) -> None:
        """Feed an event and do what follows from it, to the end."""
        await self._perform(self._hold.feed(event))

    def remember_asked(self, until: datetime) -> None:
        """A lock that ends then may be ours although its id was lost."""
        self._asked.append(until)

    async def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            await self._do(effect)

    async def _do(self, effect: Effect) -> None:
        match effect:
            case lease_effects.AskLock():
                await self._lock(effect)
            case lease_effects.Renew():
                await self._renew(effect)
            case lease_effects.Unlock(lock_id):
                await self.unlock(lock_id)
            case lease_effects.Compare():
                await self._compare()
            case lease_effects.PutAside():
                await self._put_aside()
            case lease_effects.AskIdle():
                self._on_idle()
            case lease_effects.EndIdle():
                await self._save()
                await self.drive(lease_events.ReleaseWanted(is_idle=True))
            case lease_effects.Look():
                await self._look()
            case lease_effects.TellFree():
                self._on_free(self._draft.kept_id)

    async def _lock(self, effect: lease_effects.AskLock) -> None:
        hold, draft = self._hold, self._draft
        event: Event
        async with self._remote.turn:
            if not (hold.lease.is_asking and hold.lease.ask == effect.ask):
                return
            # Should the answer be lost and the program end, this tells that the lock is ours.
            asked = tuple(self._asked)
            self._asked = [*asked[-10:], effect.until]
            await draft.try_put(lock_id=effect.own_lock_id, lock_until=effect.until)
            try:
                answer = await self._remote.ask(
                    self._wire.lock(effect.until, effect.own_lock_id, asked)
                )
            except NotFound:
                event = lease_events.Vanished()
            except AppError as error:
                self._on_failed(error)
                is_offline = isinstance(error, Offline | TimedOut)
                why = Refusal.OFFLINE if is_offline else Refusal.FAILED
                event = lease_events.LockFailed(effect.ask, why)
            else:
                if isinstance(answer, HeldByOther):
                    event = lease_events.LockDenied(effect.ask, answer.until, answer.is_own)
                else:
                    event = lease_events.LockGranted(effect.ask, answer.lock_id, answer.until)
            effects = hold.feed(event)
            if hold.lease.is_ours:
                await draft.try_put(lock_id=hold.lease.lock_id, lock_until=hold.lease.until)
        await self._perform(effects)

    async def _renew(self, effect: lease_effects.Renew) -> None:
        hold = self._hold
        event: Event
        async with self._remote.turn:
            if hold.lease.phase is not Phase.RENEWING or hold.lease.lock_id != effect.lock_id:
                return
            try:
                event = lease_events.Renewed(
                    await self._remote.ask(self._wire.renew(effect.lock_id, effect.until))
                )
            except Conflict as error:
                event = lease_events.Denied(error.until)
            except NotFound:
                event = lease_events.Vanished()
            except AppError as error:
                self._on_failed(error)
                event = lease_events.RenewFailed(isinstance(error, Offline | TimedOut))
            effects = hold.feed(event)
            if hold.lease.is_ours:
                await self._draft.try_put(lock_until=hold.lease.until)
        await self._perform(effects)

    async def unlock(self, lock_id: str) -> None:
        """Give a lock of ours back; one that cannot be given back ends by itself."""
        draft = self._draft
        async with self._remote.turn:
            try:
                await self._remote.ask(self._wire.unlock(lock_id))
            except AppError as error:
                # The note keeps the id, so that the next start can try.
                canvas_id = self._canvas.asset.id
                _log.info("the lock of canvas %s was not given back: %s", canvas_id, error)
                return
            if draft.note.lock_id == lock_id:
                await draft.try_put(lock_id="", lock_until=None)
            if draft.note.is_doubtful and not draft.is_unsaved:
                await self._remote.settle_doubts()

    async def _compare(self) -> None:
        async with self._remote.turn:
            if not self._hold.lease.is_ours:
                return
            with suppress(AppError):  # every save compares anyway
                await self._remote.compare()

    async def _put_aside(self) -> None:
        await self._draft.until_rest()
        while True:
            try:
                await self._draft.put_aside(KeptWhy.REFUSED)
            except StoreFailed as error:
                # Better strokes on the screen without a lock than no strokes.
                self._draft.tell_failed(error)
                await self._clock.sleep(self._times.draft_retry_s)
            else:
                return

    async def _look(self) -> None:
        canvas = self._canvas
        async with self._remote.turn:
            try:
                asset = await self._remote.look()
            except NotFound:
                self._hold.feed(lease_events.Vanished())
                return
            except AppError:
                return  # the next look is due by itself
            effects = self._hold.feed(lease_events.Looked(self._wire.lock_end(asset)))
            canvas.asset = asset
            if asset.updated_at != canvas.base.updated_at and not self._draft.is_unsaved:
                with suppress(AppError):
                    await self._remote.compare()
        await self._perform(effects)

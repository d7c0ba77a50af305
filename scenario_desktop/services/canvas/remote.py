"""The canvas on the server: what is asked and told of it while it is open.

What it must not do: send anything without the lease, or over a version that was not seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from scenario_desktop.api.models.assets import Asset, AssetUpdate
from scenario_desktop.api.moments import wire_time
from scenario_desktop.errors import AppError, Conflict, NotFound, Offline, Refused, TimedOut
from scenario_desktop.services.canvas import lease_events
from scenario_desktop.services.canvas.content import OpenCanvas, Revision
from scenario_desktop.services.canvas.draft_manifest import KeptWhy, Sent
from scenario_desktop.services.canvas.hold import Hold, changed_meanwhile
from scenario_desktop.services.canvas.wire import (
    CanvasClient,
    CanvasWire,
    ChangedMeanwhile,
    SaveUncertain,
    digest_of,
)
from scenario_desktop.services.canvas.working_draft import WorkingDraft

T = TypeVar("T")


class RemoteCanvas:
    """One open canvas on the server; every answer tells the lease whether it can be reached.

    Attributes:
        turn: held by whoever compares, locks, saves, renews or unlocks, or goes on with another
            draft: never two of them at once.
    """

    def __init__(
        self,
        client: CanvasClient,
        wire: CanvasWire,
        canvas: OpenCanvas,
        hold: Hold,
        draft: WorkingDraft,
        *,
        on_replaced: Callable[[str], object],
    ) -> None:
        """
        Args:
            on_replaced: called with the text that somebody saved, where nothing of ours was on it.
        """
        self._client = client
        self._wire = wire
        self._canvas = canvas
        self._hold = hold
        self._draft = draft
        self._on_replaced = on_replaced
        self._theirs: tuple[str, Revision] | None = None
        self.turn = asyncio.Lock()

    async def ask(self, call: Awaitable[T]) -> T:
        """Await an answer and note whether the server can be reached."""
        try:
            answer = await call
        except (Offline, TimedOut):
            self._hold.feed(lease_events.Connected(False))
            raise
        self._hold.feed(lease_events.Connected(True))
        return answer

    # --- reading ------------------------------------------------------------------------------

    async def look(self) -> Asset:
        """Read the record only.

        Raises:
            NotFound: the canvas was deleted.
            AppError: it cannot be read.
        """
        return await self.ask(self._wire.look())

    async def see_if_it_is_gone(self) -> None:
        """Tell a canvas that was deleted from a part of it that was not found."""
        try:
            await self.look()
        except NotFound:
            self._hold.feed(lease_events.Vanished())

    async def compare(self) -> bool:
        """Return whether the server has what we know; in its turn.

        What somebody saved is simply shown where nothing of ours would be lost by it.
        """
        canvas, draft = self._canvas, self._draft
        try:
            found = await self.ask(self._wire.compare(canvas.base, draft.own_digests))
        except NotFound:
            await self.see_if_it_is_gone()
            raise
        if found.is_same or not draft.is_unsaved:
            is_new = found.text is not None and found.revision.digest != canvas.base.digest
            self._set_base(found.revision)
            if found.text is not None and is_new and not found.is_same:
                await self._show(found.text)
        self._hold.feed(lease_events.Compared(found.is_same or not draft.is_unsaved))
        return found.is_same

    async def _show(self, text: str) -> None:
        draft = self._draft
        self._canvas.text = text
        old = draft.note
        if old.has_strokes:  # a save of ours was undone by an older one: it keeps its draft
            draft.begin(**draft.lock)
        self._on_replaced(text)
        if old.has_strokes:
            await draft.leave_behind(old)
            if draft.note.lock_id:
                await draft.try_put()

    async def settle_doubts(self) -> None:
        """See what a doubtful save has come to, now that its lock is gone and it cannot arrive."""
        try:
            digest = digest_of(await self.ask(self._wire.text()))
        except AppError:
            return  # the strokes stay in the draft
        if digest == self._canvas.base.digest:
            await self._draft.forget_strokes()
        else:  # an older save of ours, or what somebody made of it
            await self._draft.try_put(why=KeptWhy.LATE)

    # --- two versions -------------------------------------------------------------------------

    async def read_theirs(self) -> str:
        """Read the version on the server, to be chosen or not.

        Raises:
            AppError: it cannot be read.
        """
        async with self.turn:
            _, text, revision = await self.ask(self._wire.read())
            self._theirs = (text, revision)
            return text

    @property
    def theirs(self) -> tuple[str, Revision]:
        """What ``read_theirs`` found, until a choice is made or a save of ours is newer.

        Raises:
            Refused: it was not read.
        """
        if self._theirs is None:
            raise Refused("The other version has not been looked at yet.")
        return self._theirs

    def settle_on(self, text: str, revision: Revision) -> None:
        """Take a version of the server for what the strokes are drawn on: the choice is made."""
        self._canvas.text, self._theirs = text, None
        self._set_base(revision)
        self._hold.feed(lease_events.Resolved())

    def _set_base(self, revision: Revision) -> None:
        self._canvas.base = revision
        self._draft.note_base()

    # --- sending ------------------------------------------------------------------------------

    async def send(
        self, text: str, thumbnail: str | None, edit: int, drawn_on: str, *, is_snapshot: bool
    ) -> Asset:
        """Compare, send once, make sure.

        Args:
            edit: the number of the last edit in the text.
            drawn_on: digest of the base when the text was taken from the screen. Somebody's save
                that was shown since would be overwritten by it.

        Raises:
            AppError: as ``CanvasSession.save``.
        """
        canvas, draft, hold = self._canvas, self._draft, self._hold
        async with self.turn:
            hold.require()
            is_same = await self.compare()
            if not is_same or canvas.base.digest not in {drawn_on, *draft.own_digests}:
                raise changed_meanwhile()
            hold.require()
            digest = digest_of(text)
            # The same text may be on its way already: then its own arrival settles nothing.
            was_doubtful = any(one.digest == digest and one.is_doubtful for one in draft.note.sent)
            await draft.put_sent(Sent(digest, edit, is_doubtful=True))
            update = AssetUpdate(
                canvas=text, thumbnail=thumbnail, lock_id=hold.lease.lock_id,
                lock_expires_at=wire_time(hold.wanted_end),
                disable_snapshot=None if is_snapshot else True,
            )  # fmt: skip
            try:
                asset, revision = await self.ask(self._wire.save(update, canvas.base))
            except AppError as error:
                await self._after_failure(error, digest, is_kept=was_doubtful)
                raise
            canvas.asset, canvas.text, canvas.base = asset, text, revision
            self._theirs = None  # what was looked at before is an older version now
            draft.saved = max(draft.saved, edit)
            hold.feed(lease_events.Renewed(self._wire.lock_end(asset)))
            hold.feed(lease_events.Compared(True))
            hold.feed(lease_events.Saved(draft.is_unsaved))
            await draft.put_sent(Sent(digest, edit, is_doubtful=was_doubtful))
            # A doubtful save that still arrives would take the place of this one.
            if not draft.is_unsaved and not draft.note.is_doubtful:
                await draft.forget_strokes()
            return asset

    async def _after_failure(self, error: AppError, digest: str, *, is_kept: bool) -> None:
        if isinstance(error, SaveUncertain):
            return
        if isinstance(error, ChangedMeanwhile):
            self._hold.feed(lease_events.Compared(False))
            return
        if not is_kept:  # the server refused it or never got it: it cannot arrive any more
            sent = tuple(one for one in self._draft.note.sent if one.digest != digest)
            await self._draft.try_put(sent=sent)
        if isinstance(error, Conflict):
            self._hold.feed(lease_events.Denied(error.until))
        elif isinstance(error, NotFound):
            self._hold.feed(lease_events.Vanished())

    async def update(self, **values: str) -> None:
        """Change the name or the description, under the lock if it is ours.

        Raises:
            AppError: it was not changed, as far as anybody knows.
        """
        async with self.turn:
            lease = self._hold.lease
            lock_id = lease.lock_id if lease.is_ours else None
            update = AssetUpdate(**values, lock_id=lock_id, disable_snapshot=True)
            asset_id = self._canvas.asset.id
            try:
                self._canvas.asset = await self.ask(self._client.update_asset(asset_id, update))
            except Conflict as error:
                if lock_id is not None:
                    self._hold.feed(lease_events.Denied(error.until))
                raise

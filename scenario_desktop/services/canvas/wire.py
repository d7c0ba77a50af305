"""What is said to the server about one canvas, and what its silence may mean.

Nothing here is repeated blindly. When the answer to a lock, a save or an unlock is lost, the canvas
is read first; only what it shows decides what happens next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from scenario_desktop.api.models.assets import Asset, AssetCreate, AssetPage, AssetUpdate
from scenario_desktop.api.models.canvas import LockAnswer, Snapshot, SnapshotPage
from scenario_desktop.api.moments import wire_time
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    Conflict,
    Forbidden,
    NotFound,
    Offline,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from scenario_desktop.services.canvas.content import Revision


class CanvasClient(Protocol):
    """What the canvas needs of the connection."""

    @property
    def server_time_offset_s(self) -> float | None: ...
    async def get_asset(self, asset_id: str) -> Asset: ...
    async def list_assets(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        sort_by: str = "updatedAt",
        types: Sequence[str] = (),
        created_after: datetime | None = None,
        parent_asset_id: str | None = None,
    ) -> AssetPage: ...
    async def create_asset(self, asset: AssetCreate) -> Asset: ...
    async def create_canvas(self, canvas: AssetCreate) -> Asset: ...
    async def update_asset(self, asset_id: str, update: AssetUpdate) -> Asset: ...
    async def lock_asset(self, asset_id: str, until: datetime) -> LockAnswer: ...
    async def unlock_asset(
        self, asset_id: str, *, lock_id: str | None = None, is_forced: bool = False
    ) -> Asset: ...
    async def list_snapshots(
        self, asset_id: str, *, page_size: int = 10, token: str | None = None
    ) -> SnapshotPage: ...
    async def canvas_text(self, asset_id: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """The lock is ours."""

    lock_id: str = field(repr=False)
    until: datetime | None


@dataclass(frozen=True, slots=True)
class HeldByOther:
    """The lock stands and is not ours to use; ``is_own`` when a lost request of ours made it."""

    until: datetime | None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the server has now.

    Attributes:
        is_same: it is what the strokes are drawn on, or a save of ours.
        text: the document, if it had to be read.
    """

    is_same: bool
    revision: Revision
    text: str | None = None


class ChangedMeanwhile(Conflict):
    """Somebody else saved the canvas since the strokes were begun."""


class SaveUncertain(AppError):
    """Nobody knows whether a save arrived, or whether it still will."""


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_doubtful(error: AppError) -> bool:
    """Return whether the server may have done what it gave no proper answer to."""
    if isinstance(error, Unreachable):
        return False
    return isinstance(error, Offline | TimedOut | ServerFailed | BadAnswer)


class CanvasWire:
    """The connection to one canvas."""

    def __init__(
        self, client: CanvasClient, asset_id: str, server_now: Callable[[], datetime]
    ) -> None:
        """
        Args:
            server_now: the time by the server's clock.
        """
        self._client = client
        self._id = asset_id
        self._server_now = server_now
        self._unsure_renewal: datetime | None = None

    def lock_end(self, asset: Asset) -> datetime | None:
        """Return when the lock of a canvas ends; None if it is free."""
        until = asset.lock_expires_at
        return until if until is not None and until > self._server_now() else None

    # --- reading ------------------------------------------------------------------------------

    async def look(self) -> Asset:
        """Read the record.

        Raises:
            NotFound: it was deleted, if only into the trash.
            AppError: it cannot be read.
        """
        asset = await self._client.get_asset(self._id)
        if asset.deleted_at is not None:
            raise NotFound("This canvas was deleted.", hint="Restore it from the trash.")
        return asset

    async def text(self) -> str:
        return await self._client.canvas_text(self._id)

    async def read(self) -> tuple[Asset, str, Revision]:
        """Read the canvas whole.

        The record comes before the text: a save between the two then shows as a difference later.
        """
        asset = await self.look()
        snapshot = await self._newest_hash()
        text = await self.text()
        return asset, text, Revision(asset.updated_at, snapshot, digest_of(text))

    async def compare(self, base: Revision, own: Collection[str]) -> Comparison:
        """Compare the server's canvas with what we know.

        Args:
            own: digests of texts that we have sent.
        """
        asset = await self.look()
        snapshot = await self._newest_hash()
        is_dated = asset.updated_at is not None and asset.updated_at == base.updated_at
        if is_dated and snapshot is not None and snapshot == base.snapshot:
            return Comparison(True, base)
        # Renaming, locking and renewing may count as updates: only the text tells.
        text = await self.text()
        digest = digest_of(text)
        revision = Revision(asset.updated_at, snapshot, digest)
        return Comparison(digest == base.digest or digest in own, revision, text)

    async def _newest_hash(self) -> str | None:
        """Return the hash of the newest snapshot, "" for none; None where there is no history."""
        try:
            page = await self._client.list_snapshots(self._id)
        except (Forbidden, Refused):  # not in this plan
            return None
        newest: Snapshot | None = None
        for snapshot in page.snapshots:  # the newest first, where two have the same time
            if newest is None or _is_newer(snapshot, newest):
                newest = snapshot
        return newest.hash if newest is not None else ""

    # --- the lock -----------------------------------------------------------------------------

    async def lock(
        self, until: datetime, own_lock_id: str, asked: Collection[datetime]
    ) -> Granted | HeldByOther:
        """Take the lock.

        Args:
            own_lock_id: a lock that may still be ours, "" for none; it is tried first.
            asked: ends that were asked for before; a lock that ends then is ours, its id lost.

        Raises:
            AppError: it was not taken, as far as anybody knows.
        """
        if own_lock_id:
            try:
                return Granted(own_lock_id, await self.renew(own_lock_id, until))
            except Conflict:
                pass  # it is not ours any more
        ends = {wire_time(end) for end in asked}
        end = self.lock_end(await self.look())
        # Some servers give the lock to whoever has the same keys: another computer may hold it.
        if end is not None and wire_time(end) not in ends:
            return HeldByOther(end)
        try:
            return self._granted(await self._client.lock_asset(self._id, until))
        except Conflict as error:
            return await self._held(error, ends)
        except AppError as error:
            if not is_doubtful(error):
                raise
        end = self.lock_end(await self.look())
        ends.add(wire_time(until))
        if end is not None and wire_time(end) not in ends:
            return HeldByOther(end)
        # Either it never arrived, or it is ours under an id that we were not told.
        try:
            return self._granted(await self._client.lock_asset(self._id, until))
        except Conflict as error:
            return await self._held(error, ends)

    async def renew(self, lock_id: str, until: datetime) -> datetime | None:
        """Let our lock stand longer; returns until when, None if the server does not say.

        Raises:
            Conflict: the lock is not ours any more; ``until`` tells of another one.
            AppError: nobody knows.
        """
        if self._unsure_renewal is not None:
            end = self.lock_end(await self.look())
            if end is not None and wire_time(end) == wire_time(self._unsure_renewal):
                self._unsure_renewal = None
                return end
        update = AssetUpdate(
            lock_id=lock_id, lock_expires_at=wire_time(until), disable_snapshot=True
        )
        try:
            asset = await self._client.update_asset(self._id, update)
        except Conflict as error:
            self._unsure_renewal = None
            raise await self._with_end(error) from error
        except AppError as error:
            self._unsure_renewal = until if is_doubtful(error) else None
            raise
        self._unsure_renewal = None
        return self.lock_end(asset)

    async def unlock(self, lock_id: str) -> None:
        """Give our lock back. That it is not ours any more is no error.

        Raises:
            AppError: nobody knows; it will end by itself.
        """
        try:
            await self._client.unlock_asset(self._id, lock_id=lock_id)
        except (Conflict, NotFound):
            return
        except AppError as error:
            if not is_doubtful(error):
                raise
            if self.lock_end(await self.look()) is None:
                return
            try:
                await self._client.unlock_asset(self._id, lock_id=lock_id)
            except (Conflict, NotFound):
                return

    async def force(self) -> None:
        """End the lock whoever holds it.

        Raises:
            AppError: it still stands, as far as anybody knows.
        """
        try:
            await self._client.unlock_asset(self._id, is_forced=True)
        except AppError as error:
            if not is_doubtful(error):
                raise
            try:
                is_locked = self.lock_end(await self.look()) is not None
            except AppError:
                is_locked = True  # as far as anybody knows
            if is_locked:
                raise

    def _granted(self, answer: LockAnswer) -> Granted:
        return Granted(answer.lock_id or "", self.lock_end(answer.asset))

    async def _held(self, error: Conflict, ends: Collection[str]) -> HeldByOther:
        until = (await self._with_end(error)).until
        return HeldByOther(until, until is not None and wire_time(until) in ends)

    async def _with_end(self, error: Conflict) -> Conflict:
        """Return a conflict that says when the other lock ends, if there is one."""
        if error.until is not None:
            return error
        return Conflict(
            error.message, hint=error.hint, details=error.details,
            until=self.lock_end(await self.look()),
        )  # fmt: skip

    # --- saving -------------------------------------------------------------------------------

    async def save(self, update: AssetUpdate, base: Revision) -> tuple[Asset, Revision]:
        """Send a canvas once, and make sure of it.

        Raises:
            ChangedMeanwhile: somebody else's canvas is there now.
            Conflict: the server did not take it: the lock is not ours.
            SaveUncertain: nobody knows whether it arrived, or will.
            AppError: it did certainly not arrive.
        """
        text = update.canvas or ""
        digest = digest_of(text)
        try:
            asset = await self._client.update_asset(self._id, update)
        except Conflict as error:
            raise await self._with_end(error) from error
        except AppError as error:
            if not is_doubtful(error):
                raise
            return await self._after_doubt(digest, base, error)
        if digest != base.digest and asset.updated_at == base.updated_at:  # nothing moved
            return await self._after_doubt(digest, base, BadAnswer("The save changed nothing."))
        snapshot = base.snapshot if update.disable_snapshot else None
        return asset, Revision(asset.updated_at, snapshot, digest)

    async def _after_doubt(
        self, digest: str, base: Revision, error: AppError
    ) -> tuple[Asset, Revision]:
        asset: Asset | None = None
        found = base.digest
        try:
            asset = await self.look()
            found = digest_of(await self.text())
        except AppError:
            asset = None
        # Where nothing was to change, what is there proves nothing: it may still be on its way, and
        # would then take the place of newer saves.
        if asset is not None and found == digest != base.digest:
            return asset, Revision(asset.updated_at, None, digest)
        if found != base.digest:
            raise ChangedMeanwhile(
                "Somebody saved this canvas meanwhile; nothing of it was overwritten.",
                hint="Compare the two versions, or save yours as a copy.",
            ) from error
        raise SaveUncertain(
            "It is not certain whether the canvas was saved; your strokes are kept here.",
            hint="It is looked at again before anything else is sent.",
            details=error.details or error.message,
        ) from error


def _is_newer(one: Snapshot, other: Snapshot) -> bool:
    if one.taken_at is None or other.taken_at is None:
        return False
    return one.taken_at > other.taken_at

"""Sends edits that were applied here first: in order, each until the server has acknowledged it.

Every kind of edit may be sent twice without harm, so a doubtful answer is simply tried again. What
the server refuses stops the queue: later edits may rest on it, and only the user can decide. Each
service has a queue of its own in here, so that trouble with one does not hold up the other.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset, AssetUpdate
from scenario_desktop.errors import (
    AppError,
    ConcurrencyLimit,
    Conflict,
    Offline,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unauthorised,
)
from scenario_desktop.items import Source
from scenario_desktop.services.words import counted
from scenario_desktop.store.outbox import Edit, EditKind, OutboxStore

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient

#: Failures that pass by themselves: the edit waits. Everything else is a refusal.
PASSING = (Offline, TimedOut, Unauthorised, RateLimited, ConcurrencyLimit, ServerFailed)

#: Requests of one edit that run at the same time.
PARALLEL = 6

#: Assets per delete or restore request.
BATCH = 100


class Outbox:
    """The queue of edits of one workspace.

    Signals:
        changed: the number of waiting edits or the refusal has changed.

    Attributes:
        roll_back: awaited with edits that do not hold any more, newest first; takes them out of
            the mirror. Set by the owner of the mirror.
        mark_favourite: tells the second service whether a prediction is a favourite; None while
            there is no connection to it.
    """

    changed = Signal()

    def __init__(
        self,
        store: OutboxStore,
        client: ScenarioClient,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._edits: list[Edit] = []
        # A page that was asked for before an edit arrived there shows the older state.
        self._acknowledged: deque[tuple[float, Edit]] = deque(maxlen=1000)
        self._sending = {source: asyncio.Lock() for source in Source}
        self._errors: dict[Source, AppError] = {}
        self.mark_favourite: Callable[[str, bool], Awaitable[object]] | None = None
        self.roll_back: Callable[[Sequence[Edit]], Awaitable[None]] = _keep

    async def open(self) -> None:
        await self._store.open()
        self._edits = await self._store.all()

    async def aclose(self) -> None:
        await self._store.aclose()

    @property
    def waiting(self) -> int:
        """How many edits the server has not acknowledged."""
        return len(self._edits)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The waiting edits, oldest first."""
        return tuple(self._edits)

    @property
    def last_error(self) -> AppError | None:
        """Why the edits wait, None when nothing waits or nothing was tried."""
        return next(iter(self._errors.values()), None)

    @property
    def refused(self) -> Edit | None:
        """The edit that stops a queue, if any; the oldest one."""
        return next((edit for edit in self._edits if edit.refusal), None)

    def is_due(self, source: Source) -> bool:
        """Whether something for a service can be sent."""
        first = self._first(source)
        return first is not None and not first.refusal

    def overlay(self, assets: Sequence[Asset], *, asked_at: float | None = None) -> list[Asset]:
        """Return what the server sent with our own newer edits applied.

        Args:
            asked_at: when the server was asked, on the clock given at the start.
        """
        recent = [] if asked_at is None else [e for at, e in self._acknowledged if at >= asked_at]
        edits = [*recent, *self._edits]
        if not edits:
            return list(assets)
        by_id: dict[str, list[Edit]] = {}
        for edit in edits:
            for asset_id in edit.asset_ids:
                by_id.setdefault(asset_id, []).append(edit)
        return [_with_edits(asset, by_id.get(asset.id, ())) for asset in assets]

    async def submit(self, edits: Sequence[Edit], apply: Callable[[], Awaitable[None]]) -> bool:
        """Keep edits, show them, and send them now, if the way is free.

        Args:
            apply: puts the edits into the mirror. They are on the disk before, so that nothing
                that was seen done is forgotten by a program that ends just then.

        Returns:
            Whether all of them have arrived; False means that they wait.

        Raises:
            AppError: the server refuses one of them; it and those after it of the same call are
                forgotten and rolled back. Or the mirror did not take them; they are forgotten.
        """
        kept = await self._store.add(edits)
        try:
            await apply()
        except AppError:
            for edit in kept:
                await self._store.remove(edit.id)
            raise
        self._edits.extend(kept)
        self.changed.emit()
        own = {edit.id for edit in kept}
        try:
            for source in dict.fromkeys(edit.kind.source for edit in kept):
                await self.replay(source)
        except PASSING:
            return False
        except AppError:
            if not any(edit.refusal and edit.id in own for edit in self._edits):
                return False
            await self._forget([edit for edit in self._edits if edit.id in own])
            raise
        return not any(edit.id in own for edit in self._edits)

    async def replay(self, source: Source = Source.SCENARIO) -> None:
        """Send what waits for a service, oldest first; stop at the first that does not arrive.

        Raises:
            AppError: why it stopped.
        """
        async with self._sending[source]:
            self._errors.pop(source, None)
            try:
                while (edit := self._first(source)) is not None and not edit.refusal:
                    await self._send_first(edit)
            except AppError as error:
                self._errors[source] = error
                raise
            finally:
                self.changed.emit()

    async def retry(self) -> None:
        """Send the refused edit again, and then those behind it.

        Raises:
            AppError: as ``replay``.
        """
        refused = self.refused
        if refused is not None:
            await self._store.keep_only(refused.id, refused.asset_ids, "")
            self._put(replace(refused, refusal=""))
        await self.replay(refused.kind.source if refused is not None else Source.SCENARIO)

    async def discard(self) -> None:
        """Give the refused edit up; those behind it can go on."""
        refused = self.refused
        if refused is not None:
            await self._forget([refused])

    async def _forget(self, edits: list[Edit]) -> None:
        for edit in edits:
            await self._store.remove(edit.id)
            self._edits.remove(edit)
        self.changed.emit()
        await self.roll_back(edits[::-1])

    def _first(self, source: Source) -> Edit | None:
        return next((edit for edit in self._edits if edit.kind.source is source), None)

    def _put(self, edit: Edit) -> None:
        """Put an edit in the place of its former self, wherever that is by now."""
        self._edits = [edit if former.id == edit.id else former for former in self._edits]

    async def _send_first(self, edit: Edit) -> None:
        arrived: list[str] = []
        try:
            await self._send(edit, arrived)
        except AppError as error:
            open_ids = tuple(i for i in edit.asset_ids if i not in set(arrived))
            refusal = "" if isinstance(error, PASSING) else error.message
            self._put(replace(edit, asset_ids=open_ids, refusal=refusal))
            await self._store.keep_only(edit.id, open_ids, refusal)
            raise
        await self._store.remove(edit.id)
        self._edits = [other for other in self._edits if other.id != edit.id]
        self._acknowledged.append((self._clock(), edit))

    async def _send(self, edit: Edit, arrived: list[str]) -> None:
        """Send one edit; what has arrived is added to the list even when it fails on the way."""
        match edit.kind:
            case EditKind.DELETE | EditKind.RESTORE:
                for start in range(0, len(edit.asset_ids), BATCH):
                    ids = edit.asset_ids[start : start + BATCH]
                    if edit.kind is EditKind.DELETE:
                        await self._client.delete_assets(ids)
                    else:
                        await self._restore(ids)
                    arrived.extend(ids)
            case EditKind.COLLECT | EditKind.UNCOLLECT:
                await self._collect(edit, edit.asset_ids)
            case _:
                await self._send_each(edit, arrived)

    async def _collect(self, edit: Edit, ids: Sequence[str]) -> None:
        """Put in or take out. The service refuses a call as soon as one asset is so already, as
        after an answer that was lost: then only the others are sent."""
        collection_id = edit.body["collection_id"]
        is_in = edit.kind is EditKind.COLLECT
        send = self._client.add_to_collection if is_in else self._client.remove_from_collection
        try:
            await send(collection_id, ids)
        except (Refused, Conflict):
            assets = await self._client.get_assets(ids)
            others = [a.id for a in assets if (collection_id in a.collection_ids) is not is_in]
            if len(others) == len(ids):
                raise
            if others:
                await send(collection_id, others)

    async def _restore(self, ids: Sequence[str]) -> None:
        answer = await self._client.restore_assets(ids)
        skipped = [s for s in answer.skipped_assets if s.reason != "not-deleted"]
        if skipped:
            raise Refused(
                f"{len(skipped)} of {len(ids)} items could not be restored.",
                hint="Deleted items are kept for 30 days on some plans only.",
                details="\n".join(f"{s.asset_id}: {s.reason}" for s in skipped),
            )

    async def _send_each(self, edit: Edit, arrived: list[str]) -> None:
        ids = iter(edit.asset_ids)
        errors: list[AppError] = []

        async def work() -> None:
            for asset_id in ids:
                if errors:
                    return
                try:
                    await self._send_one(edit, asset_id)
                except AppError as error:
                    errors.append(error)
                else:
                    arrived.append(asset_id)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(PARALLEL, len(edit.asset_ids))):
                group.create_task(work())
        if errors:
            # A refusal among passing failures is the one that the user must hear of.
            raise next((e for e in errors if not isinstance(e, PASSING)), errors[0])

    async def _send_one(self, edit: Edit, asset_id: str) -> None:
        match edit.kind:
            case EditKind.TAGS:
                await self._client.update_tags(asset_id, edit.body["add"], edit.body["remove"])
            case EditKind.NAME:
                await self._client.update_asset(asset_id, AssetUpdate(name=edit.body["text"]))
            case EditKind.FAVOURITE:
                if self.mark_favourite is None:
                    raise Unauthorised("There is no connection to Sartiq.", hint="Log in again.")
                await self.mark_favourite(asset_id, edit.body["value"])
            case _:
                await self._client.update_asset(
                    asset_id, AssetUpdate(description=edit.body["text"])
                )


async def _keep(edits: Sequence[Edit]) -> None:
    """Roll nothing back: there is no mirror yet."""


def describe(edit: Edit) -> str:
    """Return what an edit does, for the user: "Add tag forest to 3 items"."""
    what = counted(len(edit.asset_ids), "item")
    match edit.kind:
        case EditKind.TAGS:
            added, removed = edit.body["add"], edit.body["remove"]
            verb, join = ("Add", "to") if added else ("Remove", "from")
            tags = added or removed
            return f"{verb} {'tag' if len(tags) == 1 else 'tags'} {', '.join(tags)} {join} {what}"
        case EditKind.NAME:
            return f"Rename to “{edit.body['text']}”"
        case EditKind.DESCRIPTION:
            return "Change a description"
        case EditKind.DELETE:
            return f"Delete {what}"
        case EditKind.RESTORE:
            return f"Restore {what}"
        case EditKind.COLLECT:
            return f"Add {what} to a collection"
        case EditKind.UNCOLLECT:
            return f"Remove {what} from a collection"
        case EditKind.FAVOURITE:
            into = "Add" if edit.body["value"] else "Remove"
            return f"{into} {what} {'to' if edit.body['value'] else 'from'} the favourites"


def inverse(edit: Edit) -> Edit:
    """Return the edit that takes this one back."""
    body: dict[str, Any]
    match edit.kind:
        case EditKind.TAGS:
            body = {"add": edit.body["remove"], "remove": edit.body["add"]}
            return replace(edit, id=0, body=body, refusal="")
        case EditKind.NAME | EditKind.DESCRIPTION | EditKind.FAVOURITE:
            return replace(edit, id=0, body=edit.before, before=edit.body, refusal="")
        case EditKind.DELETE:
            return Edit(EditKind.RESTORE, edit.asset_ids, before=edit.body)
        case EditKind.RESTORE:
            return Edit(EditKind.DELETE, edit.asset_ids, body=edit.before)
        case EditKind.COLLECT:
            return replace(edit, id=0, kind=EditKind.UNCOLLECT, refusal="")
        case EditKind.UNCOLLECT:
            return replace(edit, id=0, kind=EditKind.COLLECT, refusal="")


def with_edit(asset: Asset, edit: Edit) -> Asset:
    """Return the asset as it is after an edit."""
    match edit.kind:
        case EditKind.TAGS:
            kept = [tag for tag in asset.tags if tag not in edit.body["remove"]]
            added = [tag for tag in edit.body["add"] if tag not in kept]
            return asset.model_copy(update={"tags": (*kept, *added)})
        case EditKind.NAME:
            metadata = {**asset.metadata, "name": edit.body["text"]}
            return asset.model_copy(update={"metadata": metadata})
        case EditKind.DESCRIPTION:
            return asset.model_copy(update={"description": edit.body["text"]})
        case EditKind.DELETE:
            at = datetime.fromisoformat(edit.body["at"]) if edit.body else datetime.now(UTC)
            return asset.model_copy(update={"deleted_at": at})
        case EditKind.RESTORE:
            return asset.model_copy(update={"deleted_at": None})
        case EditKind.COLLECT:
            others = [c for c in asset.collection_ids if c != edit.body["collection_id"]]
            return asset.model_copy(
                update={"collection_ids": (*others, edit.body["collection_id"])}
            )
        case EditKind.UNCOLLECT:
            rest = tuple(c for c in asset.collection_ids if c != edit.body["collection_id"])
            return asset.model_copy(update={"collection_ids": rest})
        case EditKind.FAVOURITE:
            metadata = {n: v for n, v in asset.metadata.items() if n != "favourite"}
            metadata |= {"favourite": True} if edit.body["value"] else {}
            return asset.model_copy(update={"metadata": metadata})


def _with_edits(asset: Asset, edits: Sequence[Edit]) -> Asset:
    for edit in edits:
        asset = with_edit(asset, edit)
    return asset

"""A server of canvases in memory, with the lock rules of the local engine and the same clock.

``client`` makes connections of two users, each with a network that can be told to fail: before a
request arrives, after it was done (the answer is lost), or by delivering it late.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from scenario_desktop.api.models.assets import Asset, AssetCreate, AssetPage, AssetUpdate
from scenario_desktop.api.models.canvas import LockAnswer, Snapshot, SnapshotPage
from scenario_desktop.api.moments import read_moment, wire_time
from scenario_desktop.errors import (
    BadInput,
    Conflict,
    NotFound,
    Offline,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from scenario_desktop.services.clock import Clock

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class World(Clock):
    """True time, and what a computer believes of it.

    Attributes:
        true_s: seconds since the start, on the server's clock.
        asleep_s: of these, so many the computer slept; its steady clock stood still.
        wrong_s: the computer's wall clock less the true time.
    """

    def __init__(self) -> None:
        self.true_s = 0.0
        self.asleep_s = 0.0
        self.wrong_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    @property
    def server_now(self) -> datetime:
        return START + timedelta(seconds=self.true_s)

    def now(self) -> datetime:
        return self.server_now + timedelta(seconds=self.wrong_s)

    def monotonic(self) -> float:
        return self.true_s - self.asleep_s

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.Event()
        entry = (self.monotonic() + delay_s, wake)
        self._sleepers.append(entry)
        try:
            await wake.wait()
        finally:
            self._sleepers.remove(entry)

    def suspend(self, seconds: float) -> None:
        """Let the computer sleep; nothing of it moves."""
        self.true_s += seconds
        self.asleep_s += seconds

    async def advance(self, seconds: float, on_step: Callable[[], None] | None = None) -> None:
        """Let time pass: each sleeper wakes at its own time and acts to its end."""
        end = self.monotonic() + seconds
        while True:
            await drain()
            if on_step is not None:
                on_step()
            at = min((at for at, _ in self._sleepers if at <= end), default=end)
            self.true_s += max(0.0, at - self.monotonic())
            due = [wake for time, wake in self._sleepers if time <= at]
            for wake in due:
                wake.set()
            if not due:
                await drain()
                if on_step is not None:
                    on_step()
                return


async def drain() -> None:
    """Let everything go on that waits for nothing but its turn."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    while ready:  # noqa: ASYNC110 - the condition belongs to the code under test
        await asyncio.sleep(0)


class Fault(StrEnum):
    """What happens to the next request of a kind."""

    UNREACHABLE = "unreachable"  # not a byte left
    BEFORE = "before"  # broken on the way there
    AFTER = "after"  # done, the answer is lost
    FAILED = "failed"  # done, the answer is an error of the server
    LATE = "late"  # given up by the client; it arrives when ``deliver`` is called


@dataclass
class Lock:
    id: str
    user: str
    until: datetime


@dataclass
class Canvas:
    """A canvas as the server has it. ``saves``: user and text of every save, in order."""

    id: str
    name: str
    text: str
    updated_at: datetime
    description: str = ""
    thumbnail: str | None = None
    lock: Lock | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    saves: list[tuple[str, str]] = field(default_factory=list)
    deleted: bool = False


@dataclass
class CanvasServer:
    """The server.

    Attributes:
        has_ids: whether a lock's answer names its id.
        touches: whether locking and renewing count as updates.
        fences: whether the id of a lock that has ended is refused, as our engine does.
        pictures: base64 by asset id, with the parent and the name.
    """

    world: World = field(default_factory=World)
    has_ids: bool = True
    touches: bool = True
    fences: bool = True
    canvases: dict[str, Canvas] = field(default_factory=dict)
    pictures: dict[str, AssetCreate] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    forced: list[str] = field(default_factory=list)
    _count: int = 0

    def client(self, user: str) -> CanvasLink:
        return CanvasLink(self, user)

    def add(self, canvas_id: str, text: str, name: str = "Poster") -> Canvas:
        canvas = Canvas(canvas_id, name, text, self.world.server_now)
        self.canvases[canvas_id] = canvas
        return canvas

    def deliver(self) -> None:
        """Let all late requests arrive; what they would be answered nobody hears."""
        late, self.late = self.late, []
        for work in late:
            try:
                work()
            except (Conflict, NotFound, BadInput):
                continue

    # the rules

    def live(self, canvas: Canvas) -> Lock | None:
        lock = canvas.lock
        return lock if lock is not None and lock.until > self.world.server_now else None

    def lock(self, canvas_id: str, until: datetime, user: str) -> str:
        canvas = self.get(canvas_id)
        held = self.live(canvas)
        if held is not None and held.user != user:
            raise Conflict("Somebody else is editing this canvas.", until=held.until)
        canvas.lock = Lock(self._new("lock"), user, self._clamped(until))
        self._touch(canvas)
        return canvas.lock.id

    def unlock(self, canvas_id: str, lock_id: str | None, is_forced: bool) -> None:
        canvas = self.get(canvas_id)
        held = self.live(canvas)
        if held is None:
            return
        if is_forced:
            self.forced.append(canvas_id)
        elif held.id != lock_id:
            raise Conflict("Another lock.", until=held.until)
        canvas.lock = None
        self._touch(canvas)

    def update(self, canvas_id: str, update: AssetUpdate, user: str) -> None:
        canvas = self.get(canvas_id)
        held = self.live(canvas)
        is_checked = held is not None or self.fences
        if is_checked and update.lock_id != (held.id if held else None):
            raise Conflict("Not the lock.", until=held.until if held else None)
        if held is not None and update.lock_expires_at is not None:
            until = read_moment(update.lock_expires_at)
            assert until is not None
            held.until = self._clamped(until)
        if update.canvas is not None:
            canvas.text = update.canvas
            canvas.thumbnail = update.thumbnail or canvas.thumbnail
            canvas.saves.append((user, update.canvas))
            if not update.disable_snapshot:
                self._snapshot(canvas, user)
        canvas.name = update.name or canvas.name
        canvas.description = update.description or canvas.description
        is_content = update.canvas is not None or bool(update.name or update.description)
        self._touch(canvas, is_content=is_content)

    def get(self, canvas_id: str) -> Canvas:
        canvas = self.canvases.get(canvas_id)
        if canvas is None or canvas.deleted:
            raise NotFound("No such canvas.")
        return canvas

    def asset(self, asset_id: str) -> Asset:
        if asset_id in self.pictures:
            create = self.pictures[asset_id]
            meta: dict[str, Any] = {"name": create.name, "parentId": create.parent_id}
            return Asset(id=asset_id, kind="image", metadata=meta, is_hidden=bool(create.hide))
        canvas = self.get(asset_id)
        meta = {"type": "canvas", "name": canvas.name}
        held = self.live(canvas)
        if held is not None:
            meta["lockExpiresAt"] = wire_time(held.until)
        return Asset(
            id=canvas.id, kind="json", updated_at=canvas.updated_at, metadata=meta,
            description=canvas.description,
        )  # fmt: skip

    def create(self, create: AssetCreate) -> str:
        if create.canvas is not None:
            canvas_id = self._new("canvas")
            self.add(canvas_id, create.canvas, create.name)
            return canvas_id
        asset_id = self._new("layer")
        self.pictures[asset_id] = create
        return asset_id

    def _snapshot(self, canvas: Canvas, user: str) -> None:
        digest = hashlib.sha256(canvas.text.encode()).hexdigest()
        taken = Snapshot(
            author_id=user, hash=digest, raw_data=canvas.text, taken_at=self.world.server_now
        )
        canvas.snapshots.insert(0, taken)

    def _touch(self, canvas: Canvas, *, is_content: bool = False) -> None:
        if self.touches or is_content:
            least = canvas.updated_at + timedelta(milliseconds=1)
            canvas.updated_at = max(self.world.server_now, least)

    def _clamped(self, until: datetime) -> datetime:
        now = self.world.server_now
        return min(max(until, now + timedelta(minutes=1)), now + timedelta(hours=1))

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


class CanvasLink:
    """One user's connection; fits where a canvas's client is asked for.

    Attributes:
        faults: by method, what happens to its next calls.
        is_down: nothing gets through.
        latency_s: from the call to its arrival.
        hold: while set, answers to locks wait for it.
        calls: method names in order.
    """

    def __init__(self, server: CanvasServer, user: str) -> None:
        self.server = server
        self.user = user
        self.faults: dict[str, list[Fault | Exception]] = {}
        self.is_down = False
        self.latency_s = 0.0
        self.hold: asyncio.Event | None = None
        self.calls: list[str] = []
        self.server_time_offset_s: float | None = None

    def count(self, *methods: str) -> int:
        return sum(name in methods for name in self.calls)

    async def _call(self, method: str, work: Callable[[], Any]) -> Any:
        self.calls.append(method)
        await self.server.world.sleep(self.latency_s)
        if self.is_down:
            raise Unreachable("No connection to the server.")
        fault = self.faults[method].pop(0) if self.faults.get(method) else None
        if isinstance(fault, Exception):
            raise fault
        if fault is Fault.UNREACHABLE:
            raise Unreachable("No connection to the server.")
        if fault is Fault.BEFORE:
            raise Offline("The connection was interrupted.")
        if fault is Fault.LATE:
            self.server.late.append(work)
            raise TimedOut("The server did not answer in time.")
        try:
            answer = work()
        finally:
            if fault is Fault.AFTER:
                raise TimedOut("The server did not answer in time.")
            if fault is Fault.FAILED:
                raise ServerFailed("The server reports a fault of its own.")
        world = self.server.world
        self.server_time_offset_s = (world.server_now - world.now()).total_seconds()
        if self.hold is not None and method == "lock_asset":
            await self.hold.wait()
        return answer

    async def get_asset(self, asset_id: str) -> Asset:
        asset: Asset = await self._call("get_asset", lambda: self.server.asset(asset_id))
        return asset

    async def list_assets(self, **query: Any) -> AssetPage:
        def work() -> AssetPage:
            parent = query.get("parent_asset_id")
            if parent is not None:
                ids = [i for i, p in self.server.pictures.items() if p.parent_id == parent]
            else:
                ids = list(self.server.canvases)
            return AssetPage(assets=tuple(self.server.asset(i) for i in ids))

        page: AssetPage = await self._call("list_assets", work)
        return page

    async def create_asset(self, asset: AssetCreate) -> Asset:
        answer: Asset = await self._call(
            "create_asset", lambda: self.server.asset(self.server.create(asset))
        )
        return answer

    async def create_canvas(self, canvas: AssetCreate) -> Asset:
        answer: Asset = await self._call(
            "create_canvas", lambda: self.server.asset(self.server.create(canvas))
        )
        return answer

    async def update_asset(self, asset_id: str, update: AssetUpdate) -> Asset:
        def work() -> Asset:
            self.server.update(asset_id, update, self.user)
            return self.server.asset(asset_id)

        method = "save" if update.canvas is not None else "update_asset"
        answer: Asset = await self._call(method, work)
        return answer

    async def lock_asset(self, asset_id: str, until: datetime) -> LockAnswer:
        at = read_moment(wire_time(until))
        assert at is not None

        def work() -> LockAnswer:
            lock_id = self.server.lock(asset_id, at, self.user)
            asset = self.server.asset(asset_id)
            return LockAnswer(asset=asset, lock_id=lock_id if self.server.has_ids else None)

        answer: LockAnswer = await self._call("lock_asset", work)
        return answer

    async def unlock_asset(
        self, asset_id: str, *, lock_id: str | None = None, is_forced: bool = False
    ) -> Asset:
        def work() -> Asset:
            self.server.unlock(asset_id, lock_id, is_forced)
            return self.server.asset(asset_id)

        answer: Asset = await self._call("unlock_asset", work)
        return answer

    async def list_snapshots(
        self, asset_id: str, *, page_size: int = 10, token: str | None = None
    ) -> SnapshotPage:
        page: SnapshotPage = await self._call(
            "list_snapshots",
            lambda: SnapshotPage(snapshots=tuple(self.server.get(asset_id).snapshots[:page_size])),
        )
        return page

    async def canvas_text(self, asset_id: str) -> str:
        text: str = await self._call("canvas_text", lambda: self.server.get(asset_id).text)
        return text

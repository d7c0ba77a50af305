"""Sync: complete, bounded, resumable, and honest about why it stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from scenario_desktop.api.models.assets import AssetPage, Collection
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    Forbidden,
    Offline,
    RateLimited,
    ServerFailed,
    Unauthorised,
)
from scenario_desktop.items import ItemQuery, Section
from scenario_desktop.services.library import ChangeKind, Library, LibraryChange
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.services.sync import Sync, SyncState, SyncStatus, SyncTimes
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from tests.fakes_scenario import START, FakeScenario, make_asset
from tests.support import until

QUICK = SyncTimes(idle_s=0.01, tidy_s=0.0, first_wait_s=0.01, longest_wait_s=0.02, tell_s=0.0)


class Room:
    """A sync over a fake service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeScenario()
        self.changes: list[LibraryChange] = []
        self.statuses: list[SyncStatus] = []

    async def open(self, times: SyncTimes = QUICK) -> Room:
        client = cast(Any, self.server)
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite")
        await self.catalogue.open()
        self.outbox = Outbox(OutboxStore(self.folder / "outbox.sqlite"), client)
        await self.outbox.open()
        self.library = Library(client, self.catalogue, self.outbox)
        self.library.changed.connect(self.changes.append)
        self.sync = Sync(client, self.catalogue, self.library, times=times)
        self.sync.status_changed.connect(self.statuses.append)
        return self

    async def aclose(self) -> None:
        await self.sync.aclose()
        await self.outbox.aclose()
        await self.catalogue.aclose()

    async def count(self, section: Section = Section.ALL) -> int:
        return len(await self.library.keys(ItemQuery(section=section)))

    @property
    def pages(self) -> int:
        return self.server.count("list_assets")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = await Room(tmp_path).open()
    yield room
    await room.aclose()


async def test_the_first_pass_reads_every_page_once(room: Room) -> None:
    room.server.fill(1050)
    await room.sync.run_once()
    assert (await room.count(), room.pages) == (1050, 11)
    assert room.sync.status.state is SyncState.IDLE
    assert room.sync.status.done == 1050
    assert room.sync.status.at is not None


async def test_a_later_pass_reads_only_what_changed(room: Room) -> None:
    room.server.fill(500)
    await room.sync.run_once()
    room.server.put(make_asset(3, name="Renamed"))
    before = room.pages
    await room.sync.run_once()
    assert room.pages == before + 1
    item = await room.library.item("asset_000003")
    assert item is not None
    assert item.name == "Renamed"


async def test_unchanged_items_are_not_announced_again(room: Room) -> None:
    room.server.fill(5)
    await room.sync.run_once()
    room.changes.clear()
    await room.sync.run_once()
    assert room.changes == []


async def test_a_killed_first_pass_goes_on_where_it_was(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    room.server.fill(1000)
    room.server.errors["list_assets"] = []

    def break_off(page: AssetPage, token: str | None) -> AssetPage:
        if room.pages == 6:
            raise Offline("gone")
        return page

    room.server.page_hook = break_off
    with pytest.raises(Offline):
        await room.sync.run_once()
    assert await room.count() == 500
    await room.aclose()

    again = Room(tmp_path)
    again.server = room.server
    again.server.page_hook = None
    again.server.calls.clear()
    new = make_asset(5000)
    again.server.assets[new.id] = new
    await again.open()
    await again.sync.run_once()
    assert again.pages <= 6
    assert await again.count() == 1000
    await again.sync.run_once()
    assert await again.count() == 1001
    await again.aclose()


async def test_the_mark_moves_only_after_a_complete_pass(room: Room) -> None:
    room.server.fill(10)
    await room.sync.run_once()
    for number in range(100, 350):
        room.server.put(make_asset(number))
    room.server.page_hook = _break_on_page(2)
    with pytest.raises(ServerFailed):
        await room.sync.run_once()
    room.server.page_hook = None
    await room.sync.run_once()
    assert await room.count() == 260


def _break_on_page(number: int) -> Any:
    pages = 0

    def hook(page: AssetPage, token: str | None) -> AssetPage:
        nonlocal pages
        pages += 1
        if pages == number:
            raise ServerFailed("busy")
        return page

    return hook


async def test_items_that_changed_while_paging_are_neither_doubled_nor_lost(room: Room) -> None:
    room.server.fill(300)

    def shift(page: AssetPage, token: str | None) -> AssetPage:
        if room.pages == 1:
            room.server.put(make_asset(7, name="Moved to the front"))
        return page

    room.server.page_hook = shift
    await room.sync.run_once()
    await room.sync.run_once()
    item = await room.library.item("asset_000007")
    assert item is not None
    assert (await room.count(), item.name) == (300, "Moved to the front")


async def test_a_repeated_token_ends_the_pass_and_keeps_what_came(room: Room) -> None:
    room.server.fill(50)
    room.server.page_hook = lambda page, token: page.model_copy(
        update={"next_pagination_token": "A"}
    )
    room.server.list_assets = _ignoring_token(room.server)  # type: ignore[method-assign]
    with pytest.raises(BadAnswer, match="repeats"):
        await room.sync.run_once()
    assert room.pages == 2
    assert await room.count() == 50
    assert room.sync.status.state is SyncState.FAILED


async def test_a_circle_of_tokens_ends(room: Room) -> None:
    room.server.fill(50)
    room.server.page_hook = lambda page, token: page.model_copy(
        update={"next_pagination_token": "B" if token == "A" else "A"}
    )
    room.server.list_assets = _ignoring_token(room.server)  # type: ignore[method-assign]
    with pytest.raises(BadAnswer):
        await room.sync.run_once()
    assert room.pages == 3


async def test_endless_new_tokens_end(room: Room) -> None:
    room.server.fill(50)
    room.server.page_hook = lambda page, token: page.model_copy(
        update={"next_pagination_token": f"T{room.pages}"}
    )
    room.server.list_assets = _ignoring_token(room.server)  # type: ignore[method-assign]
    with pytest.raises(BadAnswer):
        await room.sync.run_once()
    assert room.pages < 30


def _ignoring_token(server: FakeScenario) -> Any:
    original = server.list_assets

    async def list_assets(**arguments: Any) -> AssetPage:
        arguments["token"], token = None, arguments.get("token")
        page, hook = await original(**arguments), server.page_hook
        return hook(page, token) if hook else page

    return list_assets


async def test_an_empty_page_with_a_token_is_not_the_end(room: Room) -> None:
    room.server.fill(10)
    full = await room.server.list_assets()
    room.server.calls.clear()

    async def list_assets(*, token: str | None = None, **_: Any) -> AssetPage:
        return full if token == "more" else AssetPage(next_pagination_token="more")

    room.server.list_assets = list_assets  # type: ignore[method-assign,assignment]
    await room.sync.run_once()
    assert await room.count() == 10


async def test_changes_of_a_long_pass_are_told_a_few_times_only(tmp_path: Path) -> None:
    room = await Room(tmp_path).open(SyncTimes(tell_s=60.0))
    room.server.fill(2000)
    await room.sync.run_once()
    added = [c for c in room.changes if c.kind is ChangeKind.ITEMS_ADDED]
    assert [len(c.keys) for c in added] == [100, 1900]
    await room.aclose()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Offline("x"), SyncState.OFFLINE),
        (Unauthorised("x"), SyncState.UNAUTHORISED),
        (ServerFailed("x"), SyncState.FAILED),
        (RateLimited("x", retry_after_s=30), SyncState.FAILED),
    ],
)
async def test_the_state_says_why_it_stands_still(
    room: Room, error: AppError, state: SyncState
) -> None:
    room.server.errors["list_assets"] = [error]
    with pytest.raises(AppError):
        await room.sync.run_once()
    assert room.sync.status.state is state
    assert room.sync.status.error is error


async def test_it_comes_back_by_itself(room: Room) -> None:
    room.server.fill(3)
    room.server.errors["list_assets"] = [Offline("x"), Offline("x")]
    room.sync.start()
    await until(lambda: room.sync.status.at is not None)
    assert [s.state for s in room.statuses if s.state is SyncState.OFFLINE]
    assert await room.count() == 3


async def test_a_wait_told_by_the_server_is_kept(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    room.server.errors["list_assets"] = [RateLimited("x", retry_after_s=500)]
    room.sync.start()
    await until(lambda: room.sync.status.retry_in_s is not None)
    assert room.sync.status.retry_in_s is not None
    assert room.sync.status.retry_in_s >= 400
    await room.aclose()


async def test_refused_keys_wait_for_the_user(room: Room) -> None:
    room.server.errors["list_assets"] = [Unauthorised("x")]
    room.sync.start()
    await until(lambda: room.sync.status.state is SyncState.UNAUTHORISED)
    assert room.sync.status.retry_in_s is None
    room.sync.request()
    await until(lambda: room.sync.status.state is SyncState.IDLE)


async def test_waiting_edits_go_before_reading(room: Room) -> None:
    room.server.fill(1)
    await room.sync.run_once()
    item = await room.library.item("asset_000000")
    assert item is not None
    room.server.errors["update_tags"] = [Offline("x")]
    await room.library.edit_tags([item.key], add=["forest"])
    room.server.calls.clear()
    room.sync.start()
    await until(lambda: room.outbox.waiting == 0)
    assert room.server.calls[0][0] == "update_tags"


async def test_a_refused_edit_does_not_hold_up_reading(room: Room) -> None:
    room.server.fill(1)
    await room.sync.run_once()
    item = await room.library.item("asset_000000")
    assert item is not None
    room.server.errors["update_tags"] = [Offline("x"), Forbidden("no")]
    await room.library.edit_tags([item.key], add=["forest"])
    room.server.put(make_asset(9))
    room.sync.start()
    await until(lambda: any(ChangeKind.ITEMS_ADDED is c.kind for c in room.changes[-3:]))
    await until(lambda: room.outbox.refused is not None)


async def test_items_deleted_elsewhere_go_to_the_trash_with_their_tags(room: Room) -> None:
    room.server.assets["asset_000001"] = make_asset(1, tags=("forest",))
    await room.sync.run_once()
    await room.server.delete_assets(["asset_000001"])
    await room.sync.run_once()
    await room.sync.tidy()
    assert (await room.count(), await room.count(Section.TRASH)) == (0, 1)
    item = await room.library.item("asset_000001")
    assert item is not None
    assert item.tags == ("forest",)


async def test_trash_of_other_computers_is_shown(room: Room) -> None:
    room.server.assets["asset_000001"] = make_asset(1, deleted_at=START + timedelta(hours=1))
    await room.sync.tidy()
    assert await room.count(Section.TRASH) == 1


async def test_a_plan_without_that_list_is_asked_once(room: Room) -> None:
    room.server.errors["list_assets"] = [Forbidden("plan")]
    await room.sync.tidy()
    await room.sync.tidy()
    assert room.pages == 1


async def test_items_gone_without_a_trace_are_swept_out(room: Room) -> None:
    room.server.fill(5)
    await room.sync.run_once()
    del room.server.assets["asset_000002"]
    await room.sync.tidy()
    assert await room.count() == 4
    assert room.changes[-1].kind is ChangeKind.ITEMS_REMOVED


async def test_an_empty_answer_sweeps_nothing_out(room: Room) -> None:
    room.server.fill(5)
    await room.sync.run_once()
    room.server.assets.clear()
    await room.sync.tidy()
    assert await room.count() == 5


async def test_collections_come_with_tidying(room: Room) -> None:
    room.server.collections["c1"] = Collection(id="c1", name="Ember")
    await room.sync.tidy()
    assert [c.name for c in (await room.library.counts()).collections] == ["Ember"]


async def test_the_loop_is_never_held_up(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    room.server.fill(3000)
    longest = 0.0
    is_done = False

    async def watch() -> None:
        nonlocal longest
        while not is_done:
            before = time.thread_time()  # its own: other threads and programs have theirs
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watcher = asyncio.create_task(watch())
    await room.sync.run_once()
    is_done = True
    await watcher
    # The fake server sorts three thousand assets in this loop; a page itself takes 1 to 2 ms.
    assert longest < 0.25
    await room.aclose()

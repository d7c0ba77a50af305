"""The second service's sync: what is there comes in, what is gone goes, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from scenario_desktop.api.models.sartiq.answers import PredictionsPublic
from scenario_desktop.errors import NotFound, Offline, ServerFailed, Unauthorised
from scenario_desktop.items import ItemQuery, Section, Source
from scenario_desktop.services.library import ChangeKind, Library, LibraryChange
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.services.sartiq import sync as sartiq_sync
from scenario_desktop.services.sartiq.library import SartiqLibrary
from scenario_desktop.services.sartiq.sync import SartiqSync
from scenario_desktop.services.sync_loop import SyncState, SyncTimes
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from tests.fakes_sartiq import START, FakeSartiq, make_id
from tests.fakes_scenario import FakeScenario, make_asset
from tests.support import until

QUICK = SyncTimes(idle_s=0.01, tidy_s=1_000.0, first_wait_s=0.01, longest_wait_s=0.02, tell_s=0.0)


class Room:
    """A library over both fake services, with the second one's sync."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeSartiq()
        self.changes: list[LibraryChange] = []
        self.now = START

    async def open(self) -> Room:
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite")
        await self.catalogue.open()
        scenario = cast(Any, FakeScenario())
        self.outbox = Outbox(OutboxStore(self.folder / "outbox.sqlite"), scenario)
        await self.outbox.open()
        self.outbox.mark_favourite = self.server.set_favourite
        self.library = Library(scenario, self.catalogue, self.outbox)
        self.library.changed.connect(self.changes.append)
        client = cast(Any, self.server)
        self.items = SartiqLibrary(client, self.catalogue, self.library, now=lambda: self.now)
        self.library.sartiq = self.items
        self.sync = SartiqSync(client, self.catalogue, self.library, self.items, times=QUICK)
        return self

    async def aclose(self) -> None:
        await self.sync.aclose()
        await self.outbox.aclose()
        await self.catalogue.aclose()

    async def ids(self, **query: Any) -> list[str]:
        keys = await self.library.keys(ItemQuery(**query))
        items = await self.library.items(keys)
        return [items[key].id for key in keys]

    async def count(self, **query: Any) -> int:
        return len(await self.library.keys(ItemQuery(**query)))

    def told(self, kind: ChangeKind) -> int:
        return len({key for change in self.changes if change.kind is kind for key in change.keys})


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = await Room(tmp_path).open()
    yield room
    await room.aclose()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sartiq_sync, "PAGE_SIZE", 4)
    monkeypatch.setattr(sartiq_sync, "FIRST_SIZE", 3)
    monkeypatch.setattr(sartiq_sync, "TIDY_PAGES", 2)
    monkeypatch.setattr(sartiq_sync, "TIDY_SIZE", 4)


async def test_everything_comes_in_newest_first(room: Room) -> None:
    for number in range(10):
        room.server.add(number)
    await room.sync.run_once()
    assert await room.count() == 20
    assert room.told(ChangeKind.ITEMS_ADDED) == 20
    assert room.sync.status.done == 20
    first = await room.library.item((await room.ids())[0])
    assert first is not None
    assert (first.group_id, first.source) == (make_id("g", 9), Source.SARTIQ)
    assert (await room.library.counts()).sections[Section.GENERATIONS] == 20


async def test_an_empty_service_is_no_trouble(room: Room) -> None:
    await room.sync.run_once()
    await room.sync.tidy()
    assert room.sync.status.state is SyncState.IDLE
    assert await room.count() == 0


async def test_a_second_pass_reads_one_page(room: Room) -> None:
    for number in range(10):
        room.server.add(number)
    await room.sync.run_once()
    room.changes.clear()
    room.server.calls.clear()
    await room.sync.run_once()
    assert room.server.calls == [("list_generations", 0)]
    assert room.changes == []
    room.server.add(11)
    await room.sync.run_once()
    assert await room.count() == 22


async def test_new_signatures_are_no_news(room: Room) -> None:
    generation = room.server.add(1)
    await room.sync.run_once()
    room.changes.clear()
    room.server.change(generation, 0, result_image_url="https://files.sartiq.test/0.png?sig=2")
    await room.sync.run_once()
    assert room.changes == []


async def test_a_walk_that_was_cut_short_goes_on_where_it_was(room: Room) -> None:
    for number in range(16):
        room.server.add(number, predictions=1)

    def fail(skip: int) -> None:
        if skip == 8:
            raise Offline("No network.")

    room.server.on_list = fail
    with pytest.raises(Offline):
        await room.sync.run_once()
    assert await room.count() == 8
    assert room.sync.status.state is SyncState.OFFLINE
    room.server.on_list = None
    room.server.calls.clear()
    await room.sync.run_once()
    assert await room.count() == 16
    # A known page first, then from a page before where it was.
    assert [skip for _, skip in room.server.calls] == [0, 4, 8, 12]


async def test_what_is_in_work_is_read_by_its_ids(room: Room) -> None:
    old = room.server.add(0, predictions=1)
    room.server.change(old, 0, result_image_url=None, status="RENDERING", created_at=room.now)
    for number in range(1, 9):
        room.server.add(number)
    await room.sync.run_once()
    item = await room.library.item(make_id("p", 0))
    assert item is not None
    assert item.status == "pending"
    room.server.change(old, 0, result_image_url="https://files.sartiq.test/0.png")
    room.server.calls.clear()
    await room.sync.run_once()
    assert room.server.calls == [("list_generations", 0), ("get_generations", [old.id])]
    item = await room.library.item(make_id("p", 0))
    assert item is not None
    assert item.status == "success"
    room.server.calls.clear()
    await room.sync.run_once()
    assert room.server.count("get_generations") == 0


async def test_what_a_colleague_has_in_work_is_read_alone(room: Room) -> None:
    theirs = room.server.add(0, predictions=1)
    room.server.foreign.add(theirs.id)
    room.server.change(theirs, 0, result_image_url=None, status="busy", created_at=room.now)
    for number in range(1, 9):
        room.server.add(number)
    await room.sync.run_once()
    room.server.calls.clear()
    await room.sync.run_once()
    assert ("get_generation", theirs.id) in room.server.calls
    assert await room.count(group_id=theirs.id) == 1


async def test_what_fails_says_why(room: Room) -> None:
    generation = room.server.add(1)
    room.server.change(
        generation, 0, result_image_url=None, status="KAPUTT", error_message="no face found"
    )
    await room.sync.run_once()
    item = await room.library.item(make_id("p", 100))
    assert item is not None
    assert item.status == "error"
    assert (await room.library.details(item.key)).metadata["error"] == "no face found"


async def test_refines_come_as_versions(room: Room) -> None:
    generation = room.server.add(1)
    await room.sync.run_once()
    room.server.refine(generation, 0)
    await room.sync.run_once()
    item = await room.library.item(make_id("p", 100))
    assert item is not None
    assert item.versions == 1
    (refine,) = await room.library.children(item)
    assert (refine.is_refine, refine.parent_id) == (True, item.id)
    assert await room.count() == 2
    assert await room.library.parent(refine) == item


async def test_a_prediction_deleted_elsewhere_goes(room: Room) -> None:
    generation = room.server.add(1, predictions=3)
    room.server.refine(generation, 0)
    await room.sync.run_once()
    room.server.remove(generation.predictions[0].id)
    await room.sync.run_once()
    assert await room.count() == 2
    assert room.told(ChangeKind.ITEMS_REMOVED) == 2


async def tidy_all(room: Room) -> None:
    for _ in range(12):
        await room.sync.tidy()


async def test_a_generation_deleted_elsewhere_goes_in_rounds(room: Room) -> None:
    made = [room.server.add(number, predictions=1) for number in range(20)]
    await room.sync.run_once()
    for number in (1, 10, 19):
        del room.server.generations[made[number].id]
    await tidy_all(room)
    assert await room.count() == 17
    assert set(await room.catalogue.generations_between()) == set(room.server.generations)


async def test_an_old_change_is_found_in_rounds(room: Room) -> None:
    made = [room.server.add(number, predictions=1) for number in range(20)]
    await room.sync.run_once()
    room.server.change(made[2], 0, favourite=True)
    await room.sync.run_once()
    assert await room.count(section=Section.FAVOURITES) == 0
    await tidy_all(room)
    assert await room.ids(section=Section.FAVOURITES) == [make_id("p", 200)]


async def test_a_mark_made_elsewhere_is_taken_over_at_once(room: Room) -> None:
    """Marks have a list of their own: no round over all generations is needed."""
    made = [room.server.add(number, predictions=1) for number in range(300)]
    await room.sync.run_once()
    room.server.change(made[2], 0, favourite=True)
    await room.sync.tidy()
    assert await room.ids(section=Section.FAVOURITES) == [make_id("p", 200)]
    room.server.change(room.server.generations[made[2].id], 0, favourite=False)
    await room.sync.tidy()
    assert await room.count(section=Section.FAVOURITES) == 0


async def test_of_an_organisation_the_list_of_marks_is_not_all(room: Room) -> None:
    made = room.server.add(1, predictions=1)
    room.server.change(made, 0, favourite=True)
    await room.sync.run_once()
    room.server.organisation = "org"
    room.server.calls.clear()

    async def none(**_: Any) -> PredictionsPublic:
        return PredictionsPublic()

    room.server.list_predictions = none  # type: ignore[method-assign]
    await room.sync.tidy()
    assert room.server.count("get_generations") == 0
    assert await room.count(section=Section.FAVOURITES) == 1


async def test_a_server_without_the_list_of_marks_is_tidied_all_the_same(room: Room) -> None:
    room.server.add(1)
    await room.sync.run_once()
    room.server.errors["list_predictions"] = [ServerFailed("Ouch.")]
    await room.sync.tidy()
    assert await room.count() == 2


async def test_nothing_goes_because_a_page_failed(room: Room) -> None:
    for number in range(20):
        room.server.add(number, predictions=1)
    await room.sync.run_once()

    def fail(skip: int) -> None:
        if skip >= 4:
            raise ServerFailed("Ouch.")

    room.server.on_list = fail
    for _ in range(4):
        with pytest.raises(ServerFailed):
            await room.sync.tidy()
    assert await room.count() == 20


async def test_nothing_goes_because_a_list_forgets_it(room: Room) -> None:
    made = [room.server.add(number, predictions=1) for number in range(6)]
    await room.sync.run_once()
    lost = room.server.generations.pop(made[3].id)
    found: list[str] = []

    async def still_there(generation_id: str) -> Any:
        found.append(generation_id)
        return lost

    room.server.get_generation = still_there  # type: ignore[method-assign]
    await tidy_all(room)
    assert set(found) == {lost.id}
    assert await room.count() == 6


async def test_what_may_not_be_seen_any_more_goes(room: Room) -> None:
    made = room.server.add(1)
    room.server.add(2)
    await room.sync.run_once()
    del room.server.generations[made.id]
    room.server.hidden.add(made.id)
    await tidy_all(room)
    assert await room.count() == 2


async def test_the_first_service_is_left_alone(room: Room) -> None:
    await room.library.merge([make_asset(1)])
    made = room.server.add(1)
    await room.sync.run_once()
    del room.server.generations[made.id]
    await tidy_all(room)
    assert await room.ids() == ["asset_000001"]


async def test_a_refused_login_asks_for_another(room: Room) -> None:
    room.server.errors["list_generations"] = [
        Unauthorised("The user name or the password was refused.", hint="Enter both again.")
    ]
    room.sync.start()
    await until(lambda: room.sync.status.state is SyncState.UNAUTHORISED)
    assert room.sync.status.retry_in_s is None
    assert room.sync.status.error is not None
    assert "refused" in room.sync.status.error.message
    room.sync.request()
    await until(lambda: room.sync.status.at is not None)


async def test_a_broken_connection_is_tried_again(room: Room) -> None:
    room.server.add(1)
    room.server.errors["list_generations"] = [Offline("No network."), ServerFailed("Ouch.")]
    room.sync.start()
    await until(lambda: room.told(ChangeKind.ITEMS_ADDED) == 2)


async def test_a_list_that_grows_while_it_is_read_loses_nothing(room: Room) -> None:
    for number in range(12):
        room.server.add(number, predictions=1)
    late = iter(range(12, 15))

    def grow(skip: int) -> None:
        if (number := next(late, None)) is not None:
            room.server.add(number, predictions=1)

    room.server.on_list = grow
    await room.sync.run_once()
    await room.sync.run_once()
    assert await room.count() == 15


async def test_servers_that_give_short_pages_are_read_whole(room: Room) -> None:
    room.server.page_limit = 3
    for number in range(10):
        room.server.add(number, predictions=1)
    await room.sync.run_once()
    assert await room.count() == 10


# favourites


async def key_of(room: Room, number: int) -> int:
    item = await room.library.item(make_id("p", number))
    assert item is not None
    return item.key


async def test_a_favourite_is_sent_and_can_be_taken_back(room: Room) -> None:
    room.server.add(1)
    await room.sync.run_once()
    key = await key_of(room, 100)
    await room.library.set_favourite([key], True)
    assert room.server.find(make_id("p", 100))[1].favourite
    assert await room.count(section=Section.FAVOURITES) == 1
    assert await room.library.history.undo() == "Make “boat 1” a favourite"
    assert not room.server.find(make_id("p", 100))[1].favourite
    await room.sync.run_once()
    assert await room.count(section=Section.FAVOURITES) == 0


async def test_a_favourite_waits_for_the_network_and_stays_marked(room: Room) -> None:
    generation = room.server.add(1)
    await room.sync.run_once()
    room.server.errors["set_favourite"] = [Offline("No network.")]
    await room.library.set_favourite([await key_of(room, 100)], True)
    assert room.outbox.waiting == 1
    room.server.change(generation, 1, favourite=True)
    await room.sync.run_once()  # the server's word is older than our edit
    assert await room.count(section=Section.FAVOURITES) == 2
    room.sync.start()
    await until(lambda: room.outbox.waiting == 0)
    assert room.server.find(make_id("p", 100))[1].favourite


async def test_a_refused_favourite_is_taken_back(room: Room) -> None:
    room.server.add(1)
    await room.sync.run_once()
    room.server.errors["set_favourite"] = [NotFound("No such prediction.")]
    with pytest.raises(NotFound):
        await room.library.set_favourite([await key_of(room, 100)], True)
    assert (room.outbox.waiting, await room.count(section=Section.FAVOURITES)) == (0, 0)


async def test_trouble_with_one_service_does_not_hold_up_the_other(room: Room) -> None:
    room.server.add(1)
    await room.sync.run_once()
    await room.library.merge([make_asset(5)])
    scenario = await room.library.item("asset_000005")
    assert scenario is not None
    fake = cast(FakeScenario, room.outbox._client)
    fake.assets["asset_000005"] = make_asset(5)
    fake.errors["update_asset"] = [Offline("No network.")]
    await room.library.rename(scenario.key, "waits")
    await room.library.set_favourite([await key_of(room, 100)], True)
    assert room.outbox.waiting == 1
    assert room.server.find(make_id("p", 100))[1].favourite
    await room.library.set_favourite([scenario.key], True)
    assert await room.count(section=Section.FAVOURITES) == 2


async def test_marking_a_refine_marks_its_prediction(room: Room) -> None:
    generation = room.server.add(1)
    refine = room.server.refine(generation, 0)
    await room.sync.run_once()
    item = await room.library.item(refine.id)
    assert item is not None
    await room.library.set_favourite([item.key], True)
    assert room.server.find(make_id("p", 100))[1].favourite


async def test_many_passes_at_once_do_not_double(room: Room) -> None:
    for number in range(6):
        room.server.add(number)
    await asyncio.gather(*(room.sync.run_once() for _ in range(3)), room.items.bring([]))
    assert await room.count() == 12
    assert room.sync.status.at is not None
    assert room.sync.status.at <= datetime.now(UTC)

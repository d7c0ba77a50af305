"""Edits of the library: shown at once, sent, taken back, and kept when there is no network."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from scenario_desktop.errors import (
    BadInput,
    Offline,
    Refused,
    ServerFailed,
    StoreFailed,
    TimedOut,
)
from scenario_desktop.items import ItemQuery, Section
from scenario_desktop.services.library import ChangeKind, Library, LibraryChange
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from tests.fakes_scenario import FakeScenario, make_asset


class Room:
    """A library over a fake service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeScenario()
        self.changes: list[LibraryChange] = []

    async def open(self) -> Room:
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite")
        await self.catalogue.open()
        client = cast(Any, self.server)
        self.outbox = Outbox(OutboxStore(self.folder / "outbox.sqlite"), client)
        await self.outbox.open()
        self.library = Library(client, self.catalogue, self.outbox)
        self.library.changed.connect(self.changes.append)
        return self

    async def aclose(self) -> None:
        await self.outbox.aclose()
        await self.catalogue.aclose()

    async def add(self, *numbers: int, **changes: Any) -> list[int]:
        assets = [make_asset(number, **changes) for number in numbers]
        self.server.assets.update((a.id, a) for a in assets)
        result = await self.library.merge(assets)
        return list(result.inserted)

    async def tags(self, key: int) -> set[str]:
        return set((await self.library.items([key]))[key].tags)

    def server_tags(self, number: int) -> set[str]:
        return set(self.server.assets[f"asset_{number:06}"].tags)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = await Room(tmp_path).open()
    yield room
    await room.aclose()


async def test_tags_are_set_here_and_there(room: Room) -> None:
    keys = await room.add(1, 2)
    await room.library.edit_tags(keys, add=["forest"])
    assert await room.tags(keys[0]) == {"forest"}
    assert room.server_tags(1) == room.server_tags(2) == {"forest"}
    assert room.changes[-1] == LibraryChange(ChangeKind.ITEMS_CHANGED, frozenset(keys))
    assert room.library.history.undo_text == "Add tag forest to 2 items"


async def test_undo_takes_a_tag_only_from_those_that_did_not_have_it(room: Room) -> None:
    (had,) = await room.add(1, tags=("forest",))
    (had_not,) = await room.add(2)
    await room.library.edit_tags([had, had_not], add=["forest"])
    await room.library.history.undo()
    assert (await room.tags(had), await room.tags(had_not)) == ({"forest"}, set())
    assert (room.server_tags(1), room.server_tags(2)) == ({"forest"}, set())
    await room.library.history.redo()
    assert room.server_tags(2) == {"forest"}


async def test_nothing_new_makes_no_step_and_no_request(room: Room) -> None:
    keys = await room.add(1, tags=("forest",))
    await room.library.edit_tags(keys, add=["forest"], remove=["sea"])
    assert not room.library.history.can_undo
    assert room.server.count("update_tags") == 0


async def test_a_refused_edit_is_rolled_back(room: Room) -> None:
    keys = await room.add(1)
    room.server.errors["update_tags"] = [Refused("Not allowed.")]
    with pytest.raises(Refused):
        await room.library.edit_tags(keys, add=["forest"])
    assert await room.tags(keys[0]) == set()
    assert room.outbox.waiting == 0
    assert not room.library.history.can_undo


async def test_what_is_seen_done_is_on_the_disk(room: Room) -> None:
    (key,) = await room.add(1)
    kept: list[int] = []
    store = sqlite3.connect(room.folder / "outbox.sqlite")

    def look(change: LibraryChange) -> None:
        if change.kind is ChangeKind.ITEMS_REMOVED:
            kept.append(store.execute("SELECT count(*) FROM edits").fetchone()[0])

    room.library.changed.connect(look)
    await room.library.delete([key])
    store.close()
    # A program that ended in this moment would send it at its next start.
    assert kept == [1]


async def test_what_the_catalogue_does_not_take_is_not_sent(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    (key,) = await room.add(1)

    async def full(*_args: Any) -> None:
        raise StoreFailed("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(room.catalogue, "edit", full)
        with pytest.raises(StoreFailed):
            await room.library.delete([key])
    assert room.outbox.waiting == 0
    await room.outbox.replay()
    assert room.server.count("delete_assets") == 0


async def test_an_offline_edit_waits_and_is_sent_in_order(room: Room) -> None:
    (key,) = await room.add(1)
    room.server.errors["update_asset"] = [Offline("gone")]
    await room.library.rename(key, "First")
    waiting = room.outbox.waiting
    room.server.errors["update_asset"] = [Offline("gone")]
    await room.library.rename(key, "Second")
    assert (waiting, room.outbox.waiting) == (1, 2)
    assert (await room.library.items([key]))[key].name == "Second"
    await room.outbox.replay()
    assert room.outbox.waiting == 0
    assert room.server.assets["asset_000001"].name == "Second"


async def test_waiting_edits_survive_the_program(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    (key,) = await room.add(1)
    room.server.errors["update_tags"] = [Offline("gone")]
    await room.library.edit_tags([key], add=["forest"])
    await room.aclose()
    server = room.server
    again = Room(tmp_path)
    again.server = server
    await again.open()
    assert again.outbox.waiting == 1
    await again.outbox.replay()
    assert server.assets["asset_000001"].tags == ("forest",)
    await again.aclose()


async def test_the_server_does_not_overwrite_a_waiting_edit(room: Room) -> None:
    (key,) = await room.add(1)
    room.server.errors["update_asset"] = [ServerFailed("busy")]
    await room.library.rename(key, "Mine")
    await room.library.merge([room.server.put(make_asset(1))])
    assert (await room.library.items([key]))[key].name == "Mine"


async def test_a_refusal_stops_the_queue_until_the_user_decides(room: Room) -> None:
    one, two = await room.add(1, 2)
    room.server.errors["update_tags"] = [Offline("gone"), Offline("gone")]
    await room.library.edit_tags([one], add=["forest"])
    await room.library.edit_tags([two], add=["sea"])
    room.server.errors["update_tags"] = [Refused("Not allowed.")]
    with pytest.raises(Refused):
        await room.outbox.replay()
    await room.outbox.replay()
    assert room.outbox.refused is not None
    assert room.outbox.refused.refusal == "Not allowed."
    assert room.server_tags(2) == set()
    await room.outbox.discard()
    assert await room.tags(one) == set()
    await room.outbox.replay()
    assert room.server_tags(2) == {"sea"}


async def test_a_refused_edit_can_be_sent_again(room: Room) -> None:
    (key,) = await room.add(1)
    room.server.errors["update_tags"] = [Offline("gone")]
    await room.library.edit_tags([key], add=["forest"])
    room.server.errors["update_tags"] = [Refused("Not now.")]
    with pytest.raises(Refused):
        await room.outbox.replay()
    await room.outbox.retry()
    assert room.server_tags(1) == {"forest"}


async def test_what_arrived_of_a_half_sent_edit_is_not_sent_again(room: Room) -> None:
    keys = await room.add(*range(20))
    failing = room.server.errors
    failing["update_tags"] = []
    original = room.server.update_tags

    async def update_tags(asset_id: str, add: Any, delete: Any) -> Any:
        if asset_id == "asset_000010":
            failing["update_tags"] = [Offline("gone")]
        return await original(asset_id, add, delete)

    room.server.update_tags = update_tags  # type: ignore[method-assign]
    await room.library.edit_tags(keys, add=["forest"])
    assert room.outbox.waiting == 1
    assert len(room.outbox.edits[0].asset_ids) < 20


async def test_deleting_and_undoing_brings_tags_and_collections_back(room: Room) -> None:
    await room.library.create_collection("Ember")
    (key,) = await room.add(1, tags=("forest",), collection_ids=("col_0",))
    await room.library.delete([key])
    assert len(await room.library.keys(ItemQuery())) == 0
    assert len(await room.library.keys(ItemQuery(section=Section.TRASH))) == 1
    await room.library.history.undo()
    asset = room.server.assets["asset_000001"]
    assert (asset.deleted_at, asset.tags, asset.collection_ids) == (None, ("forest",), ("col_0",))
    assert len(await room.library.keys(ItemQuery(collection_id="col_0"))) == 1
    await room.library.history.redo()
    assert room.server.assets["asset_000001"].deleted_at is not None


async def test_a_refused_restore_leaves_the_trash_as_it_was(room: Room) -> None:
    (key,) = await room.add(1, tags=("forest",))
    await room.library.delete([key])
    del room.server.assets["asset_000001"]
    with pytest.raises(Refused, match="could not be restored"):
        await room.library.restore([key])
    item = (await room.library.items([key]))[key]
    assert item.deleted_at is not None
    assert item.tags == ("forest",)


async def test_description_and_its_undo(room: Room) -> None:
    (key,) = await room.add(1, description="Old")
    await room.library.describe(key, "New")
    assert room.server.assets["asset_000001"].description == "New"
    await room.library.history.undo()
    assert (await room.library.details(key)).description == "Old"


async def test_favourites_are_local_and_undone(room: Room) -> None:
    (key,) = await room.add(1)
    await room.library.set_favourite([key], True)
    assert (await room.library.items([key]))[key].is_favourite
    await room.library.history.undo()
    assert not (await room.library.items([key]))[key].is_favourite


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
async def test_bad_names_are_refused_before_anything_is_sent(room: Room, name: str) -> None:
    (key,) = await room.add(1)
    with pytest.raises(BadInput):
        await room.library.rename(key, name)
    assert room.server.count("update_asset") == 0


async def test_collections_take_and_lose_items(room: Room) -> None:
    collection = await room.library.create_collection(" Ember  Valley ")
    assert collection.name == "Ember Valley"
    keys = await room.add(1, 2)
    await room.library.add_to_collection(collection.id, keys)
    counts = await room.library.counts()
    assert [(c.name, c.count) for c in counts.collections] == [("Ember Valley", 2)]
    await room.library.history.undo()
    assert room.server.assets["asset_000001"].collection_ids == ()
    await room.library.rename_collection(collection.id, "Valley")
    assert [c.name for c in (await room.library.counts()).collections] == ["Valley"]
    await room.library.delete_collection(collection.id)
    assert (await room.library.counts()).collections == ()


async def test_a_lost_answer_about_a_collection_is_no_refusal_later(room: Room) -> None:
    collection = await room.library.create_collection("Ember")
    keys = await room.add(1, 2)
    room.server.after_errors["add_to_collection"] = [TimedOut("slow")]
    await room.library.add_to_collection(collection.id, keys)
    assert room.outbox.waiting == 1
    await room.outbox.replay()
    assert room.outbox.waiting == 0


async def test_a_fresh_address_is_asked_for_each_time(room: Room) -> None:
    (key,) = await room.add(1)
    assert "Signature" in await room.library.fresh_url(key)
    await room.library.fresh_url(key)
    assert room.server.count("get_asset") == 2
    assert "Signature" not in (await room.library.details(key)).url


async def test_a_parent_that_is_not_here_is_brought(room: Room) -> None:
    room.server.assets["asset_000009"] = make_asset(9)
    (key,) = await room.add(
        1, metadata={"name": "Map", "type": "detection", "parentId": "asset_000009"}
    )
    item = (await room.library.items([key]))[key]
    parent = await room.library.parent(item)
    assert parent is not None
    assert parent.name == "Picture 9"
    assert [child.id for child in await room.library.children(parent)] == [item.id]


async def test_results_of_a_job_are_brought_in_their_order(room: Room) -> None:
    room.server.fill(3)
    items = await room.library.bring(["asset_000002", "asset_000000", "gone"])
    assert [item.name for item in items] == ["Picture 2", "Picture 0"]
    assert room.changes[-1].kind is ChangeKind.ITEMS_ADDED

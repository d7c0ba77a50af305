"""Single items of the second service: read, saved, deleted, handed over."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from scenario_desktop.errors import (
    BadAnswer,
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    Offline,
    Refused,
    Unauthorised,
)
from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.services.deleting import Deleting
from scenario_desktop.services.downloads import Downloads
from scenario_desktop.services.originals import Originals
from scenario_desktop.services.sartiq import deletion as deletion_module
from scenario_desktop.services.sartiq.deletion import Deletion
from scenario_desktop.services.sartiq.handover import Handover, can_reach, is_private
from scenario_desktop.services.sartiq.limits import Limit, why_not
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.thumbnails import Thumbnails
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.fakes_sartiq import make_id
from tests.fakes_scenario import FakeFiles, InlinePool, make_asset
from tests.unit.test_services_sartiq_sync import Room

PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
_ALL = ItemQuery()
JPEG = b"\xff\xd8\xff\xe0" + bytes(500)


class Desk(Room):
    """The room of the sync, with what single items need."""

    async def open(self) -> Desk:
        await super().open()
        self.deletion = Deletion(cast(Any, self.server), self.catalogue, self.items)
        self.deleting = Deleting(self.library, self)
        self.files = FakeFiles()
        self.originals = Originals(cast(Any, None), cast(Any, None), pause_s=0.0)
        self.originals.sartiq = cast(Any, self)
        self.downloads = Downloads(self.originals)
        return self

    async def read(self, item: Item) -> Any:
        return await self.items.read(item)

    async def read_soon(self, item: Item) -> Any:
        return await self.items.read_soon(item)

    async def filled(self, *sizes: int) -> Desk:
        for number, size in enumerate(sizes, 1):
            self.server.add(number, predictions=size)
        await self.sync.run_once()
        self.server.calls.clear()
        return self

    async def item(self, kind: str, number: int) -> Item:
        return await self.found(make_id(kind, number))

    async def found(self, item_id: str) -> Item:
        item = await self.library.item(item_id)
        assert item is not None
        return item

    async def keys(self, *numbers: int) -> list[int]:
        return [(await self.item("p", number)).key for number in numbers]

    def called(self, name: str) -> list[Any]:
        return [argument for method, argument in self.server.calls if method == name]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Desk]:
    room = await Desk(tmp_path).open()
    yield room
    await room.aclose()


# reading


async def test_an_address_is_asked_for_and_never_kept(room: Desk) -> None:
    await room.filled(1)
    item = await room.item("p", 100)
    url = await room.library.fresh_url(item.key)
    assert url == "https://files.sartiq.test/100.png?sig=1"
    assert "sig=" not in (await room.library.details(item.key)).model_dump_json()
    assert item.thumbnail_url is None
    assert b"sig=" not in b"".join(p.read_bytes() for p in room.folder.glob("catalogue.sqlite*"))


async def test_an_address_may_be_a_path_on_the_server(room: Desk) -> None:
    room.server.add(1, predictions=1)
    room.server.change(room.server.generations[make_id("g", 1)], 0, result_image_url="/media/1.png")
    await room.sync.run_once()
    item = await room.item("p", 100)
    assert await room.library.fresh_url(item.key) == "https://sartiq.test/media/1.png"


async def test_an_address_just_told_is_used_again(room: Desk) -> None:
    await room.filled(1)
    item = await room.item("p", 100)
    assert (await room.items.read_soon(item)).url.endswith("100.png?sig=1")
    assert room.server.calls == []


async def test_one_without_a_file_says_so(room: Desk) -> None:
    generation = room.server.add(1, predictions=1)
    room.server.change(generation, 0, result_image_url=None)
    await room.sync.run_once()
    with pytest.raises(BadAnswer, match="no address"):
        await room.library.fresh_url((await room.item("p", 100)).key)


async def test_a_refine_is_read_as_itself(room: Desk) -> None:
    generation = room.server.add(1)
    refine = room.server.refine(generation, 0)
    await room.sync.run_once()
    item = await room.found(refine.id)
    asset = await room.items.read(item)
    assert asset.url == "https://files.sartiq.test/refine.png?sig=1"
    assert (asset.parent_id, asset.metadata["generationId"]) == (item.parent_id, item.group_id)
    assert asset.name == "boat 1, 2×"


async def test_refreshing_reads_the_whole_generation(room: Desk) -> None:
    await room.filled(2)
    item = await room.item("p", 100)
    room.server.refine(room.server.generations[make_id("g", 1)], 0)
    await room.library.refresh(item.id)
    assert (await room.found(item.id)).versions == 1
    del room.server.generations[make_id("g", 1)]
    with pytest.raises(NotFound, match="no longer"):
        await room.library.refresh(item.id)
    assert await room.count() == 0


async def test_without_a_connection_the_reason_is_told(room: Desk) -> None:
    await room.filled(1)
    room.library.sartiq = None
    with pytest.raises(Unauthorised, match="no connection"):
        await room.library.fresh_url((await room.item("p", 100)).key)


# what is not offered


def offer(name: str) -> Callable[[Desk, int], Any]:
    library: dict[str, Callable[[Desk, int], Any]] = {
        "tags": lambda room, key: room.library.edit_tags([key], add=["x"]),
        "names": lambda room, key: room.library.rename(key, "x"),
        "descriptions": lambda room, key: room.library.describe(key, "x"),
        "collections": lambda room, key: room.library.add_to_collection("c", [key]),
        "trash": lambda room, key: room.library.delete([key]),
    }
    return library[name]


@pytest.mark.parametrize("what", ["tags", "names", "descriptions", "collections", "trash"])
async def test_what_the_service_does_not_keep_is_refused(room: Desk, what: str) -> None:
    await room.filled(1)
    item = await room.item("p", 100)
    with pytest.raises(Refused, match="Sartiq"):
        await offer(what)(room, item.key)
    assert room.outbox.waiting == 0
    assert await room.found(item.id) == item


async def test_a_reason_says_how_many_it_is_about(room: Desk) -> None:
    await room.filled(2)
    await room.library.merge([make_asset(1)])
    theirs = [await room.item("p", 100), await room.item("p", 101)]
    ours = await room.found("asset_000001")
    assert why_not(Limit.TAGS, [ours]) == ""
    assert why_not(Limit.TAGS, theirs) == "Sartiq keeps no tags"
    mixed = why_not(Limit.TAGS, [*theirs, ours])
    assert mixed == "Sartiq keeps no tags, and 2 of 3 items are from there"


# saving


async def test_a_file_is_saved_under_its_true_type(room: Desk) -> None:
    await room.filled(1)
    room.files.bodies["https://files.sartiq.test/100.png"] = JPEG
    (saved,) = await room.downloads.save([await room.item("p", 100)], room.folder / "out")
    assert saved.path is not None
    assert (saved.path.name, saved.path.read_bytes()) == ("boat 1.jpg", JPEG)


async def test_no_other_format_is_promised(room: Desk) -> None:
    await room.filled(1)
    item = await room.item("p", 100)
    (saved,) = await room.downloads.save([item], room.folder / "out", target_format="webp")
    assert isinstance(saved.error, Refused)
    assert "converts no files" in saved.error.message


# deleting


async def test_one_prediction_goes_alone(room: Desk) -> None:
    await room.filled(3)
    plan = await room.deleting.plan(await room.keys(100))
    assert (len(plan.predictions), plan.whole_generations) == (1, ())
    assert plan.is_final
    outcome = await room.deleting.run(plan)
    assert (outcome.deleted, outcome.failed) == (1, ())
    assert room.called("delete_prediction") == [make_id("p", 100)]
    assert await room.count() == 2


async def test_a_generation_that_loses_all_goes_as_a_whole(room: Desk) -> None:
    await room.filled(2, 3)
    plan = await room.deleting.plan(await room.keys(100, 101, 200))
    assert [one.id for one in plan.whole_generations] == [make_id("g", 1)]
    assert [item.id for item in plan.predictions] == [make_id("p", 200)]
    assert any("goes as a whole" in sentence for sentence in plan.sentences)
    outcome = await room.deleting.run(plan)
    assert outcome.deleted == 3
    assert room.called("delete_generation") == [make_id("g", 1)]
    assert await room.count() == 2
    assert await room.catalogue.generation(make_id("g", 1)) is None


async def test_one_that_a_shot_uses_stays_and_offers_its_generation(room: Desk) -> None:
    await room.filled(2)
    room.server.used.add(make_id("p", 100))
    outcome = await room.deleting.run(await room.deleting.plan(await room.keys(100)))
    (failed,) = outcome.failed
    assert isinstance(failed.error, Conflict)
    assert failed.generation is not None
    assert len(failed.generation.predictions) == 2
    assert await room.count() == 2
    await room.deleting.delete_generation(failed.generation.id)
    assert await room.count() == 0


async def test_the_last_one_elsewhere_is_told_as_a_conflict(room: Desk) -> None:
    await room.filled(2)
    plan = await room.deleting.plan(await room.keys(100))
    room.server.remove(make_id("p", 101))  # by somebody else, while the user was asked
    outcome = await room.deleting.run(plan)
    assert isinstance(outcome.failed[0].error, Conflict)
    whole = outcome.failed[0].generation
    assert whole is not None
    assert [item.id for item in whole.predictions] == [make_id("p", 100)]
    assert await room.count() == 1


async def test_what_goes_is_counted_by_the_service_and_not_from_memory(room: Desk) -> None:
    await room.filled(2, 2)
    room.server.remove(make_id("p", 101))
    room.server.add(2, predictions=3)  # one more than is known here
    keys = await room.keys(100, 200, 201)
    plan = await room.deleting.plan(keys)
    assert [one.id for one in plan.whole_generations] == [make_id("g", 1)]
    assert [item.id for item in plan.predictions] == [make_id("p", 200), make_id("p", 201)]
    assert plan.is_told
    assert "at least" not in " ".join(plan.sentences)
    whole = await room.deleting.plan_generation(make_id("g", 2))
    assert "with its 3\u00a0predictions" in whole.sentences[0]


async def test_without_the_service_it_is_said_that_more_may_go(room: Desk) -> None:
    await room.filled(2)
    room.server.errors["get_generations"] = [Offline("No network.")]
    plan = await room.deleting.plan(await room.keys(100, 101))
    assert not plan.is_told
    assert "with at least 2\u00a0predictions" in plan.sentences[0]


async def test_more_generations_than_are_asked_for_are_counted_at_least(
    room: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_module, "MOST_ASKED", 2)
    await room.filled(1, 1, 1)
    plan = await room.deleting.plan(list(await room.library.keys(_ALL)))
    assert len(plan.whole_generations) == 3
    assert "with at least 3\u00a0predictions" in plan.sentences[0]
    assert [len(ids) for ids in room.called("get_generations")] == [2]


async def test_a_generation_without_results_can_go(room: Desk) -> None:
    room.server.add(1, predictions=0)
    await room.sync.run_once()
    plan = await room.deleting.plan_generation(make_id("g", 1))
    assert plan.is_final
    assert "prediction" not in plan.sentences[0]
    await room.deleting.run(plan)
    assert room.server.generations == {}


async def test_of_many_each_failure_is_told(room: Desk) -> None:
    await room.filled(4)
    room.server.used.add(make_id("p", 101))
    outcome = await room.deleting.run(await room.deleting.plan(await room.keys(100, 101, 102)))
    assert outcome.deleted == 2
    assert [f.item.id for f in outcome.failed] == [make_id("p", 101)]
    assert outcome.failed[0].error.details == "in use by a shot"
    assert set(await room.ids()) == {make_id("p", 101), make_id("p", 103)}


async def test_five_thousand_go_in_batches_that_keep_generations_together(
    room: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_module, "BATCH", 10)
    await room.filled(*([4] * 12), 25)
    keys = list(await room.library.keys(_ALL))
    plan = await room.deleting.plan(keys)
    assert len(plan.whole_generations) == 13
    outcome = await room.deleting.run(plan)
    assert (outcome.deleted, outcome.failed) == (73, ())
    sent = room.called("delete_predictions")
    assert all(len(ids) <= 10 for ids in sent)
    assert room.called("delete_generation") == [make_id("g", 13)]  # more than a batch takes
    assert room.server.generations == {}
    assert await room.count() == 0


async def test_a_long_deletion_tells_how_far_it_is_and_stops_between_requests(
    room: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_module, "BATCH", 10)
    await room.filled(*([5] * 8))
    plan = await room.deleting.plan(list(await room.library.keys(_ALL)))
    assert plan.final_count == 40
    told: list[tuple[int, int]] = []

    def on_progress(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 20

    outcome = await room.deleting.run(plan, on_progress=on_progress)
    assert (outcome.deleted, outcome.left, outcome.failed) == (20, 20, ())
    assert told == [(0, 40), (10, 40), (20, 40)]
    assert await room.count() == 20
    assert len(room.server.generations) == 4


async def test_a_refine_goes_alone_and_not_below_its_prediction(room: Desk) -> None:
    generation = room.server.add(1)
    refine = room.server.refine(generation, 0)
    await room.sync.run_once()
    item = await room.found(refine.id)
    alone = await room.deleting.plan([item.key])
    assert [i.id for i in alone.refines] == [refine.id]
    both = await room.deleting.plan([item.key, *await room.keys(100)])
    assert both.refines == ()
    await room.deleting.run(alone)
    assert (await room.item("p", 100)).versions == 0
    assert await room.library.item(refine.id) is None


async def test_what_is_gone_already_counts_as_deleted(room: Desk) -> None:
    await room.filled(3)
    room.server.remove(make_id("p", 100))
    outcome = await room.deleting.run(await room.deleting.plan(await room.keys(100)))
    assert (outcome.deleted, await room.count()) == (1, 2)


async def test_a_broken_connection_stops_and_keeps_the_rest(
    room: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_module, "BATCH", 2)
    await room.filled(2, 2, 2)
    plan = await room.deleting.plan(list(await room.library.keys(_ALL)))
    gone = room.server.delete_predictions

    async def once(prediction_ids: Any) -> Any:
        if room.server.count("delete_predictions"):
            raise Offline("No network.")
        return await gone(prediction_ids)

    room.server.delete_predictions = once  # type: ignore[method-assign]
    with pytest.raises(Offline):
        await room.deleting.run(plan)
    assert await room.count() == 4


async def test_items_of_both_services_each_go_their_way(room: Desk) -> None:
    await room.filled(2)
    await room.library.merge([make_asset(1)])
    ours = await room.found("asset_000001")
    cast(Any, room.outbox)._client.assets[ours.id] = make_asset(1)
    plan = await room.deleting.plan([ours.key, *await room.keys(100)])
    assert [item.id for item in plan.assets] == [ours.id]
    assert plan.sentences[-1] == "“Picture 1” of Scenario moves to the trash."
    await room.deleting.run(plan)
    assert (await room.found(ours.id)).deleted_at is not None
    assert await room.count() == 1
    only = await room.deleting.plan([ours.key])
    assert not only.is_final


# handing over


class Uploads:
    """Takes uploads and remembers them."""

    base_url = "https://sartiq.test/api/v1"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []

    async def upload(self, filename: str, content_type: str, data: bytes) -> str:
        self.sent.append((filename, content_type, data))
        return f"temp/{filename}"


def door(room: Desk, client: Uploads, url: str = "") -> Handover:
    async def fresh_url(key: int) -> str:
        return url or await room.library.fresh_url(key)

    async def original(item: Item) -> Path:
        path = room.folder / "original"
        path.write_bytes(PNG)
        return path

    return Handover(client, find=room.library.item, fresh_url=fresh_url, original=original)


async def test_its_own_picture_goes_by_its_address(room: Desk) -> None:
    await room.filled(1)
    client, seen = Uploads(), list[float]()
    item = await room.item("p", 100)
    ref = PictureRef.of(item)
    address = await door(room, client).address(ref, seen.append)
    assert address == "https://files.sartiq.test/100.png?sig=1"
    assert (client.sent, seen) == ([], [1.0])


async def test_a_public_picture_goes_by_its_address_and_a_private_one_by_upload(
    room: Desk,
) -> None:
    await room.library.merge([make_asset(1)])
    item = await room.found("asset_000001")
    client = Uploads()
    public = "https://cdn.example.com/1.png?Signature=x"
    assert await door(room, client, public).handover(item) == public
    address = await door(room, client, "http://127.0.0.1:5000/1.png").handover(item)
    assert address == "temp/Picture 1.png"
    assert client.sent == [("Picture 1.png", "image/png", PNG)]


async def test_a_file_is_uploaded(room: Desk) -> None:
    path = room.folder / "my boat.jpg"
    path.write_bytes(JPEG)
    client, seen = Uploads(), list[float]()
    address = await door(room, client).address(PictureRef.of(path), seen.append)
    assert address == "temp/my boat.jpg"
    assert client.sent == [("my boat.jpg", "image/jpeg", JPEG)]
    assert seen == [0.0, 1.0]
    assert await door(room, client).data(PictureRef.of(path)) == JPEG


async def test_what_is_gone_is_told(room: Desk) -> None:
    hatch = door(room, Uploads())
    with pytest.raises(NotFound, match="no longer in the library"):
        await hatch.address(PictureRef(item_id="gone", name="boat"), lambda share: None)
    with pytest.raises(BadInput, match="cannot be read"):
        await hatch.address(PictureRef(file=str(room.folder / "no.png")), lambda share: None)


@pytest.mark.parametrize(
    ("server", "url", "can"),
    [
        ("http://127.0.0.1:5000/api/v1", "http://127.0.0.1:5000/files/1", True),
        ("http://127.0.0.1:5000/api/v1", "http://127.0.0.1:5001/files/1", False),
        ("http://127.0.0.1:5000/api/v1", "https://cdn.example.com/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://cdn.example.com/1.png", True),
        ("https://api.sartiq.com/api/v1", "http://cdn.example.com/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://127.0.0.1/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://10.0.0.7/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://[::1]/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://nas.local/1.png", False),
        ("https://api.sartiq.com/api/v1", "https://intranet/1.png", False),
    ],
)
def test_who_can_read_what(server: str, url: str, can: bool) -> None:
    assert can_reach(server, url) is can


def test_the_open_web_is_not_private() -> None:
    assert not is_private("api.sartiq.com")
    assert not is_private("8.8.8.8")


async def test_a_thumbnail_address_that_has_ended_is_renewed(room: Desk) -> None:
    await room.filled(1)
    target = io.BytesIO()
    Image.new("RGB", (300, 150), "red").save(target, "PNG")
    address = "https://files.sartiq.test/100.png"
    room.files.bodies[address] = target.getvalue()
    room.files.errors[address] = [Forbidden("It has ended.")]
    cache = ThumbnailCache(room.folder / "thumbnails.sqlite", 10**7)
    await cache.open()
    thumbnails = Thumbnails(cast(Any, None), cast(Any, None), cache, cast(Any, InlinePool()))
    thumbnails.sartiq = cast(Any, room)
    data = await thumbnails.get(await room.item("p", 100))
    assert Image.open(io.BytesIO(data)).size == (256, 128)
    assert room.called("get_prediction") == [make_id("p", 100)]
    await thumbnails.aclose()
    await cache.aclose()

"""Thumbnails: visible first, the disk before the network, failures remembered for a while."""

from __future__ import annotations

import asyncio
import dataclasses
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from scenario_desktop.api.models.assets import AssetRef
from scenario_desktop.errors import BadInput, Forbidden, Offline
from scenario_desktop.items import Item
from scenario_desktop.services.thumbnails import Thumbnails
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.fakes_scenario import FakeFiles, FakeScenario, InlinePool, make_asset
from tests.support import until
from tests.unit.test_services_downloads import make_item


def picture(side: int = 300) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (side, side // 2), "red").save(target, "PNG")
    return target.getvalue()


class Room:
    """Thumbnails of fake items over a real cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeScenario()
        self.files = FakeFiles()
        self.pool = InlinePool()
        self.now = 0.0
        self.local: dict[int, Path] = {}
        self.ready: dict[int, bytes] = {}
        self.order: list[int] = []
        self.failed: list[int] = []

    async def open(self) -> Room:
        self.cache = ThumbnailCache(self.folder / "thumbnails.sqlite", 10**7)
        await self.cache.open()
        self.thumbnails = Thumbnails(
            cast(Any, self.server), cast(Any, self.files), self.cache, cast(Any, self.pool),
            local_file=lambda item: self.local.get(item.key), clock=lambda: self.now,
        )  # fmt: skip
        self.thumbnails.ready.connect(self._on_ready)
        self.thumbnails.failed.connect(self.failed.append)
        return self

    def _on_ready(self, key: int, data: bytes) -> None:
        self.ready[key] = data
        self.order.append(key)

    async def aclose(self) -> None:
        await self.thumbnails.aclose()
        await self.cache.aclose()

    def add(self, number: int, body: bytes | None = None) -> Item:
        asset = make_asset(number)
        self.server.assets[asset.id] = asset
        url = f"https://files.test/thumbnails/{number}.jpg"
        self.files.bodies[url] = picture() if body is None else body
        return dataclasses.replace(make_item(number), thumbnail_url=url)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = await Room(tmp_path).open()
    yield room
    await room.aclose()


async def test_a_wish_becomes_a_small_picture_of_ours(room: Room) -> None:
    item = room.add(1)
    room.thumbnails.want([item])
    await until(lambda: room.ready)
    with Image.open(io.BytesIO(room.ready[1])) as image:
        assert (image.format, image.size) == ("JPEG", (256, 128))


async def test_the_second_time_it_comes_from_the_disk(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    item = room.add(1)
    room.thumbnails.want([item])
    await until(lambda: room.ready)
    await room.aclose()
    again = await Room(tmp_path).open()
    again.thumbnails.want([item])
    await until(lambda: again.ready)
    assert (again.files.fetched, again.pool.calls) == ([], [])
    await again.aclose()


async def test_the_first_wish_is_fulfilled_first(room: Room) -> None:
    items = [room.add(number) for number in range(40)]
    wished = [items[30], items[3], *items]
    room.thumbnails.want(wished)
    await until(lambda: len(room.ready) == 40)
    assert room.order[:2] == [30, 3]


async def test_scrolled_past_wishes_are_dropped(room: Room) -> None:
    items = [room.add(number) for number in range(100)]
    gate = asyncio.Event()

    async def wait(url: str) -> None:
        await gate.wait()

    room.files.gate = wait
    room.thumbnails.want(items)
    await until(lambda: room.files.fetched)
    room.thumbnails.want(items[90:])
    gate.set()
    await until(lambda: len(room.ready) >= 10)
    assert set(room.ready) == set(range(90, 100))
    assert len(room.files.fetched) < 40


async def test_everything_on_the_disk_comes_before_the_network(room: Room) -> None:
    items = [room.add(number) for number in range(80)]
    for item in items[70:]:
        await room.thumbnails.get(item)
    gate = asyncio.Event()
    room.files.gate = lambda url: gate.wait()
    room.thumbnails.want(items)
    await until(lambda: len(room.ready) == 10)
    assert set(room.ready) == set(range(70, 80))


async def test_a_broken_picture_is_told_and_not_asked_for_again_and_again(room: Room) -> None:
    item = room.add(1, b"no picture")
    room.thumbnails.want([item])
    await until(lambda: room.failed == [1])
    room.thumbnails.want([item])
    await until(lambda: room.failed == [1, 1])
    assert len(room.files.fetched) == 1
    room.thumbnails.retry(item)
    room.files.bodies["https://files.test/thumbnails/1.jpg"] = picture()
    room.thumbnails.want([item])
    await until(lambda: room.ready)


async def test_a_network_failure_is_tried_again_after_a_while(room: Room) -> None:
    item = room.add(1)
    url = "https://files.test/thumbnails/1.jpg"
    room.files.errors[url] = [Offline("gone")]
    room.thumbnails.want([item])
    await until(lambda: room.failed == [1])
    room.now += 11
    room.thumbnails.want([item])
    await until(lambda: room.ready)


async def test_an_address_that_moved_is_asked_for(room: Room) -> None:
    item = room.add(1)
    room.files.errors["https://files.test/thumbnails/1.jpg"] = [Forbidden("gone")]
    new = "https://files.test/thumbnails/new.jpg"
    asset = make_asset(1).model_copy(update={"thumbnail": AssetRef(url=new)})
    room.server.assets[asset.id] = asset
    room.files.bodies[new] = picture()
    assert await room.thumbnails.get(item)


async def test_what_has_no_picture_says_so(room: Room) -> None:
    item = dataclasses.replace(room.add(1), kind="audio", thumbnail_url=None)
    room.server.assets[item.id] = make_asset(1).model_copy(
        update={"thumbnail": None, "mime_type": "audio/mpeg"}
    )
    with pytest.raises(BadInput, match="no picture"):
        await room.thumbnails.get(item)


async def test_what_was_in_work_is_tried_at_once_when_it_is_done(room: Room) -> None:
    """Also where it ended in the moment in which it was begun."""
    done = room.add(1)
    pending = dataclasses.replace(done, status="pending", thumbnail_url=None)
    room.server.assets[done.id] = make_asset(1).model_copy(update={"thumbnail": None, "url": ""})
    room.thumbnails.want([pending])
    await until(lambda: room.failed == [1])
    room.thumbnails.want([done])
    await until(lambda: 1 in room.ready)


async def test_what_is_done_while_it_is_asked_for_is_asked_for_again(room: Room) -> None:
    done = room.add(1)
    pending = dataclasses.replace(done, status="pending", thumbnail_url=None)
    room.server.assets[done.id] = make_asset(1).model_copy(update={"thumbnail": None, "url": ""})
    gate = asyncio.Event()
    asked: list[str] = []
    get_asset = room.server.get_asset

    async def slow(asset_id: str, **_: Any) -> Any:
        asked.append(asset_id)
        await gate.wait()
        return await get_asset(asset_id)

    room.server.get_asset = slow  # type: ignore[method-assign]
    room.thumbnails.want([pending])
    await until(lambda: asked)
    room.thumbnails.want([done])
    gate.set()
    await until(lambda: 1 in room.ready)
    assert room.failed == []


async def test_a_local_file_is_read_in_place(room: Room, tmp_path: Path) -> None:
    item = room.add(1)
    path = tmp_path / "here.png"
    path.write_bytes(picture())
    room.local[1] = path
    room.thumbnails.want([item])
    await until(lambda: room.ready)
    assert (room.files.fetched, room.pool.calls) == ([], ["thumbnail_file"])


async def test_another_version_is_another_picture(room: Room) -> None:
    item = dataclasses.replace(room.add(1), type="canvas")
    await room.thumbnails.get(item)
    later = dataclasses.replace(item, updated_at=item.updated_at.replace(year=2027))
    await room.thumbnails.get(later)
    await room.thumbnails.get(dataclasses.replace(later, name="Other"))
    assert len(room.files.fetched) == 2


async def test_an_imported_thumbnail_needs_no_network(room: Room) -> None:
    item = room.add(1)
    asset = make_asset(1).model_copy(update={"created_at": item.created_at})
    room.thumbnails.put(asset, b"ours")
    assert await room.thumbnails.get(item) == b"ours"


async def test_closing_writes_what_was_made_and_leaves_no_task(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    items = [room.add(number) for number in range(30)]
    room.thumbnails.want(items)
    await until(lambda: len(room.ready) >= 3)
    await room.thumbnails.aclose()
    kept = await room.cache.get_many([item.id for item in items])
    assert len(kept) == len(room.ready)
    await room.aclose()

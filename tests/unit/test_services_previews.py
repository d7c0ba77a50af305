"""Large previews: fetched once, kept bounded, and never trusted before they decode."""

from __future__ import annotations

import asyncio
import dataclasses
import io
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from scenario_desktop.api.models.assets import AssetRef
from scenario_desktop.errors import BadInput
from scenario_desktop.services.originals import Originals
from scenario_desktop.services.previews import Previews
from tests.fakes_scenario import FakeFiles, FakeScenario, InlinePool, make_asset
from tests.unit.test_services_downloads import Room as DownloadRoom
from tests.unit.test_services_downloads import make_item


def png(width: int = 64, height: int = 48, color: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), color).save(target, "PNG")
    return target.getvalue()


class Room:
    """Previews of one fake item."""

    def __init__(self, folder: Path, max_cache_bytes: int = 10**6) -> None:
        self.folder = folder / "originals"
        self.server = FakeScenario()
        self.files = FakeFiles()
        self.pool = InlinePool()
        source = Originals(cast(Any, self.server), cast(Any, self.files), pause_s=0.0)
        self.previews = Previews(
            source, cast(Any, self.pool), self.folder, max_cache_bytes=max_cache_bytes
        )

    def add(self, number: int, body: bytes) -> Any:
        asset = make_asset(number)
        properties = asset.properties.model_copy(update={"size": len(body)})
        self.server.assets[asset.id] = asset.model_copy(update={"properties": properties})
        self.files.bodies[DownloadRoom.address(number)] = body
        return dataclasses.replace(make_item(number), size_bytes=len(body))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_a_picture_is_fetched_once_and_decoded_small(room: Room) -> None:
    item = room.add(1, png(640, 480))
    picture = await room.previews.large(item, 320)
    assert (picture.width, picture.height) == (320, 240)
    await room.previews.large(item, 64)
    assert len(room.files.ranges) == 1


async def test_two_wishes_at_once_share_one_transfer(room: Room) -> None:
    item = room.add(1, png())
    await asyncio.gather(room.previews.large(item, 64), room.previews.large(item, 32))
    assert len(room.files.ranges) == 1


async def test_a_canvas_is_previewed_by_the_picture_beside_it(room: Room) -> None:
    item = dataclasses.replace(room.add(1, b"{}"), type="canvas", kind="json")
    address = "https://cdn.example/thumbnails/1"
    room.files.bodies[address] = png(64, 48)
    asset = room.server.assets[item.id]
    ref = AssetRef(asset_id=item.id, url=address)
    room.server.assets[item.id] = asset.model_copy(update={"thumbnail": ref})
    picture = await room.previews.large(item, 4096)
    assert (picture.width, picture.height) == (64, 48)
    room.server.assets[item.id] = asset.model_copy(update={"thumbnail": None})
    newer = dataclasses.replace(item, updated_at=item.updated_at + timedelta(seconds=1))
    with pytest.raises(BadInput, match="no picture"):
        await room.previews.large(newer, 4096)


async def test_a_damaged_original_is_not_kept(room: Room) -> None:
    item = room.add(1, png()[:60])
    with pytest.raises(BadInput):
        await room.previews.large(item, 64)
    assert list(room.folder.iterdir()) == []


async def test_the_cache_is_bounded_and_may_vanish(tmp_path: Path) -> None:
    body = png()
    room = Room(tmp_path, max_cache_bytes=2 * len(body))
    items = [room.add(number, body) for number in range(4)]
    for item in items:
        await room.previews.large(item, 64)
    assert len(list(room.folder.iterdir())) == 2
    for path in room.folder.iterdir():
        path.unlink()
    room.folder.rmdir()
    await room.previews.large(items[3], 64)
    await room.previews.clear()
    assert list(room.folder.iterdir()) == []


async def test_what_is_no_picture_is_told_before_any_transfer(room: Room) -> None:
    item = dataclasses.replace(room.add(1, png()), kind="video")
    with pytest.raises(BadInput, match="not a picture"):
        await room.previews.large(item, 64)
    assert room.files.ranges == []


async def test_a_file_of_the_user_is_read_in_place(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(png(100, 50))
    picture = await room.previews.file(path, 50)
    assert (picture.width, picture.height) == (50, 25)

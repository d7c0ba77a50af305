"""The library's services against the real engine, over real HTTP: import, edit, undo, save."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from scenario_desktop.items import Item, ItemQuery, Section
from scenario_desktop.services import imports as imports_module
from scenario_desktop.services.imports import ImportProgress
from scenario_desktop.services.session import Connection, Session
from tests.contract.engine_support import EngineProcess
from tests.shared_services import shared_services
from tests.support import until


@pytest.fixture
async def session(tmp_path: Path, engine_process: EngineProcess) -> AsyncIterator[Session]:
    key, secret = engine_process.auth
    async with shared_services(tmp_path) as shared:
        session = await Session.open("local", Connection(engine_process.url, key, secret), shared)
        yield session
        await session.aclose()


def picture(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (320, 200)) -> Path:
    Image.new("RGB", size, color).save(path)
    return path


async def bring_in(session: Session, *files: Path) -> ImportProgress:
    last = ImportProgress()
    steps = session.imports.run(files)
    async with aclosing(cast(Any, steps)):
        async for progress in steps:
            last = progress
    return last


async def one(session: Session, file: Path) -> Item:
    done = await bring_in(session, file)
    item = await session.library.item(done.added_ids[0])
    assert item is not None
    return item


async def test_small_and_large_files_arrive_whole(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_module, "SMALL_BYTES", 2_000)
    small = picture(tmp_path / "small one.png", (10, 200, 30), (64, 48))
    noise = Image.effect_noise((700, 500), 90)
    noise.save(tmp_path / "large one.png")
    done = await bring_in(session, small, tmp_path / "large one.png")
    assert done.refused == ()
    items = [await session.library.item(asset_id) for asset_id in done.added_ids]
    assert {(i.name, i.width, i.height) for i in items if i} == {
        ("small one", 64, 48), ("large one", 700, 500),
    }  # fmt: skip
    saved = await session.downloads.save([i for i in items if i], tmp_path / "out")
    assert [file.error for file in saved] == [None, None]
    assert (tmp_path / "out" / "large one.png").read_bytes() == (
        tmp_path / "large one.png"
    ).read_bytes()
    again = await bring_in(session, small)
    assert [r.reason for r in again.refused] == ["Already here as “small one”."]


async def test_every_edit_arrives_and_every_undo_too(session: Session, tmp_path: Path) -> None:
    item = await one(session, picture(tmp_path / "edits.png", (1, 2, 3)))
    library, keys = session.library, [item.key]
    collection = await library.create_collection("Ember")
    await library.edit_tags(keys, add=["forest", "sea"])
    await library.rename(item.key, "Renamed")
    await library.describe(item.key, "A study")
    await library.add_to_collection(collection.id, keys)
    asset = await session.client.get_asset(item.id)
    assert (asset.name, asset.description) == ("Renamed", "A study")
    assert set(asset.tags) == {"forest", "sea"}
    assert asset.collection_ids == (collection.id,)
    await library.delete(keys)
    await library.history.undo()
    asset = await session.client.get_asset(item.id)
    assert (set(asset.tags), asset.collection_ids) == ({"forest", "sea"}, (collection.id,))
    while library.history.can_undo:
        await library.history.undo()
    asset = await session.client.get_asset(item.id)
    assert (asset.name, asset.description, asset.tags, asset.collection_ids) == (
        "edits", "", (), (),
    )  # fmt: skip
    await library.delete_collection(collection.id)


async def test_sync_brings_what_others_did(session: Session, tmp_path: Path) -> None:
    item = await one(session, picture(tmp_path / "mine.png", (200, 2, 3)))
    await session.sync.run_once()
    await session.client.update_tags(item.id, ["theirs"], [])
    await session.sync.run_once()
    seen = await session.library.item(item.id)
    assert seen is not None
    assert seen.tags == ("theirs",)
    await session.client.delete_assets([item.id])
    await session.sync.tidy()
    trash = await session.library.keys(ItemQuery(section=Section.TRASH))
    assert item.key in trash


async def test_pictures_come_small_and_large(session: Session, tmp_path: Path) -> None:
    item = await one(session, picture(tmp_path / "look.png", (0, 90, 200), (900, 600)))
    ready: dict[int, bytes] = {}
    session.thumbnails.ready.connect(ready.__setitem__)
    session.thumbnails.want([item])
    await until(lambda: ready)
    with Image.open(io.BytesIO(ready[item.key])) as image:
        assert max(image.size) == 256
    large = await session.previews.large(item, 450)
    assert (large.width, large.height) == (450, 300)
    path = await session.downloads.save_as(item, tmp_path / "look.webp", "webp")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("WEBP", (900, 600))


async def test_an_import_that_is_stopped_goes_on_without_doubles(
    session: Session, tmp_path: Path
) -> None:
    files = [
        picture(tmp_path / f"{n:02}.png", (n * 9, 255 - n * 9, 40), (60 + n, 50)) for n in range(12)
    ]
    steps = session.imports.run(files)
    async with aclosing(cast(Any, steps)):
        async for progress in steps:
            if len(progress.added_ids) >= 3:
                break
    done = await bring_in(session, *files)
    assert done.done == 12
    await session.sync.run_once()
    names = [
        item.name
        for item in (await session.library.items(await session.library.keys(ItemQuery()))).values()
        if item.height == 50
    ]
    assert sorted(names) == [f"{n:02}" for n in range(12)]


async def test_nothing_of_the_signature_is_kept(session: Session, tmp_path: Path) -> None:
    item = await one(session, picture(tmp_path / "secret.png", (7, 7, 7)))
    url = await session.library.fresh_url(item.key)
    signature = url.rpartition("=")[2]
    await session.previews.large(item, 100)
    await asyncio.sleep(0)
    assert len(signature) >= 16
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert signature.encode() not in file.read_bytes(), file

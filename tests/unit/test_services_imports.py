"""Importing: every file once, every refusal with its reason, nothing sent twice blindly."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from scenario_desktop.errors import (
    Forbidden,
    Offline,
    QuotaExceeded,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from scenario_desktop.items import ItemQuery
from scenario_desktop.services import imports as imports_module
from scenario_desktop.services.imports import ImportProgress, Imports
from scenario_desktop.services.library import Library
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from tests.fakes_scenario import FakeScenario, InlinePool
from tests.support import until


def picture(color: str = "red", size: tuple[int, int] = (32, 24), form: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, color).save(target, form)
    return target.getvalue()


class Room:
    """Imports into a fake service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures = folder / "pictures"
        self.pictures.mkdir(exist_ok=True)
        self.server = FakeScenario()
        self.pool = InlinePool()
        self.kept: list[bytes] = []

    async def open(self) -> Room:
        client = cast(Any, self.server)
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite")
        await self.catalogue.open()
        self.outbox = Outbox(OutboxStore(self.folder / "outbox.sqlite"), client)
        await self.outbox.open()
        self.library = Library(client, self.catalogue, self.outbox)
        self.imports = Imports(
            client,
            self.catalogue,
            self.library,
            cast(Any, self.pool),
            keep_thumbnail=lambda _, data: self.kept.append(data),
            part_bytes=100,
            pause_s=0.0,
        )
        return self

    async def aclose(self) -> None:
        await self.outbox.aclose()
        await self.catalogue.aclose()

    def file(self, name: str, data: bytes | None = None) -> Path:
        path = self.pictures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture() if data is None else data)
        return path

    async def run(
        self, paths: Sequence[Path] | None = None, collection_id: str | None = None
    ) -> ImportProgress:
        last = ImportProgress()
        steps = self.imports.run(paths or [self.pictures], collection_id)
        async with aclosing(cast(Any, steps)):
            async for progress in steps:
                last = progress
        return last


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = await Room(tmp_path).open()
    yield room
    await room.aclose()


async def test_a_folder_is_imported_with_its_subfolders(room: Room) -> None:
    room.file("a.png", picture("red"))
    room.file("deep/er/b.jpg", picture("blue", form="JPEG"))
    room.file("deep/.DS_Store", b"x")
    done = await room.run()
    assert (done.done, done.total, done.is_counted, done.refused) == (2, 2, True, ())
    assert len(done.added_ids) == len(room.kept) == 2
    assert len(await room.library.keys(ItemQuery())) == 2
    assert sorted(a.name for a in room.server.assets.values()) == ["a", "b"]


async def test_every_refusal_has_its_reason(room: Room) -> None:
    room.file("good.png")
    room.file("empty.png", b"")
    room.file("text.jpg", b"this is no picture at all")
    room.file("cut.png", picture(size=(300, 300))[:150])
    done = await room.run()
    reasons = {refusal.path.name: refusal.reason for refusal in done.refused}
    assert set(reasons) == {"empty.png", "text.jpg", "cut.png"}
    assert reasons["empty.png"] == "The file is empty."
    assert all(reasons.values())
    assert len(done.added_ids) == 1


async def test_the_same_content_is_told_and_not_sent(room: Room) -> None:
    room.file("first.png")
    await room.run()
    again = room.file("copy of it.png")
    done = await room.run([again])
    assert [r.reason for r in done.refused] == ["Already here as “first”."]
    item = await room.library.item(done.refused[0].asset_id)
    assert item is not None
    assert item.name == "first"
    assert room.server.count("create_asset") == 1


async def test_the_same_content_twice_in_one_run_is_sent_once(room: Room) -> None:
    for number in range(5):
        room.file(f"{number}.png")
    done = await room.run()
    assert (len(done.added_ids), len(done.refused)) == (1, 4)


async def test_a_deleted_picture_may_come_again(room: Room) -> None:
    path = room.file("a.png")
    done = await room.run()
    keys = await room.catalogue.keys_by_ids(done.added_ids)
    await room.library.delete(list(keys.values()))
    assert len((await room.run([path])).added_ids) == 1


async def test_large_files_go_in_parts(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_module, "SMALL_BYTES", 50)
    path = room.file("large.png", picture(size=(200, 200)))
    done = await room.run([path])
    assert room.server.count("put_part") == -(-path.stat().st_size // 100)
    assert room.server.files[done.added_ids[0]] == path.read_bytes()
    assert room.server.assets[done.added_ids[0]].name == "large"


async def test_a_part_is_repeated_with_a_fresh_address(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_module, "SMALL_BYTES", 50)
    room.file("large.png", picture(size=(200, 200)))
    room.server.errors["put_part"] = [Forbidden("expired"), Offline("reset")]
    done = await room.run()
    assert len(done.added_ids) == 1
    assert room.server.count("create_upload") == 1


async def test_an_upload_that_the_server_cannot_use_is_told(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_module, "SMALL_BYTES", 50)
    room.file("large.png")

    async def complete(upload_id: str) -> Any:
        room.server.uploads[upload_id]["status"] = "failed"

    room.server.complete_upload = complete  # type: ignore[method-assign]
    done = await room.run()
    assert [r.reason for r in done.refused] == ["The server could not use this file."]


@pytest.mark.parametrize("error", [TimedOut("slow"), ServerFailed("502"), Offline("reset")])
async def test_a_lost_answer_is_looked_for_before_anything_is_sent_again(
    room: Room, error: Exception
) -> None:
    room.file("a.png")
    room.server.after_errors["create_asset"] = [error]
    done = await room.run()
    assert (len(done.added_ids), done.refused) == (1, ())
    assert room.server.count("create_asset") == 1


async def test_a_lost_large_upload_is_found_by_its_number(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_module, "SMALL_BYTES", 50)
    room.file("large.png")
    room.server.after_errors["complete_upload"] = [TimedOut("slow")]
    done = await room.run()
    assert len(done.added_ids) == 1
    assert room.server.count("create_upload") == 1


async def test_what_cannot_be_found_stays_uncertain_and_is_not_sent_again(room: Room) -> None:
    room.file("a.png")
    room.server.errors["create_asset"] = [TimedOut("slow")]
    done = await room.run()
    assert "not certain" in done.refused[0].reason
    assert room.server.count("create_asset") == 1


async def test_the_next_run_finds_what_a_killed_one_had_sent(tmp_path: Path) -> None:
    room = await Room(tmp_path).open()
    room.file("a.png")
    room.server.after_errors["create_asset"] = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await room.run()
    await room.aclose()
    again = Room(tmp_path)
    again.server = room.server
    await again.open()
    done = await again.run()
    assert len(done.added_ids) == 1
    assert again.server.count("create_asset") == 1
    await again.aclose()


async def test_files_of_one_name_are_not_taken_for_one_another(room: Room) -> None:
    room.file("1/IMG.png", picture("red"))
    await room.run()
    room.file("2/IMG.png", picture("lime"))
    room.server.errors["create_asset"] = [TimedOut("slow")]
    done = await room.run([room.pictures / "2"])
    assert done.added_ids == ()


async def test_no_network_ends_the_run_and_keeps_what_came(room: Room) -> None:
    for number in range(20):
        room.file(f"{number:02}.png", picture(size=(20 + number, 20)))
    room.server.errors["create_asset"] = []
    original = room.server.create_asset

    async def create_asset(create: Any) -> Any:
        if room.server.count("create_asset") >= 5:
            raise Unreachable("gone")
        return await original(create)

    room.server.create_asset = create_asset  # type: ignore[method-assign]
    with pytest.raises(Offline):
        await room.run()
    room.server.create_asset = original  # type: ignore[method-assign]
    done = await room.run()
    assert len(room.server.assets) == 20
    assert len(done.added_ids) + len(done.refused) == 20


async def test_a_used_up_quota_ends_the_run(room: Room) -> None:
    room.file("a.png")
    room.server.errors["create_asset"] = [QuotaExceeded("plan")]
    with pytest.raises(QuotaExceeded):
        await room.run()


async def test_one_refused_file_does_not_stop_the_others(room: Room) -> None:
    room.file("a.png", picture("red"))
    room.file("b.png", picture("blue"))
    room.server.errors["create_asset"] = [Refused("Too wide.")]
    done = await room.run()
    assert (len(done.added_ids), [r.reason for r in done.refused]) == (1, ["Too wide."])


@pytest.mark.skipif(os.name == "nt", reason="needs links, pipes and modes")
async def test_loops_pipes_and_locked_folders_are_told_not_followed(room: Room) -> None:
    room.file("a.png")
    (room.pictures / "loop").symlink_to(room.pictures)
    os.mkfifo(room.pictures / "pipe")
    (room.pictures / "dangling").symlink_to(room.pictures / "nowhere")
    done = await room.run()
    reasons = {r.path.name: r.reason for r in done.refused}
    assert set(reasons) == {"pipe", "dangling"}
    assert "device" in reasons["pipe"]
    assert len(done.added_ids) == 1


async def test_a_folder_without_permission_is_told(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = room.pictures / "locked"
    locked.mkdir()
    original = Path.iterdir

    def iterdir(path: Path) -> Any:
        if path == locked:
            raise PermissionError(13, "denied")
        return original(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    done = await room.run()
    assert [r.reason for r in done.refused] == ["There is no permission to read it."]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("x" * 240, "x" * 200),
        ("two\nlines", "two lines"),
        ("<b>bold</b>".replace("/", "_"), "<b>bold<_b>"),
        ("عربي", "عربي"),
        ("🚀 rocket", "🚀 rocket"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
    ],
    ids=["long", "lines", "html", "rtl", "emoji", "joined-emoji"],
)
async def test_names_arrive_clean_and_whole(room: Room, stem: str, name: str) -> None:
    room.file(f"{stem}.png")
    await room.run()
    assert [a.name for a in room.server.assets.values()] == [name]


async def test_a_collection_is_given_along(room: Room) -> None:
    room.file("a.png")
    done = await room.run(collection_id="col_1")
    assert room.server.assets[done.added_ids[0]].collection_ids == ("col_1",)


async def test_closing_the_stream_stops_all_work(room: Room) -> None:
    for number in range(10):
        room.file(f"{number}.png", picture(size=(20 + number, 20)))
    gate = asyncio.Event()
    room.pool.gate = gate.wait
    steps = room.imports.run([room.pictures])
    async with aclosing(cast(Any, steps)):
        async for progress in steps:
            if progress.current_name:
                break
    await until(lambda: not [t for t in asyncio.all_tasks() if t.get_name().startswith("import")])
    assert room.server.count("create_asset") == 0

"""Saving files: whole or not at all, resumed, under safe names, never over another file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from scenario_desktop.api.models.assets import AssetProperties
from scenario_desktop.errors import BadAnswer, Forbidden, Offline, StoreFailed, Unauthorised
from scenario_desktop.items import Item, Source
from scenario_desktop.services.downloads import DownloadProgress, Downloads, converted_name
from scenario_desktop.services.originals import Originals
from tests.fakes_scenario import START, FakeFiles, FakeScenario, make_asset

BODY = bytes(range(256)) * 40


def make_item(number: int, name: str | None = None) -> Item:
    return Item(
        key=number, id=f"asset_{number:06}", source=Source.SCENARIO, kind="image",
        type="uploaded", status="success", name=name or f"Picture {number}",
        mime_type="image/png", created_at=START, updated_at=START + timedelta(minutes=number),
    )  # fmt: skip


class Room:
    """Downloads from a fake service into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = FakeScenario()
        self.files = FakeFiles()
        self.source = Originals(cast(Any, self.server), cast(Any, self.files), pause_s=0.0)
        self.downloads = Downloads(self.source)
        for number in range(4):
            self.add(number)

    def add(self, number: int, body: bytes = BODY, **changes: Any) -> Item:
        properties = AssetProperties(size=len(body), width=64, height=48)
        asset = make_asset(number, properties=properties, **changes)
        self.server.assets[asset.id] = asset
        self.files.bodies[self.address(number)] = body
        return make_item(number, asset.name)

    @staticmethod
    def address(number: int) -> str:
        return f"https://files.test/assets/{number}.png"

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_items_get_their_names_and_bytes(room: Room) -> None:
    saved = await room.downloads.save([make_item(0), make_item(1)], room.folder)
    assert [file.path for file in saved] == [
        room.folder / "Picture 0.png",
        room.folder / "Picture 1.png",
    ]
    assert (room.folder / "Picture 0.png").read_bytes() == BODY
    assert room.names() == ["Picture 0.png", "Picture 1.png"]


async def test_equal_names_are_numbered_and_nothing_is_replaced(room: Room) -> None:
    (room.folder / "Same.png").write_bytes(b"mine")
    items = [room.add(number, name="Same") for number in range(3)]
    await room.downloads.save(items, room.folder)
    assert room.names() == ["Same (2).png", "Same (3).png", "Same (4).png", "Same.png"]
    assert (room.folder / "Same.png").read_bytes() == b"mine"


async def test_an_interrupted_file_goes_on_where_it_was(room: Room) -> None:
    room.files.cut_at[room.address(0)] = [(4000, Offline("reset")), (9000, Offline("reset"))]
    (saved,) = await room.downloads.save([make_item(0)], room.folder)
    assert saved.path is not None
    assert saved.path.read_bytes() == BODY
    assert [offset for _, offset in room.files.ranges] == [0, 4000, 9000]


async def test_a_later_run_goes_on_too(room: Room) -> None:
    room.files.cut_at[room.address(0)] = [(4000, Unauthorised("keys"))]
    with pytest.raises(Unauthorised):
        await room.downloads.save([make_item(0)], room.folder)
    again = Downloads(room.source)
    (saved,) = await again.save([make_item(0)], room.folder)
    assert saved.path is not None
    assert saved.path.read_bytes() == BODY
    assert room.files.ranges[-1][1] == 4000
    assert room.names() == ["Picture 0.png"]


async def test_a_file_that_changed_meanwhile_starts_anew(room: Room) -> None:
    room.files.cut_at[room.address(0)] = [(4000, Unauthorised("keys"))]
    with pytest.raises(Unauthorised):
        await room.downloads.save([make_item(0)], room.folder)
    other = bytes(len(BODY))
    room.files.bodies[room.address(0)] = other
    room.files.etags[room.address(0)] = '"2"'
    (saved,) = await room.downloads.save([make_item(0)], room.folder)
    assert saved.path is not None
    assert saved.path.read_bytes() == other


async def test_a_connection_that_stays_away_ends_the_run(room: Room) -> None:
    room.files.errors[room.address(0)] = [Offline("gone")] * 10
    with pytest.raises(Offline):
        await room.downloads.save([make_item(0)], room.folder)
    assert room.names() == []


async def test_an_expired_address_is_renewed_once(room: Room) -> None:
    room.files.errors[room.address(0)] = [Forbidden("expired")]
    (saved,) = await room.downloads.save([make_item(0)], room.folder)
    assert saved.error is None
    assert room.server.count("get_asset") == 2


async def test_a_refused_address_fails_that_item_only(room: Room) -> None:
    room.files.errors[room.address(0)] = [Forbidden("no")] * 5
    first, second = await room.downloads.save([make_item(0), make_item(1)], room.folder)
    assert isinstance(first.error, Forbidden)
    assert second.path is not None


@pytest.mark.parametrize(
    "body",
    [b"", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", b" <!DOCTYPE html><p>"],
    ids=["empty", "xml", "html"],
)
async def test_what_is_not_the_file_is_never_saved(room: Room, body: bytes) -> None:
    item = room.add(0, body)
    (saved,) = await room.downloads.save([item], room.folder)
    assert isinstance(saved.error, BadAnswer)
    assert room.names() == []


async def test_another_length_than_told_is_never_saved(room: Room) -> None:
    room.files.bodies[room.address(0)] = BODY[:-1]
    (saved,) = await room.downloads.save([make_item(0)], room.folder)
    assert isinstance(saved.error, BadAnswer)
    assert "did not arrive whole" in saved.error.message
    assert room.names() == []


async def test_progress_counts_files_and_bytes(room: Room) -> None:
    seen: list[DownloadProgress] = []
    await room.downloads.save([make_item(0), make_item(1)], room.folder, seen.append)
    assert seen[-1].done == seen[-1].total == 2
    assert max(step.received for step in seen) == len(BODY)


async def test_save_as_takes_the_users_name_and_another_format(room: Room) -> None:
    room.files.bodies["https://files.test/converted/asset_000000.jpeg"] = b"\xff\xd8" + BODY
    path = await room.downloads.save_as(make_item(0), room.folder / "My name.jpg", "jpeg")
    assert path == room.folder / "My name.jpg"
    assert path.read_bytes().startswith(b"\xff\xd8")


async def test_a_hostile_name_stays_inside_the_folder(room: Room) -> None:
    inside = room.folder / "inside"
    item = room.add(0, name="../../evil\u202egnp.exe")
    (saved,) = await room.downloads.save([item], inside)
    assert saved.path is not None
    assert saved.path.parent == inside
    assert saved.path.name == "-..-evilgnp.exe.png"


async def test_a_folder_that_cannot_be_made_says_so(room: Room) -> None:
    (room.folder / "file").write_bytes(b"")
    with pytest.raises(StoreFailed, match="cannot be written"):
        await room.downloads.save([make_item(0)], room.folder / "file" / "sub")


async def test_a_full_disk_ends_the_run_and_leaves_no_stump(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scenario_desktop.services.file_names.publish", full)
    with pytest.raises(StoreFailed, match="No space left"):
        await room.downloads.save([make_item(0)], room.folder)
    assert room.names() == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("cat.png", "cat.jpg"), ("cat.JPEG", "cat.jpg"), ("cat", "cat.jpg"),
        ("v1.2", "v1.2.jpg"), (".png", "png.jpg"), ("a/b.webp", "a-b.jpg"),
    ],
)  # fmt: skip
def test_a_converted_picture_has_one_ending(name: str, wanted: str) -> None:
    assert converted_name(name, suffix=".jpg") == wanted

"""Thumbnails on their way to the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from psygnal import Signal

from scenario_desktop.items import Item, Source
from scenario_desktop.ui.models.picture_store import Frame, PictureStore, Shape, decode
from tests.support import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def item(key: int) -> Item:
    return Item(
        key=key, id=f"asset_{key}", source=Source.SCENARIO, kind="image", type="uploaded",
        status="success", name=f"Picture {key}", mime_type="image/png",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def encoded(color: tuple[int, ...] = (200, 30, 30), size: tuple[int, int] = (256, 128)) -> bytes:
    out = BytesIO()
    if len(color) == 4:
        Image.new("RGBA", size, color).save(out, "WEBP", lossless=True)
    else:
        Image.new("RGB", size, color).save(out, "JPEG", quality=95)
    return out.getvalue()


class FakeThumbnails:
    ready = Signal(int, bytes)
    failed = Signal(int)

    def __init__(self) -> None:
        self.wishes: list[list[int]] = []

    def want(self, items: Sequence[Item]) -> None:
        self.wishes.append([one.key for one in items])


@pytest.fixture
def source() -> FakeThumbnails:
    return FakeThumbnails()


@pytest.fixture
def store(qapp: Any, source: FakeThumbnails) -> Iterator[PictureStore]:
    store = PictureStore(source)
    yield store
    store.close()


FRAME = Frame(64, 64)


async def test_a_wanted_picture_arrives_in_its_frame(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    loaded: list[int] = []
    store.loaded.connect(loaded.append)
    frame = replace(FRAME, ratio=2.0)
    store.want("grid", [item(1), item(2)], frame)
    assert source.wishes == [[1, 2]]
    assert store.pixmap(1, frame) is None
    source.ready.emit(1, encoded())
    await until(lambda: loaded == [1])
    assert not store.is_complete
    source.failed.emit(2)
    assert store.is_complete
    pixmap = store.pixmap(1, frame)
    assert pixmap is not None
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (128, 2.0)


async def test_what_is_in_memory_serves_another_size_without_the_service(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    store.want("grid", [item(1)], FRAME)
    source.ready.emit(1, encoded())
    await until(lambda: store.pixmap(1, FRAME))
    other = Frame(100, 100)
    assert store.stand_in(1) is store.pixmap(1, FRAME)
    store.want("grid", [item(1)], other)
    await until(lambda: store.pixmap(1, other))
    assert source.wishes[-1] in ([], [1])
    assert len([wish for wish in source.wishes if wish]) == 1


async def test_a_new_wish_replaces_the_old_one_of_the_same_panel_only(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    store.want("grid", [item(1), item(2)], FRAME)
    store.want("inspector", [item(9)], FRAME)
    store.want("grid", [item(3)], FRAME)
    assert source.wishes[-1] == [3, 9]
    store.drop("inspector")
    assert source.wishes[-1] == [3]


async def test_what_is_no_longer_wished_for_is_bounded_in_bytes(
    qt_loop: Callable[..., Any], qapp: Any, source: FakeThumbnails
) -> None:
    store = PictureStore(source, max_bytes=64 * 64 * 4 * 3)
    keys = range(1, 9)
    loaded: list[int] = []
    store.loaded.connect(loaded.append)
    for key in keys:
        store.want("grid", [item(key)], FRAME)
        source.ready.emit(key, encoded())
        await until(lambda key=key: key in loaded)
    kept = [key for key in keys if store.pixmap(key, FRAME)]
    store.close()
    assert kept == [6, 7, 8]


async def test_all_that_is_in_view_is_kept_on_any_screen(
    qt_loop: Callable[..., Any], qapp: Any, source: FakeThumbnails
) -> None:
    store = PictureStore(source, max_bytes=64 * 64 * 4 * 3)
    store.want("grid", [item(key) for key in range(1, 9)], FRAME)
    for key in range(1, 9):
        source.ready.emit(key, encoded())
    await until(lambda: all(store.pixmap(key, FRAME) for key in range(1, 9)))
    store.close()


@pytest.mark.qt_log_ignore("marker type")
@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", b"\xff\xd8\xff truncated", b"RIFF0000WEBPVP8 "], ids=repr
)
async def test_bytes_that_are_no_thumbnail_count_as_failed(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails, data: bytes
) -> None:
    failed: list[int] = []
    store.failed.connect(failed.append)
    store.want("grid", [item(1)], FRAME)
    source.ready.emit(1, data)
    await until(lambda: failed == [1])
    assert store.has_failed(1)
    store.retry()
    assert source.wishes[-1] == [1]
    source.ready.emit(1, encoded())
    await until(lambda: store.pixmap(1, FRAME))
    assert not store.has_failed(1)


async def test_a_changed_item_is_fetched_again(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    store.want("grid", [item(1)], FRAME)
    source.ready.emit(1, encoded())
    await until(lambda: store.pixmap(1, FRAME))
    store.forget([1])
    assert store.pixmap(1, FRAME) is None
    assert source.wishes[-1] == [1]
    assert store.size_bytes == 0


async def test_another_workspace_never_shows_pictures_of_the_last_one(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    store.want("grid", [item(1)], FRAME)
    source.ready.emit(1, encoded((255, 0, 0)))
    other = FakeThumbnails()
    store.set_source(other)
    store.want("grid", [item(1)], FRAME)
    source.ready.emit(1, encoded((255, 0, 0)))
    other.ready.emit(1, encoded((0, 0, 255)))
    await until(lambda: store.pixmap(1, FRAME))
    pixmap = store.pixmap(1, FRAME)
    assert pixmap is not None
    assert pixmap.toImage().pixelColor(32, 32).blue() > 200


def test_filling_covers_the_frame_and_fitting_shows_the_whole() -> None:
    ground = 0xFF141414
    filled = decode(encoded(), Frame(64, 64, ground=ground))
    fitted = decode(encoded(), Frame(64, 64, shape=Shape.FIT, ground=ground))
    assert filled is not None
    assert fitted is not None
    assert filled.pixelColor(32, 2).red() > 180
    assert fitted.pixelColor(32, 2).red() == 0x14
    assert fitted.pixelColor(32, 32).red() > 180


def test_corners_are_cut_and_without_a_ground_see_through() -> None:
    image = decode(encoded(), Frame(64, 64, radius=12))
    assert image is not None
    assert image.pixelColor(0, 0).alpha() == 0
    assert image.pixelColor(32, 32).alpha() == 255


def test_transparent_pictures_stand_on_checks() -> None:
    frame = Frame(64, 64, ground=0xFF000000, checks=(0xFFFFFFFF, 0xFFCCCCCC))
    image = decode(encoded((0, 0, 0, 0), (64, 64)), frame)
    assert image is not None
    assert {image.pixelColor(x, 20).red() for x in range(10, 50)} == {0xFF, 0xCC}


async def test_what_was_in_work_is_asked_for_again_once_it_is_done(
    qt_loop: Callable[..., Any], store: PictureStore, source: FakeThumbnails
) -> None:
    store.want("grid", [replace(item(1), status="pending")], FRAME)
    source.failed.emit(1)
    assert store.has_failed(1)
    store.want("grid", [replace(item(1), status="pending", name="Renamed")], FRAME)
    assert source.wishes == [[1], []]  # nothing has changed for the picture
    store.want("grid", [item(1)], FRAME)
    assert source.wishes[-1] == [1]
    source.ready.emit(1, encoded())
    await until(lambda: store.pixmap(1, FRAME) is not None)
    assert not store.has_failed(1)

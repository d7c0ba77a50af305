"""The thumbnail cache: bounded, versioned, and harmless when damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scenario_desktop.store import thumbnails
from scenario_desktop.store.thumbnails import ThumbnailCache


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[ThumbnailCache]:
    cache = ThumbnailCache(tmp_path / "thumbnails.sqlite", 10_000)
    await cache.open()
    yield cache
    await cache.aclose()


async def test_pictures_come_back(cache: ThumbnailCache) -> None:
    await cache.put("a", "1", b"picture a")
    await cache.put("b", "1", b"picture b")
    assert await cache.get_many(["a", "c", "b"]) == {"a": b"picture a", "b": b"picture b"}
    assert await cache.size_bytes() == 18


async def test_a_new_version_takes_the_place(cache: ThumbnailCache) -> None:
    await cache.put("a", "1", b"old")
    await cache.put("a", "2", b"newer")
    assert await cache.get_many(["a"]) == {"a": b"newer"}
    assert await cache.get_many(["a"], {"a": "1"}) == {}
    assert await cache.size_bytes() == 5


async def test_the_longest_unused_go_first(
    cache: ThumbnailCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000_000, 100_000))
    monkeypatch.setattr(thumbnails.time, "time", lambda: next(clock))
    for name in "abcd":
        await cache.put(name, "1", name.encode() * 2_400)
    await cache.get_many(["a"])
    await cache.put("e", "1", b"e" * 2_400)
    assert sorted(await cache.get_many(list("abcde"))) == ["a", "d", "e"]
    assert await cache.size_bytes() <= 9_000


async def test_a_picture_larger_than_all_is_not_kept(cache: ThumbnailCache) -> None:
    await cache.put("a", "1", b"x" * 10_001)
    assert await cache.size_bytes() == 0


async def test_clearing_frees_everything(cache: ThumbnailCache) -> None:
    await cache.put("a", "1", b"x" * 9_000)
    await cache.clear()
    assert await cache.get_many(["a"]) == {}
    assert await cache.size_bytes() == 0


async def test_a_changed_picture_counts_as_missing(cache: ThumbnailCache, tmp_path: Path) -> None:
    await cache.put("a", "1", b"whole picture")
    other = sqlite3.connect(tmp_path / "thumbnails.sqlite")
    with other:
        other.execute("UPDATE pictures SET data = x'00'")
    other.close()
    assert await cache.get_many(["a"]) == {}


async def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    for _ in range(2):
        path.write_bytes(b"garbage")
        cache = ThumbnailCache(path, 1_000)
        await cache.open()
        await cache.put("a", "1", b"x")
        assert await cache.get_many(["a"]) == {"a": b"x"}
        await cache.aclose()
    assert len([name for name in os.listdir(tmp_path) if ".damaged-" in name]) == 1


async def test_a_full_disk_costs_only_the_cache(cache: ThumbnailCache) -> None:
    await cache.put("a", "1", b"x")
    await cache._database.read(lambda c: c.execute("PRAGMA max_page_count = 1").close())
    await cache.put("b", "1", b"y" * 9_000)
    assert await cache.get_many(["a", "b"]) == {"a": b"x"}
    assert await cache.size_bytes() == 1

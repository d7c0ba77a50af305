"""Hostile files dropped into the window: each is told with its reason, the sound ones come in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from scenario_desktop.app import Program
from tests.e2e.desk import (
    PATIENCE_S,
    bring_in,
    desk,
    error_card,
    items,
    press,
    says,
    session_of,
    shown,
    texts,
    toast,
)
from tests.e2e.hostile import bad_files, encoded, good_files, halves, noise
from tests.support import until


def refused(program: Program) -> dict[str, str]:
    progress = program.workbench.imports.progress
    assert progress is not None
    return {refusal.path.name: refusal.reason for refusal in progress.refused}


async def test_each_bad_file_is_told_and_the_good_ones_are_there(
    qt_loop: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    sizes, reasons = good_files(folder), bad_files(folder)
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, len(sizes))
        said = refused(program)
        assert set(said) == set(reasons)
        for name, part in reasons.items():
            assert part in said[name], name
        found = await items(program)
        assert {i.name: (i.width, i.height) for i in found} == sizes

        press(program.window, "Show why")
        await until(lambda: says(program, "Everything else was added."))
        shown_texts = texts(program.window)
        for name, part in reasons.items():
            assert name in shown_texts
            assert any(part in text for text in shown_texts), name
        for label in program.window.findChildren(QLabel):
            assert label.textFormat().name == "PlainText", label.text()


async def test_unusual_pictures_look_right(qt_loop: Any, tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    sizes = good_files(folder)
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, len(sizes))
        store = program.workbench.store
        found = {item.name: item.key for item in await items(program)}
        await until(
            lambda: all(store.stand_in(key) is not None for key in found.values()),
            timeout_s=PATIENCE_S,
        )
        for name, key in found.items():
            pixmap = store.stand_in(key)
            assert pixmap is not None
            image = pixmap.toImage()
            middle = image.height() // 2
            left = image.pixelColor(image.width() // 4, middle)
            right = image.pixelColor(image.width() * 3 // 4, middle)
            if name == "deep-gray":
                assert abs(left.lightness() - 117) < 6, name
            else:
                assert is_near(left, (220, 30, 30)), name
                assert is_near(right, (30, 30, 220)), name


def is_near(color: QColor, wanted: tuple[int, int, int]) -> bool:
    parts = (color.red(), color.green(), color.blue())
    return all(abs(a - b) < 40 for a, b in zip(parts, wanted, strict=True))


async def test_the_same_file_twice_is_told_by_its_name_here(qt_loop: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    for file in (first, second):
        file.write_bytes(encoded(halves()))
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [first])
        await shown(program, 1)
        await bring_in(program, [second])
        assert refused(program) == {"second.png": "Already here as “first”."}
        assert says(program, "No picture was added")
        assert [item.name for item in await items(program)] == ["first"]


@pytest.mark.skipif(os.name == "nt", reason="names as bytes")
async def test_names_of_files_arrive_as_they_can(qt_loop: Any, tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    names = {
        "<b>bold<": "<b>bold<",
        "R&D %1 {}": "R&D %1 {}",
        "two\nlines": "two lines",
        "صورة": "صورة",
        "👩‍👩‍👧‍👦": "👩‍👩‍👧‍👦",
        "back\\slash": "back\\slash",
        "x" * 250: "x" * 200,
        os.fsdecode(b"latin-\xe9"): "latin-\ufffd",
    }
    for number, name in enumerate(names):
        (folder / f"{name}.png").write_bytes(encoded(noise(number)))
    (folder / os.fsdecode(b"broken-\xe9.png")).write_bytes(b"")
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [folder])
        await shown(program, len(names))
        assert sorted(i.name for i in await items(program)) == sorted(names.values())
        press(program.window, "Show why")
        await until(lambda: says(program, "The file is empty."))
        assert "broken-" in " ".join(texts(program.window))
        assert not error_card(program)
        assert not toast(program)


async def test_a_stored_file_that_was_damaged_is_never_saved(qt_loop: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(noise(1)))
    (tmp_path / "b.png").write_bytes(encoded(noise(2)))
    async with desk(tmp_path / "d") as program:
        await bring_in(program, [tmp_path / "a.png", tmp_path / "b.png"])
        await shown(program, 2)
        whole = (tmp_path / "a.png").read_bytes()
        for file in (tmp_path / "d" / "data" / "engine").rglob("*"):
            if file.is_file() and file.read_bytes() == whole:
                file.write_bytes(whole[: len(whole) // 2])
        saved = await session_of(program).downloads.save(await items(program), tmp_path / "out")
        assert [file.path is not None for file in saved] == [False, True]
        assert saved[0].error is not None
        assert saved[0].error.message
        assert [file.name for file in (tmp_path / "out").glob("*.png")] == ["b.png"]

"""Several pictures dropped at once: one that cannot be had does not keep the others away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF

from scenario_desktop.canvas.format import PictureLayer
from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.items import Item, Picture
from tests.widget.canvas_support import paint
from tests.widget.test_canvas_pictures import Desk, desk

__all__ = ["desk"]


def spoil(desk: Desk, monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Let some of the pictures that are read be damaged, counted from 0."""
    read = 0

    async def next_one() -> Picture:
        nonlocal read
        number, read = read, read + 1
        if number in numbers:
            raise BadInput(f"Picture {number} is damaged.")
        return Picture(4, 4, bytes((255, 0, 0, 255)) * 16)

    async def large(item: Item, max_px: int) -> Picture:
        return await next_one()

    async def file(path: Path, max_px: int) -> Picture:
        return await next_one()

    monkeypatch.setattr(desk.images, "large", large)
    monkeypatch.setattr(desk.images, "file", file)


async def drop(desk: Desk, keys: list[int], files: list[Path]) -> tuple[int, list[Any]]:
    """Drop pictures, and return how many layers came of them, and what was told."""
    desk.open("c_1", paint("a"))
    action = desk.pictures.actions["place"]
    told: list[AppError] = []
    action.failed.connect(told.append)
    action.trigger(keys, files, QPointF(50, 50))
    await action.settle()
    layers = [one for one in desk.editor.document.layers if isinstance(one, PictureLayer)]
    return len(layers), told


@pytest.mark.parametrize("is_file", [False, True])
async def test_one_of_several_is_damaged(
    qt_loop: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch, is_file: bool
) -> None:
    spoil(desk, monkeypatch, 1)
    files = [Path(f"{name}.png") for name in "abc"] if is_file else []
    count, (error,) = await drop(desk, [] if is_file else [1, 2, 3], files)
    assert count == 2
    assert error.message == "Picture 1 is damaged."


async def test_most_of_several_are_damaged(
    qt_loop: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(desk, monkeypatch, 0, 2)
    count, (error,) = await drop(desk, [1, 2, 3], [])
    assert count == 1
    assert error.message == "2 of 3 pictures could not be placed."
    assert error.hint == "Picture 0 is damaged."


async def test_all_are_good(qt_loop: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(desk, monkeypatch)
    assert await drop(desk, [1, 2, 3], []) == (3, [])

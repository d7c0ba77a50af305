"""What the palette finds in the library."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from scenario_desktop.ui.panels.palette.entries import Scope
from scenario_desktop.ui.workbench.finding import MAX_ITEMS, find_entries
from tests.widget.gallery_support import FakeLibrary, item


async def test_the_name_itself_comes_before_what_was_made_from_it() -> None:
    library = FakeLibrary()
    names = [f"rocket {kind}" for kind in ("sketch", "canny", "depth", "lines", "pose", "normal")]
    library.add(*(replace(item(n), name=name) for n, name in enumerate([*names, "rocket"], 1)))
    entries = await find_entries(cast(Any, library), "rock", Scope.ALL)
    titles = [entry.title for entry in entries if entry.picture_key is not None]
    assert titles[0] == "rocket"
    assert len(titles) == MAX_ITEMS


async def test_a_canvas_is_called_one() -> None:
    library = FakeLibrary()
    library.add(replace(item(1), name="rocket", kind="json", type="canvas"))
    entries = await find_entries(cast(Any, library), "rocket", Scope.ALL)
    assert entries[0].note.startswith("canvas, ")

"""Icons that are named somewhere and not shipped: painting one ends in an error."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor

import scenario_desktop
from scenario_desktop import paths
from scenario_desktop.ui import icons
from scenario_desktop.ui.panels.canvas.layers import masking
from scenario_desktop.ui.panels.canvas.tools.rail import TOOLS

#: Arguments whose value is the name of an icon.
_NAMES = ("icon", "icon_name")


def shipped() -> set[str]:
    return {file.stem for file in paths.resource("icons").glob("*.svg")}


def named() -> Iterator[tuple[str, str]]:
    """Yield every icon that is given by keyword, with the file that does so."""
    for file in Path(scenario_desktop.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            value = node.value if isinstance(node, ast.keyword) and node.arg in _NAMES else None
            if isinstance(value, ast.Constant) and value.value:
                yield file.name, str(value.value)


def test_every_icon_that_is_named_is_shipped() -> None:
    found = set(named())
    assert len(found) > 50
    assert {one for one in found if one[1] not in shipped()} == set()


def test_the_icons_of_tools_and_masks_are_shipped() -> None:
    names = {entry[2] for entry in TOOLS if entry is not None}
    names |= {deed.icon for deed in masking.DEEDS}
    assert names <= shipped()


def test_a_missing_icon_leaves_no_painter_behind(qapp: Any) -> None:
    with pytest.raises(FileNotFoundError):
        icons.pixmap("no-such-icon", 16, QColor("#ffffff"), 1.0)

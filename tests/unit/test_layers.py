"""The layer rules, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "scenario_desktop"

#: layer -> (layers of ours it may import, foreign packages it must not touch)
RULES: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), {"PySide6", "httpx", "sqlite3"}),
    "paths": (set(), {"PySide6", "httpx", "sqlite3"}),
    "items": (set(), {"PySide6", "httpx", "sqlite3"}),
    "canvas": ({"errors", "items"}, {"PySide6", "httpx", "sqlite3"}),
    "imaging": ({"errors", "items"}, {"PySide6", "httpx", "sqlite3"}),
    "api": ({"errors"}, {"PySide6", "sqlite3"}),
    "store": ({"api.models", "errors", "items", "paths"}, {"PySide6", "httpx"}),
    "services": (
        {"api", "store", "imaging", "canvas", "items", "errors", "paths"},
        {"PySide6", "httpx", "sqlite3"},
    ),
    "engine": (
        {"api.models", "imaging", "items", "errors", "paths"},
        {"PySide6", "httpx"},
    ),
    "ui": (
        {"services", "api.models", "canvas", "items", "errors", "paths"},
        {"httpx", "sqlite3"},
    ),
}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(layer: str) -> list[Path]:
    folder = PACKAGE / layer
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{layer}.py"]


def _is_allowed(name: str, layer: str, allowed: set[str]) -> bool:
    inner = name.removeprefix("scenario_desktop").lstrip(".")
    if inner in ("", "__version__"):
        return True
    return any(inner == part or inner.startswith(f"{part}.") for part in {layer, *allowed})


@pytest.mark.parametrize("layer", RULES)
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    allowed, forbidden = RULES[layer]
    breaches = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in _files(layer)
        for name in set(_imports(file))
        if (name.startswith("scenario_desktop") and not _is_allowed(name, layer, allowed))
        or name.split(".")[0] in forbidden
    ]
    assert not breaches


def test_every_room_of_the_package_has_a_rule() -> None:
    rooms = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    rooms = {room for room in rooms if room.partition("_")[0] != "tour"}
    assert rooms <= {*RULES, "__init__", "__main__", "app", "first_paint"}

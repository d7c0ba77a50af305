"""What can be read of canvases of other programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.canvas import foreign
from scenario_desktop.canvas.foreign import MAX_LISTED, ForeignLayer


def names(body: Any) -> list[tuple[str, str, int]]:
    content = foreign.read(json.dumps(body))
    return [(layer.name, layer.kind, layer.depth) for layer in content.layers]


def test_a_list_of_layers_with_groups() -> None:
    body = {
        "version": "5.3",
        "layers": [
            {"name": "Sky", "type": "image", "visible": False},
            {"name": "Heroes", "type": "group", "objects": [{"type": "path"}]},
        ],
    }
    assert names(body) == [("Sky", "image", 0), ("Heroes", "group", 0), ("", "path", 1)]
    assert foreign.read(json.dumps(body)).layers[0].is_hidden


def test_names_among_attributes() -> None:
    body = {
        "className": "Stage",
        "children": [
            {"className": "Layer", "attrs": {"name": "Ink", "visible": False}, "children": [
                {"className": "Image", "attrs": {"id": "x"}},
            ]},
        ],
    }  # fmt: skip
    assert names(body) == [("Ink", "Layer", 0), ("", "Image", 1)]
    assert foreign.read(json.dumps(body)).layers[0].is_hidden


def test_records_by_their_ids_below_something_else() -> None:
    body = {"document": {"records": {"a": {"typeName": "shape", "props": {"text": "Hi\n you"}}}}}
    assert names(body) == [("Hi you", "shape", 0)]


@pytest.mark.parametrize("text", ["", "no json", "7", "[]", "{}", '{"layers": 3}', '"layers"'])
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert foreign.read(text).layers == ()


def test_many_are_cut_and_long_names_too() -> None:
    content = foreign.read(json.dumps({"layers": [{"name": "x" * 500}] * 1000}))
    assert (len(content.layers), content.is_cut) == (MAX_LISTED, True)
    assert len(content.layers[0].name) == 80


def test_a_deep_nest_ends() -> None:
    body: dict[str, Any] = {"name": "x"}
    for _ in range(300):
        body = {"name": "x", "children": [body]}
    assert max(depth for *_, depth in names({"layers": [body]})) <= foreign.MAX_DEPTH + 1
    assert foreign.read("[" * 100_000).layers == ()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["layers", "children", "name", "type", "x"]), inner)
    ),
    max_leaves=20,
)


@given(_VALUES)
def test_any_json_is_gone_through(body: Any) -> None:
    for layer in foreign.read(json.dumps(body)).layers:
        assert isinstance(layer, ForeignLayer)
        assert layer.name or layer.kind

"""From schemas to field specs, and how pairs push each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.ui.forms.spec import (
    FieldKind,
    FieldSpec,
    fields_of_model,
    fields_of_schema,
    pushed,
)


def spec_of(**schema: Any) -> FieldSpec:
    return fields_of_schema({"properties": {"x": schema}})[0]


def test_an_optional_bounded_number_becomes_a_slider_with_its_limits() -> None:
    specs = {spec.name: spec for spec in fields_of_model(DetectRequest)}
    low = specs["low_threshold"]
    assert (low.kind, low.minimum, low.maximum, low.initial) == (FieldKind.SLIDER, 0, 255, 100)
    assert (low.title, low.below, low.aliases) == (
        "Lower threshold",
        "high_threshold",
        ("lowThreshold",),
    )


def test_fields_left_out_do_not_appear() -> None:
    names = [s.name for s in fields_of_model(DetectRequest, leave_out=("image", "modality"))]
    assert "image" not in names
    assert names[0] == "low_threshold"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "boolean"}, FieldKind.SWITCH),
        ({"type": "number"}, FieldKind.NUMBER),
        ({"type": "integer", "minimum": 0, "maximum": 9}, FieldKind.SLIDER),
        ({"type": "string"}, FieldKind.TEXT),
        ({"type": "string", "display": "long_text"}, FieldKind.LONG_TEXT),
        ({"type": "string", "enum": ["a", "b"]}, FieldKind.CHOICE),
        ({"type": "array", "items": {"enum": ["a"]}}, FieldKind.PICTURED_CHOICES),
        ({"type": "array", "items": {"type": "string"}, "display": "pictures"}, FieldKind.PICTURES),
        ({"type": "a type of tomorrow"}, FieldKind.TEXT),
    ],
    ids=str,
)
def test_the_type_decides_the_editor(schema: dict[str, Any], kind: FieldKind) -> None:
    assert spec_of(**schema).kind is kind


@pytest.mark.parametrize(
    ("schema", "step", "decimals"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 255}, 1, 0),
        ({"type": "number", "minimum": 0, "maximum": 1}, 0.05, 2),
        ({"type": "number", "minimum": 0, "maximum": 20}, 1, 1),
        ({"type": "number", "minimum": 0, "maximum": 20, "step": 0.25}, 0.25, 2),
        ({"type": "number"}, 0.1, 1),
    ],
    ids=str,
)
def test_a_step_follows_from_the_range(schema: dict[str, Any], step: float, decimals: int) -> None:
    spec = spec_of(**schema)
    assert spec.step == pytest.approx(step)
    assert spec.decimals == decimals


def test_order_and_group_are_read_and_equal_orders_keep_their_place() -> None:
    schema = {"properties": {"c": {"order": 2}, "a": {}, "b": {"group": "More"}}}
    specs = fields_of_schema(schema)
    assert [s.name for s in specs] == ["a", "b", "c"]
    assert specs[1].group == "More"


def test_choices_carry_words_for_people() -> None:
    spec = spec_of(type="string", enum=["line_art", "x"], titles={"x": "Ex"})
    assert [(c.value, c.title) for c in spec.choices] == [("line_art", "Line art"), ("x", "Ex")]


def test_a_required_field_of_a_model_is_known_as_such() -> None:
    class Model(BaseModel):
        name: str = Field(max_length=5)
        note: str = ""

    name, note = fields_of_model(Model)
    assert (name.is_required, name.max_length, note.is_required) == (True, 5, False)


@pytest.mark.parametrize(
    ("schema", "value", "is_fine"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 9}, 4, True),
        ({"type": "integer", "minimum": 0, "maximum": 9}, 400, True),
        ({"type": "integer", "minimum": 0, "maximum": 9}, 4.5, False),
        ({"type": "integer", "minimum": 0, "maximum": 9}, True, False),
        ({"type": "number"}, float("nan"), False),
        ({"type": "number"}, "4", False),
        ({"type": "boolean"}, 1, False),
        ({"type": "string", "enum": ["a"]}, "b", False),
        ({"type": "array", "items": {"enum": ["a"]}}, ["a"], True),
        ({"type": "array", "items": {"enum": ["a"]}}, ["b"], False),
        ({"type": "array", "items": {}, "display": "pictures"}, [1], False),
        ({"type": "string"}, None, False),
    ],
    ids=str,
)
def test_only_values_of_the_right_type_are_taken_from_an_old_draft(
    schema: dict[str, Any], value: Any, is_fine: bool
) -> None:
    assert spec_of(**schema).accepts(value) is is_fine


PAIR = fields_of_schema(
    {
        "properties": {
            "low": {"type": "integer", "minimum": 0, "maximum": 255, "below": "high"},
            "high": {"type": "integer", "minimum": 0, "maximum": 255},
        }
    }
)


@pytest.mark.parametrize(
    ("edited", "low", "high", "outcome"),
    [
        ("low", 10, 20, {}),
        ("low", 20, 20, {"low": 20, "high": 21}),
        ("low", 90, 20, {"low": 90, "high": 91}),
        ("low", 255, 200, {"low": 254, "high": 255}),
        ("high", 90, 20, {"low": 19, "high": 20}),
        ("high", 90, 0, {"low": 0, "high": 1}),
    ],
)
def test_thresholds_push_each_other_and_never_cross(
    edited: str, low: int, high: int, outcome: dict[str, int]
) -> None:
    draft: dict[str, float] = {"low": low, "high": high}
    assert pushed(PAIR, edited, draft.get) == outcome

"""The detect form's draft, its requests and its prices in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.items import Item, Source
from scenario_desktop.ui.panels.detect.state import (
    DetectDraft,
    field_errors,
    price_lines,
    reasons,
)


def item(name: str = "meadow", kind: str = "image") -> Item:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    return Item(1, "asset_1", Source.SCENARIO, kind, "uploaded", "success", name, "", now, now)


def test_each_control_map_keeps_its_own_parameters() -> None:
    draft = DetectDraft().with_values({"low_threshold": 72, "high_threshold": 168})
    draft = draft.with_modalities(["canny", "grayscale"], "grayscale")
    draft = draft.with_values({"factor": 3.0, "low_threshold": 9})
    assert draft.values(Modality.CANNY)["low_threshold"] == 72
    assert draft.values(Modality.GRAYSCALE)["factor"] == 3.0
    assert "low_threshold" not in draft.values(Modality.GRAYSCALE)


def test_there_is_a_request_per_picture_and_control_map() -> None:
    draft = DetectDraft().with_modalities(["sketch", "canny"], "canny")
    found = [(r.image, r.modality) for r in draft.requests(["a", "b"])]
    assert found == [("a", "canny"), ("a", "sketch"), ("b", "canny"), ("b", "sketch")]


def test_only_own_parameters_are_sent() -> None:
    request = DetectDraft().request("a", Modality.SKETCH)
    assert request.to_wire() == {"image": "a", "modality": "sketch", "removeBackground": False}


@pytest.mark.parametrize(
    ("chosen", "current", "expected"),
    [
        (["canny", "mlsd"], "mlsd", Modality.MLSD),
        (["canny", "mlsd"], None, Modality.CANNY),
        (["mlsd"], "canny", Modality.MLSD),
        ([], None, Modality.CANNY),
    ],
)
def test_one_of_the_chosen_maps_is_current(
    chosen: list[str], current: str | None, expected: Modality
) -> None:
    assert DetectDraft().with_modalities(chosen, current).current is expected


def test_a_remembered_draft_opens_again() -> None:
    draft = DetectDraft().with_modalities(["pose", "canny"], "pose")
    draft = draft.with_values({"keypoint_threshold": 0.2, "remove_background": True})
    assert DetectDraft.from_dict(draft.to_dict()) == draft


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"modalities": "canny", "parameters": []},
        {"modalities": ["of tomorrow"], "current": 3},
        {"parameters": {"canny": {"low_threshold": "12", "sharpness": 1}, "x": {}}},
    ],
    ids=str,
)
def test_an_odd_draft_opens_as_a_fresh_form(data: dict[str, object]) -> None:
    draft = DetectDraft.from_dict(data)
    assert draft.modalities == (Modality.CANNY,)
    assert draft.values(Modality.CANNY)["low_threshold"] == 100


def test_a_sent_request_becomes_a_draft_again() -> None:
    sent = DetectDraft().with_values({"low_threshold": 9, "high_threshold": 10})
    wire = sent.request("a", Modality.CANNY).to_wire()
    assert DetectDraft.of_request(wire).values(Modality.CANNY)["low_threshold"] == 9


def test_errors_are_found_for_maps_that_are_not_shown() -> None:
    draft = DetectDraft().with_values({"low_threshold": 300, "high_threshold": 301})
    draft = draft.with_modalities(["canny", "sketch"], "sketch")
    errors = field_errors(draft)[Modality.CANNY]
    assert errors["low_threshold"] == "300 is above the highest value, 255."


def test_every_reason_is_listed() -> None:
    draft = DetectDraft().with_values({"low_threshold": 300, "high_threshold": 168})
    assert reasons([], draft) == [
        "Choose a picture.",
        "Canny, lower threshold: 300 is above the highest value, 255.",
    ]
    assert reasons([item("a.mp4", "video")], DetectDraft()) == [
        "“a.mp4” is not a picture. Take it out."
    ]
    theirs = replace(item("b.png"), source=Source.SARTIQ)
    assert reasons([theirs], DetectDraft()) == [
        "“b.png” lies in Sartiq. Download it and add the file instead."
    ]
    assert reasons([item()], DetectDraft().with_modalities([], None)) == ["Choose a control map."]
    assert reasons([item()], DetectDraft()) == []


def test_thresholds_that_cross_are_a_reason() -> None:
    draft = DetectDraft().with_values({"low_threshold": 9, "high_threshold": 3})
    assert reasons([item()], draft) == ["Canny: The lower threshold must be below the upper one."]


def test_maps_of_one_price_share_a_line() -> None:
    draft = DetectDraft().with_modalities(["canny", "sketch", "pose"], None)
    one = Decimal(1)
    each = {Modality.CANNY: one, Modality.SKETCH: one, Modality.POSE: Decimal("2.5")}
    lines = [(line.text, line.amount) for line in price_lines(draft, 3, each)]
    assert lines == [
        ("3\u00a0pictures × Canny and Sketch", "6 × 1\u00a0CU"),
        ("3\u00a0pictures × Pose", "3 × 2.5\u00a0CU"),
    ]


def test_an_unknown_price_is_said() -> None:
    assert price_lines(DetectDraft(), 1, {Modality.CANNY: None})[0].amount == "no price"
    assert price_lines(DetectDraft(), 1, None)[0].amount == ""
    assert price_lines(DetectDraft(), 0, None) == []

"""What is chosen for refining is sorted into the service's roads and told in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scenario_desktop.items import PREDICTION, REFINE, Item, Source
from scenario_desktop.services.sartiq.refining import RefineInput, RefinePlan, Road, plan_refine

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SCALE = {"scale_factor": 2.0}


def item(one: str, source: Source, type_: str, parent_id: str | None = None) -> Item:
    return Item(
        1, one, source, "image", type_, "success", one.title(), "image/png", NOW, NOW,
        width=300, height=200, parent_id=parent_id,
    )  # fmt: skip


ASSET = item("asset", Source.SCENARIO, "uploaded")
PICTURE = item("p1", Source.SARTIQ, PREDICTION)
REFINED = item("r1", Source.SARTIQ, REFINE, "p1")


def test_each_kind_of_input_takes_its_road() -> None:
    plan = plan_refine([ASSET, Path("x.png"), PICTURE, REFINED], SCALE)
    assert [i.road for i in plan.inputs] == [
        Road.UPLOAD, Road.UPLOAD, Road.PREDICTION, Road.CHAIN,
    ]  # fmt: skip
    assert (plan.inputs[3].prediction_id, plan.inputs[3].refine_id) == ("p1", "r1")


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        ([], ""),
        ([ASSET], "1 picture is uploaded"),
        ([PICTURE], "1 prediction is refined"),
        ([REFINED], "1 refine is refined again"),
        (
            [ASSET, Path("x.png"), PICTURE, REFINED],
            "2 pictures are uploaded, 1 prediction refined, 1 refine refined again",
        ),
    ],
)
def test_the_plan_is_told_in_words(sources: list[Item | Path], text: str) -> None:
    assert plan_refine(sources, SCALE).text.replace("\u00a0", " ") == text


def test_what_is_chosen_twice_counts_once() -> None:
    assert len(plan_refine([ASSET, ASSET, PICTURE], SCALE).inputs) == 2


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        (SCALE, (600, 400)),
        ({"width": 1000, "height": 500}, (1000, 500)),
        ({}, None),
    ],
)
def test_the_size_after_is_known_before(
    settings: dict[str, float], size: tuple[int, int] | None
) -> None:
    assert RefineInput.of(ASSET).size_after(settings) == size


def test_a_file_of_unknown_size_has_no_size_after() -> None:
    assert RefineInput.of(Path("x.png")).size_after(SCALE) is None


def test_a_request_names_a_prediction_once_and_keeps_to_the_limit() -> None:
    plan = plan_refine([ASSET, PICTURE, REFINED, Path("x.png")], SCALE)
    assert plan.groups(10) == [[0, 1, 3], [2]]
    assert plan.groups(2) == [[0, 1], [2, 3]]
    assert RefinePlan((), SCALE).groups(2) == []

"""What the refine form says: the plan in words, sizes, reasons, and drafts that come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.items import PREDICTION, REFINE, Item, Source
from scenario_desktop.services.job_views import JobState, JobView
from scenario_desktop.ui.panels.refine.state import (
    Input,
    RefineDraft,
    Size,
    Stage,
    left_out_text,
    linked_height,
    linked_width,
    plan_lines,
    plan_of,
    progress_of,
    reasons,
    refusal,
    scales_too_large,
    size_note,
    usual_time,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NBSP = "\u00a0"


def item(number: int, type_: str = "uploaded", **changes: Any) -> Item:
    source = Source.SARTIQ if type_ in (PREDICTION, REFINE) else Source.SCENARIO
    made = Item(
        number, f"id_{number}", source, "image", type_, "success", f"Picture {number}",
        "image/png", NOW, NOW, 1024, 768, 2_000_000,
    )  # fmt: skip
    return replace(made, **changes)


def prediction(number: int, **changes: Any) -> Input:
    return Input.of_item(item(number, PREDICTION, **changes))


def refine(number: int, **changes: Any) -> Input:
    of = {"parent_id": f"parent_{number}", **changes}
    return Input.of_item(item(number, REFINE, **of), "2×")


def picture(number: int, **changes: Any) -> Input:
    return Input.of_item(item(number, **changes))


def view(state: JobState, **changes: Any) -> JobView:
    made = JobView(
        "row", "Refine", "", "sartiq-refine", "", "id_1", state, "In words", None, None, None,
        None, False, False, "", "", (), NOW, None, None,
    )  # fmt: skip
    return replace(made, **changes)


def texts(inputs: list[Input], draft: RefineDraft | None = None, **flags: bool) -> list[str]:
    lines = plan_lines(inputs, draft or RefineDraft(), **flags)
    return [line.text.replace(NBSP, " ") for line in lines]


def test_the_plan_names_each_road_and_what_comes_of_it() -> None:
    inputs = [picture(1), picture(2), picture(3), prediction(4), prediction(5), refine(6)]
    assert texts(inputs) == [
        "3 pictures are uploaded, 6 MB",
        "2 predictions are refined at 2×",
        "1 refine is chained, 2,048 px in the end",
        "3 new items and 3 new versions appear",
    ]


def test_pictures_that_the_service_can_read_are_not_uploaded() -> None:
    file = Input.of_file(Path("/tmp/new.png"), 640_000)
    assert texts([picture(1), file], uploads_items=False) == [
        "1 picture is uploaded, 640 KB",
        "1 picture is read by Sartiq from Scenario",
        "2 new items appear in the library",
    ]


def test_a_target_size_stands_in_the_plan() -> None:
    draft = RefineDraft(Size.SIDES, 1600, 1200)
    assert texts([prediction(1)], draft)[0] == "1 prediction is refined to 1,600 × 1,200 px"


def test_an_empty_strip_has_no_plan() -> None:
    assert plan_lines([], RefineDraft()) == []


@pytest.mark.parametrize(
    ("one", "badge", "sizes"),
    [
        (picture(1), "Picture", "1,024 → 2,048 px"),
        (prediction(1), "Prediction", "1,024 → 2,048 px"),
        (refine(1, width=2048, height=2048), "Refine 2×", "2,048 → 4,096 px"),
        (Input.of_file(Path("/tmp/x.png")), "Picture", "Size unknown"),
    ],
    ids=["asset", "prediction", "refine", "file not measured yet"],
)
def test_a_tile_says_what_it_is_and_how_large_it_gets(one: Input, badge: str, sizes: str) -> None:
    assert one.badge == badge
    assert one.sizes_text(RefineDraft().settings()).replace(NBSP, " ") == sizes


def test_the_note_names_the_largest_result_and_what_is_too_large() -> None:
    inputs = [picture(1, width=2400, height=1600), picture(2)]
    assert scales_too_large(inputs) == {Size.EIGHT: 1}
    assert size_note(inputs, RefineDraft()).replace(NBSP, " ") == (
        "Largest result 4,800 × 3,200 px. 8× is too large for 1 of the 2 inputs."
    )


def test_a_target_of_another_shape_is_told() -> None:
    draft = RefineDraft(Size.SIDES, 2000, 2000)
    assert size_note([picture(1), picture(2, width=500, height=500)], draft) == (
        "1 input has another shape and will not fit as a whole."
    )


@pytest.mark.parametrize(
    ("inputs", "draft", "expected"),
    [
        ([], RefineDraft(), "Add a prediction, a refine or a picture."),
        ([picture(1)], RefineDraft(Size.SIDES), "Type a width and a height of at least 1 px."),
        ([picture(1)], RefineDraft(Size.SIDES, 800), "Type a height of at least 1 px."),
        ([picture(1)], RefineDraft(Size.SIDES, 0, 800), "Type a width of at least 1 px."),
        (
            [picture(1, width=9000, height=9000)],
            RefineDraft(Size.EIGHT),
            "8× is too large for the picture. Choose a smaller size.",
        ),
    ],
    ids=["nothing", "no sides", "width alone", "height alone", "too large"],
)
def test_what_cannot_be_sent_says_why(
    inputs: list[Input], draft: RefineDraft, expected: str
) -> None:
    assert [text.replace(NBSP, " ") for text in reasons(inputs, draft)] == [expected]


def test_a_good_form_has_no_reason() -> None:
    assert reasons([picture(1), prediction(2)], RefineDraft(Size.FOUR)) == []


def test_settings_hold_only_what_is_set() -> None:
    assert RefineDraft().settings() == {"scale_factor": 2.0}
    draft = RefineDraft(Size.SIDES, 800, 600, prompt="  crisp ", model_id=" keeper ")
    assert draft.settings() == {
        "width": 800, "height": 600, "prompt": "crisp", "refine_model_id": "keeper",
    }  # fmt: skip


def test_a_draft_comes_back_as_it_was() -> None:
    draft = RefineDraft(Size.SIDES, 800, 600, False, "crisp", "keeper", ("item:a", "file:/x"))
    assert RefineDraft.from_dict(draft.to_dict()) == draft


@pytest.mark.parametrize(
    "data",
    [{}, {"size": "3", "width": -1, "height": True, "prompt": 4, "inputs": "all", "new": 1}],
    ids=["empty", "wrong"],
)
def test_a_draft_of_another_make_falls_back(data: dict[str, Any]) -> None:
    assert RefineDraft.from_dict(data) == RefineDraft()


def test_linked_sides_keep_the_shape_of_the_picture() -> None:
    assert linked_height(2048, picture(1)) == 1536
    assert linked_width(1536, picture(1)) == 2048
    assert linked_height(2048, None) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "video"}, "videos cannot be refined"),
        ({"type": "canvas"}, "only pictures can be refined"),
        ({"status": "pending"}, "it is still in work"),
        ({"status": "error"}, "it has no picture"),
        ({"deleted_at": NOW}, "it is in the trash"),
        ({}, ""),
    ],
    ids=["video", "canvas", "pending", "failed", "trash", "good"],
)
def test_what_cannot_be_refined_says_why(changes: dict[str, Any], reason: str) -> None:
    assert refusal(item(1, **changes)) == reason


def test_what_is_left_out_is_named_once_per_reason() -> None:
    items = [item(1, kind="video"), item(2, status="error"), item(3, status="error"), item(4)]
    assert left_out_text(items).replace(NBSP, " ") == (
        "Left out “Picture 1”: videos cannot be refined; 2 items: they have no picture."
    )


def test_two_refines_of_one_prediction_leave_in_two_requests() -> None:
    inputs = [refine(1, parent_id="p"), refine(2, parent_id="p"), prediction(3)]
    assert plan_of(inputs, RefineDraft()).groups(100) == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("job", "stage", "text", "can_retry"),
    [
        (None, Stage.IDLE, "", False),
        (view(JobState.PREPARED, upload_progress=0.4), Stage.WORKING, "Uploading 40 %", False),
        (view(JobState.PREPARED), Stage.WORKING, "Waiting", False),
        (view(JobState.SENDING), Stage.WORKING, "Sending", False),
        (view(JobState.QUEUED), Stage.WORKING, "Queued", False),
        (view(JobState.RUNNING), Stage.WORKING, "Running", False),
        (view(JobState.DONE, result_ids=("r",)), Stage.DONE, "Done", False),
        (view(JobState.DONE), Stage.UNCERTAIN, "No result named", True),
        (view(JobState.FAILED), Stage.FAILED, "Failed", True),
        (view(JobState.NOT_SENT), Stage.FAILED, "Not sent", True),
        (view(JobState.CANCELED), Stage.FAILED, "Cancelled", True),
        (view(JobState.UNCERTAIN), Stage.UNCERTAIN, "Uncertain", False),
    ],
    ids=lambda value: str(getattr(value, "state", value)),
)
def test_a_tile_follows_its_job(
    job: JobView | None, stage: Stage, text: str, can_retry: bool
) -> None:
    found = progress_of(job)
    assert (found.stage, found.text.replace(NBSP, " "), found.can_retry) == (stage, text, can_retry)


def test_the_usual_time_is_the_median_of_what_was_done() -> None:
    done = [view(JobState.DONE, elapsed_s=float(s)) for s in (10, 40, 600)]
    other = [view(JobState.DONE, elapsed_s=1.0, kind="detect"), view(JobState.FAILED, elapsed_s=1)]
    assert usual_time([*done, *other], "sartiq-refine").replace(NBSP, " ") == "about 40 s per item"
    assert usual_time(other, "sartiq-refine") == "not known yet"

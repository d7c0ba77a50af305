"""What the second service answers, as records of the one catalogue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scenario_desktop.api.models.sartiq.answers import GenerationPublic
from scenario_desktop.items import PREDICTION, REFINE
from scenario_desktop.services.sartiq.records import (
    asset_of_prediction,
    asset_of_refine,
    facts_of,
    is_in_work,
    name_of,
    record_of,
)
from scenario_desktop.store.catalogue_generations import GenerationRecord

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIGNED = "https://files.example/a/b.jpg?X-Amz-Signature=abc"


def refine(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"r{number}", "prediction_id": "p1", "created_at": NOW.isoformat(),
        "status": "whatever", "scale_factor": 2.0, "result_image_url": SIGNED,
    } | fields  # fmt: skip


def prediction(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}", "generation_id": "g1", "created_at": NOW.isoformat(), "seed": 0,
        "updated_at": NOW.isoformat(), "status": "fertig", "result_image_url": SIGNED,
    } | fields  # fmt: skip


def generation(*predictions: dict[str, Any], **fields: Any) -> GenerationPublic:
    wire = {
        "id": "g1", "owner_id": "u1", "created_at": NOW.isoformat(), "width": 1024, "height": 768,
        "batch_size": len(predictions), "predictions": list(predictions),
    }  # fmt: skip
    return GenerationPublic.model_validate(wire | fields)


def test_a_prediction_is_an_asset() -> None:
    whole = generation(
        prediction(shot_type="front_full_body", favourite=True, refines=[refine()]),
        extra_prompt="A red boat",
        tool="EDIT",
    )
    asset = asset_of_prediction(whole.predictions[0], whole)
    assert (asset.id, asset.kind, asset.type, asset.status) == (
        "p1",
        "image",
        PREDICTION,
        "success",
    )
    assert (asset.source, asset.mime_type, asset.name) == ("sartiq", "image/jpeg", "A red boat")
    assert asset.parent_id is None
    expected = {
        "generationId": "g1", "shotType": "front_full_body", "versions": 1, "versionScale": 2.0,
        "favourite": True,
        "prompt": "A red boat", "seed": 0, "tool": "EDIT",
    }  # fmt: skip
    assert expected.items() <= asset.metadata.items()
    assert (asset.properties.width, asset.properties.height) == (1024, 768)
    assert "files.example" not in asset.model_dump_json()


def test_a_video_says_how_long_it_is() -> None:
    whole = generation(
        prediction(result_image_url=None, result_video_url=SIGNED, duration_seconds=8)
    )
    asset = asset_of_prediction(whole.predictions[0], whole)
    assert (asset.kind, asset.properties.duration) == ("video", 8)


def test_what_was_measured_counts_more_than_what_was_asked_for() -> None:
    media = {"width": 2048, "height": 1536, "file_size": 99, "extension": ".webp", "url": SIGNED}
    whole = generation(prediction(result_image_media=media))
    properties = asset_of_prediction(whole.predictions[0], whole)
    assert (properties.properties.width, properties.properties.size) == (2048, 99)
    assert properties.mime_type == "image/webp"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "success"),
        ({"status": "pending"}, "success"),
        ({"result_image_url": None, "status": "RENDERING"}, "pending"),
        ({"result_image_url": None, "error_message": "no face found"}, "error"),
        ({"result_image_url": None, "status": "failed"}, "error"),
    ],
)
def test_the_end_is_told_by_facts(fields: dict[str, Any], status: str) -> None:
    whole = generation(prediction(**fields), refine=False)
    asset = asset_of_prediction(whole.predictions[0], whole)
    assert asset.status == status
    assert asset.metadata.get("error") == fields.get("error_message")


def test_a_refine_is_a_child_of_its_prediction() -> None:
    whole = generation(
        prediction(refines=[refine(), refine(2, refines_refine_id="r1", scale_factor=None)]),
        shot_type_string="side_upper_body",
    )
    only = whole.predictions[0]
    first, second = (asset_of_refine(r, only, whole) for r in only.refines)
    assert (first.type, first.parent_id, first.source) == (REFINE, "p1", "sartiq")
    assert first.metadata["generationId"] == "g1"
    assert (first.name, second.name) == ("Side upper body, 2×", "Side upper body, refined")
    assert second.metadata["refinedFrom"] == "r1"


def test_one_of_which_little_is_known_is_taken_all_the_same() -> None:
    bare = GenerationPublic.model_validate({
        "id": "g1", "predictions": [{"id": "p1", "refines": [{"id": "r1"}]}],
    })  # fmt: skip
    record = record_of(bare, NOW)
    assert [asset.id for asset in record.assets] == ["p1", "r1"]
    assert record.assets[1].parent_id == "p1"
    assert record.assets[0].name == "Generation g1"
    assert asset_of_prediction(bare.predictions[0]).name == "Prediction"


@pytest.mark.parametrize(
    ("fields", "shot", "name"),
    [
        ({"extra_prompt": "A  red\nboat"}, None, "A red boat"),
        ({"generated_prompt": "word " * 40}, None, " ".join(["word"] * 11) + "…"),
        ({}, "front_full_body", "Front full body"),
        ({"tool": "SUBJECT_SWAP"}, None, "Subject swap"),
        ({"id": "3f2a9c105d1e"}, None, "Generation 3f2a9c10"),
    ],
)
def test_names_come_from_what_there_is(fields: dict[str, Any], shot: str | None, name: str) -> None:
    assert name_of(generation(**fields), shot) == name


def test_no_address_is_kept_of_a_generation() -> None:
    whole = generation(
        prediction(),
        subject_image_url=SIGNED,
        product_image_media={"url": SIGNED},
        reference_images_paths=["temp/a.png", SIGNED],
    )
    record = record_of(whole, NOW)
    assert b"Signature" not in record.data
    assert facts_of(whole)["reference_images_paths"] == ["temp/a.png", SIGNED.partition("?")[0]]
    assert b'"steps"' not in record.data


def digest(**fields: Any) -> bytes:
    return record_of(generation(prediction(**fields)), NOW).digest


def test_a_digest_tells_news_from_new_signatures() -> None:
    assert digest() == digest(result_image_url=SIGNED + "other")
    assert len({digest(), digest(favourite=True), digest(refines=[refine()])}) == 3


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def test_what_is_in_work_is_asked_after_for_a_while() -> None:
    ended = generation(prediction())
    running = generation(prediction(result_image_url=None, status="pending"))
    refining = generation(prediction(refines=[refine(result_image_url=None)]))
    missing = generation(prediction(), batch_size=4)
    empty = generation(batch_size=0)
    assert not is_in_work(ended, NOW)
    assert [is_in_work(running, at(h)) for h in (0, 23, 25)] == [True, True, False]
    assert [is_in_work(refining, at(h)) for h in (0, 25)] == [True, False]
    assert [is_in_work(missing, at(h)) for h in (0, 2)] == [True, False]
    assert is_in_work(empty, NOW)
    assert record_of(running, NOW).is_open
    assert record_of(running, NOW).digest != record_of(running, at(30)).digest
    assert isinstance(record_of(ended, NOW), GenerationRecord)

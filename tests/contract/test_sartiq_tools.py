"""Tools of the second half that work on one picture, and work that only a model could do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scenario_desktop.engine.sartiq.trials import MAX_CALLBACKS
from tests.contract.job_support import png
from tests.contract.sartiq_support import UNKNOWN, Served, opened, photo, serving

ADJUSTER = "/generations/image-adjuster"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data") as served:
        yield served


async def result(served: Served, generation: dict[str, Any]) -> Image.Image:
    (prediction,) = (await served.ended(generation["id"]))["predictions"]
    assert prediction["status"] == "completed", prediction["error_message"]
    answer = await served.http.get(prediction["result_image_url"])
    return opened(answer.content)


@pytest.mark.parametrize(
    ("wish", "size"),
    [
        ({"target_width": 50, "target_height": 70, "mode": "crop"}, (50, 70)),
        ({"target_width": 50, "target_height": 70, "mode": "pad"}, (50, 70)),
        ({"target_width": 48, "target_height": None, "mode": "scale"}, (48, 32)),
        ({"target_width": None, "target_height": None, "aspect_ratio": 1, "mode": "crop"},
         (64, 64)),
        ({"target_width": None, "target_height": None, "margin_left": 4, "margin_top": 2},
         (100, 66)),
        ({"target_width": 30, "target_height": 30, "cropping_position": "top",
          "resampling": "nearest", "tolerance": 1, "scaling_proportions": "keep"}, (30, 30)),
    ],
)  # fmt: skip
async def test_a_picture_gets_its_size_to_the_pixel(
    served: Served, wish: dict[str, Any], size: tuple[int, int]
) -> None:
    generation = await served.adjust(await served.upload(), **wish)
    assert (generation["width"], generation["height"]) == size
    assert generation["tool"] == "IMAGE_ADJUSTER"
    assert (await result(served, generation)).size == size


async def test_only_the_first_reference_picture_counts(served: Served) -> None:
    like = await served.upload(photo(40, 72))
    generation = await served.adjust(
        await served.upload(), target_width=None, target_height=None,
        reference_images=[like, "http://evil.example/x.png"],
    )  # fmt: skip
    assert (generation["width"], generation["height"]) == (40, 72)
    assert (await result(served, generation)).size == (40, 72)


@pytest.mark.parametrize(
    "wish",
    [{"target_width": None, "target_height": None}, {"mode": "fold"}, {"resampling": "magic"},
     {"target_width": 60_000, "target_height": 60_000}, {"margin_left": 500},
     {"cropping_position": "nowhere"}, {"target_width": 0}, {"tolerance": 2}],
)  # fmt: skip
async def test_a_size_that_cannot_be_is_told_at_once(served: Served, wish: dict[str, Any]) -> None:
    body = {"base_img_path": await served.upload(), "target_width": 9, "target_height": 9, **wish}
    problems = await served.refused("POST", ADJUSTER, 422, json=body)
    assert problems[0]["msg"]
    assert await served.rows("SELECT count(*) FROM sartiq_generations") == [(0,)]


async def test_a_background_takes_the_palette_s_colour(served: Served) -> None:
    values = np.full((128, 128, 3), (200, 40, 40), np.uint8)
    values[40:100, 40:90] = (20, 20, 120)
    subject = await served.upload(png(Image.fromarray(values)))
    palette = await served.upload(png(Image.new("RGB", (64, 64), (40, 160, 60))))
    body = {"base_img_path": subject, "palette_image_path": palette}
    generation = await served.ok("POST", "/generations/background-fix", json=body)
    assert len(generation["reference_images_media"]) == 2
    made = (await result(served, generation)).convert("RGB")
    red, green, _ = made.getpixel((5, 5))  # type: ignore[misc]  # three channels
    assert green > red
    assert made.size == (128, 128)


async def test_a_background_needs_a_palette_here(served: Served) -> None:
    body = {"base_img_path": await served.upload(), "background_preset_id": UNKNOWN}
    (problem,) = await served.refused("POST", "/generations/background-fix", 422, json=body)
    assert problem["loc"] == ["body", "palette_image_path"]
    assert "preset" in problem["msg"]


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("background_preset_id", UNKNOWN, "preset"),
        ("background_fixer_strategy", "magic", "recolour"),
    ],
)
async def test_what_this_engine_cannot_do_to_a_background_is_told(
    served: Served, field: str, value: str, word: str
) -> None:
    picture = await served.upload()
    body = {"base_img_path": picture, "palette_image_path": picture}
    (problem,) = await served.refused(
        "POST", "/generations/background-fix", 422, json=body | {field: value}
    )
    assert problem["loc"] == ["body", field]
    assert word in problem["msg"]
    own = body | {"background_fixer_strategy": "recolour", "framing": "full_body"}
    await served.ok("POST", "/generations/background-fix", json=own)


async def test_a_picture_without_a_face_fails_with_that_message(served: Served) -> None:
    body = {"base_img_path": await served.upload(png(Image.new("RGB", (64, 64), "white")))}
    generation = await served.ok("POST", "/generations/face-fixer", json=body)
    assert generation["batch_size"] == 1
    (prediction,) = (await served.ended(generation["id"]))["predictions"]
    assert (prediction["status"], prediction["error_category"]) == ("error", "bad_input")
    assert "face" in prediction["error_message"].lower()


@pytest.mark.parametrize("tool", ["image-adjuster", "background-fix", "face-fixer"])
async def test_a_foreign_picture_is_told_at_its_field(served: Served, tool: str) -> None:
    body = {"base_img_path": "http://evil.example/a.png"}
    if tool == "background-fix":
        body["palette_image_path"] = await served.upload()
    (problem,) = await served.refused("POST", f"/generations/{tool}", 422, json=body)
    assert problem["loc"] == ["body", "base_img_path"]
    assert "fetches nothing" in problem["msg"]


async def test_a_video_of_somebody_else_s_prediction_is_refused(served: Served) -> None:
    foreign = (await served.other.made())["predictions"][0]["id"]
    body = {"prediction_id": foreign, "prompt": "a"}
    assert await served.refused("POST", "/generations/videos", 403, json=body)
    body["prediction_id"] = UNKNOWN
    assert await served.refused("POST", "/generations/videos", 404, json=body)


async def test_an_experimental_task_ends_in_error(served: Served) -> None:
    body = {"fal_app_id": "fal-ai/flux", "payload": {"prompt": "a", "n": [1, None]}}
    task = await served.ok("POST", "/generations/experimental-task", json=body)
    assert (task["status"], task["image_url"]) == ("error", None)
    assert task["payload"] == body["payload"]
    assert "needs a learned model" in task["error_message"]
    path = f"/generations/experimental-task/{task['id']}"
    assert await served.ok("GET", path) == task
    assert await served.other.refused("GET", path, 403)
    assert await served.refused("GET", "/generations/experimental-task/x", 404)


async def test_a_training_ends_in_error_and_its_status_is_open(served: Served) -> None:
    first = await served.ok("POST", "/training/", json={"name": "boots", "secret": "canary"})
    second = await served.ok("POST", "/training/")
    assert "needs a learned model" in first["error_message"]
    page = await served.ok("GET", "/training/", params={"limit": 1})
    assert ([one["id"] for one in page["data"]], page["count"]) == ([second["id"]], 2)
    assert await served.ok("GET", f"/training/{first['id']}") == first
    assert await served.ok("POST", f"/training/{first['id']}/cancel") == first
    assert await served.other.refused("GET", f"/training/{first['id']}", 403)
    status = await served.ok(
        "GET", f"/training/{first['id']}/status", headers={"Authorization": ""}
    )
    assert (status["task_id"], status["status"]) == (first["id"], "error")
    assert "canary" not in str(status)
    assert await served.refused("GET", "/training/x/status", 404)


async def test_callbacks_are_kept_but_not_for_ever(served: Served) -> None:
    async def call(**options: Any) -> Any:
        return await served.http.post("/training/webhook", headers={"Authorization": ""}, **options)

    assert (await call(json={"task_id": "x", "status": "done"})).status_code == 200
    assert await served.rows("SELECT body FROM sartiq_callbacks") == [
        ('{"task_id":"x","status":"done"}',)
    ]
    for content in (b"[]", b"3", b"", b"{"):
        assert (await call(content=content)).status_code == 422
    assert (await call(json={"a": "0" * 70_000})).status_code == 413
    await served.rows(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO sartiq_callbacks (body, created_at) SELECT '{}', 0 FROM n RETURNING 1",
        MAX_CALLBACKS + 5,
    )  # fmt: skip
    await call(json={})
    assert await served.rows("SELECT count(*) FROM sartiq_callbacks") == [(MAX_CALLBACKS,)]

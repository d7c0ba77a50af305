"""Downloads: other formats, zip archives and the names in them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scenario_desktop.engine.archive_names import (
    archive_name,
    check_template,
    safe_segment,
    slug,
    unique_names,
)
from scenario_desktop.engine.failures import Invalid
from tests.contract.engine_support import Local, picture, polled


@pytest.mark.parametrize("wanted", ["png", "jpeg", "jpg", "webp", "gif", "tif", "tiff"])
async def test_a_picture_comes_in_the_format_asked_for(local: Local, wanted: str) -> None:
    asset = await local.upload("über/../x.png")
    answer = await local.ok(
        "POST", f"/assets/{asset['id']}/download", json={"targetFormat": wanted}
    )
    file = await local.http.get(answer["url"], auth=None)
    assert file.headers["content-type"] == answer["mimeType"]
    with Image.open(io.BytesIO(file.content)) as image:
        assert (image.size, image.get_format_mimetype()) == ((64, 48), answer["mimeType"])


async def test_the_original_comes_untouched(local: Local) -> None:
    asset = await local.upload()
    answer = await local.ok("POST", f"/assets/{asset['id']}/download")
    assert (await local.http.get(answer["url"])).content == picture()


@pytest.mark.parametrize("wanted", ["svg", "heif", "glb", "mp4", "bmp", "exe", "", "PNG/../x"])
async def test_other_formats_are_refused(local: Local, wanted: str) -> None:
    path = f"/assets/{(await local.upload())['id']}/download"
    reason = await local.refused("POST", path, 400, json={"targetFormat": wanted})
    assert reason == "Invalid target format"


def order(ids: list[str], template: str = "<id>", **options: Any) -> dict[str, Any]:
    return {
        "options": {"fileNameTemplate": template, **options},
        "query": {"assetIds": ids, "inferenceIds": [], "modelIds": []},
    }


async def archive_ready(local: Local, job: str) -> str:
    async def read() -> dict[str, Any]:
        answer: dict[str, Any] = await local.ok("GET", f"/assets/download/{job}")
        assert answer["jobStatus"] in ("queued", "in-progress", "success")
        return answer

    answer = await polled(read, lambda answer: "downloadUrl" in answer)
    url: str = answer["downloadUrl"]
    return url


async def fetch(local: Local, body: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """Order an archive, wait for it, and return its address and what is in it."""
    url = await archive_ready(
        local, (await local.ok("POST", "/assets/download", json=body))["jobId"]
    )
    data = (await local.http.get(url, auth=None)).content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return url, {name: archive.read(name) for name in archive.namelist()}


async def test_an_archive_holds_the_files(local: Local) -> None:
    ids = [(await local.upload(str(number)))["id"] for number in range(3)]
    url, files = await fetch(local, order(ids, "<generator>/<num>", archiveName="my: pictures"))
    assert files == {f"uploaded/{number}.png": picture() for number in (1, 2, 3)}
    assert "/my_%20pictures.zip?" in url
    _, files = await fetch(local, order(ids, "<generator>", flat=True))
    assert list(files) == ["uploaded.png", "uploaded (2).png", "uploaded (3).png"]


async def test_an_archive_that_was_cleaned_away_is_packed_again(local: Local) -> None:
    body = order([(await local.upload())["id"]])
    job = (await local.ok("POST", "/assets/download", json=body))["jobId"]
    for _ in range(2):
        await archive_ready(local, job)
        (local.engine.config.exports / job).unlink()
    assert (await local.ok("GET", f"/assets/download/{job}"))["jobStatus"] == "queued"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (order([]), 400),
        (order(["asset_unknown"]), 404),
        (order(["asset_unknown"] * 1001), 400),
        (order(["asset_unknown"], "<name>"), 400),
        (order(["asset_unknown"], "///"), 400),
        ({"options": {"fileNameTemplate": "<id>"}, "query": {"assetIds": []}}, 400),
    ],
)
async def test_what_cannot_be_packed_is_refused(
    local: Local, body: dict[str, Any], status: int
) -> None:
    assert await local.refused("POST", "/assets/download", status, json=body)
    await local.refused("GET", "/assets/download/job_unknown", 404)


async def test_a_price_starts_no_job(local: Local) -> None:
    answer = await local.http.post(
        "/v1/assets/download", params={"dryRun": "api"}, json=order(["asset_unknown"])
    )
    assert (answer.status_code, answer.json()["creativeUnitsCost"]) == (269, 0)


VALUES = {
    "seed": "42", "num": "1", "prompt": "cat_dancing", "generator": "uploaded", "id": "asset_1",
    "description": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<prompt>/<id>", "cat_dancing/asset_1.png"),
        ("<description>-<id>", "asset_1.png"),
        ("<id>-<description>", "asset_1.png"),
        ("<seed>_<seed>_<num>", "42_1.png"),
        ("<description>", "asset_1.png"),
        ("<description>/<description>/<id>", "asset_1.png"),
        ("../../<id>", "_/_/asset_1.png"),
        ("con", "_con.png"),
        ("a/b" * 30, "/".join(["a", *["ba"] * 29, "b"]) + ".png"),
        ("plain", "plain.png"),
        ("<id> final. ", "asset_1 final.png"),
    ],
)
def test_templates_become_names(template: str, expected: str) -> None:
    assert archive_name(template, VALUES, "png", is_flat=False) == expected


def test_the_prompt_is_cut_before_the_id() -> None:
    values = VALUES | {"prompt": "x" * 400}
    name = archive_name("<prompt>-<id>", values, "png", is_flat=False)
    assert len(name) == 128
    assert name.endswith("-asset_1.png")


@given(st.text(min_size=1), st.text())
def test_no_template_leads_out_of_the_archive(template: str, prompt: str) -> None:
    try:
        check_template(template)
    except Invalid:
        return
    values = VALUES | {"prompt": slug(prompt)}
    parts = archive_name(template, values, "png", is_flat=False).split("/")
    for part in parts:
        assert part not in ("", ".", "..")
        assert part == safe_segment(part)
        assert len(part.encode()) <= 255


def test_names_that_differ_in_case_only_are_numbered() -> None:
    assert unique_names(["A.png", "a.png", "a (2).png"]) == ["A.png", "a (2).png", "a (2) (2).png"]


def test_slugs_keep_words_that_carry_meaning() -> None:
    assert slug("The cat is DANCING on a table, with 3 hats!") == "cat_dancing_table_3_hats"

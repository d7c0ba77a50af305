"""Uploading to the second half, and which addresses it takes for pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from scenario_desktop.engine.config import URL_LIFETIME_S
from scenario_desktop.engine.sartiq.uploads import LIFETIME_MS
from scenario_desktop.engine.upkeep import tidy
from tests.contract.sartiq_support import ORIGIN, UNKNOWN, Served, photo, serving

BODY = {"filename": "a.png", "content_type": "image/png"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path / "data", max_file_bytes=300_000) as served:
        yield served


async def presigned(served: Served) -> tuple[str, str]:
    told = await served.ok("POST", "/uploads/presigned-url", json=BODY)
    assert set(told) == {"upload_url", "url"}
    return told["upload_url"], told["url"]


async def put(served: Served, url: str, data: bytes) -> httpx.Response:
    """PUT without a token, as the client of another store would."""
    async with httpx.AsyncClient(transport=served.transport) as http:
        return await http.put(url, content=data)


async def refuse(served: Served, url: str) -> Any:
    """Return what is told of an address as a picture to refine."""
    body = {"base_image_urls": [url], "scale_factor": 2}
    answer = await served.ok("POST", "/generations/refines", json=body)
    assert (answer["total_success"], answer["total_failed"]) == (0, 1)
    (failed,) = answer["failed_uploads"]
    assert (failed["index"], failed["url"]) == (0, url)
    return failed["error"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
async def test_a_picture_is_taken_for_what_it_is(served: Served, kind: str) -> None:
    upload_url, url = await presigned(served)
    assert (await put(served, upload_url, photo(kind=kind))).status_code == 200
    async with httpx.AsyncClient(transport=served.transport) as http:
        answer = await http.get(url)
    assert answer.content == photo(kind=kind)
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "data", [b"", b"GIF8", b"<svg/>" * 9, b"\x89PNG\r\n\x1a\n" + b"0" * 99, photo()[:-400]]
)
async def test_what_is_no_picture_is_refused_and_not_kept(served: Served, data: bytes) -> None:
    upload_url, url = await presigned(served)
    answer = await put(served, upload_url, data)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not served.files()
    assert not list(served.engine.config.staging.iterdir())
    assert "No picture was uploaded" in await refuse(served, url)
    assert (await put(served, upload_url, photo())).status_code == 200


async def test_what_is_too_large_is_refused_before_its_end(served: Served) -> None:
    upload_url, _ = await presigned(served)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield photo()
        while sent < 50:
            sent += 1
            yield b"0" * 100_000

    async with httpx.AsyncClient(transport=served.transport) as http:
        answer = await http.put(upload_url, content=endless())
    assert answer.status_code == 413
    assert sent < 10
    assert not served.files()


async def test_sending_the_same_again_changes_nothing(served: Served) -> None:
    upload_url, _ = await presigned(served)
    for _ in range(2):
        assert (await put(served, upload_url, photo())).status_code == 200
    assert (await put(served, upload_url, photo(64, 64))).status_code == 409
    assert len(served.files()) == 1


async def test_an_address_is_good_for_its_own_purpose_only(served: Served) -> None:
    upload_url, url = await presigned(served)
    for wrong in (
        url, upload_url.replace("Signature=", "Signature=0"), upload_url.partition("?")[0],
        upload_url.replace("Expires=", "Expires=9"),
        upload_url.replace(urlsplit(upload_url).path, f"/sartiq-uploads/{UNKNOWN}"),
    ):  # fmt: skip
        answer = await put(served, wrong, photo())
        assert answer.status_code == 403
        assert answer.json()["detail"]
    assert not served.files()


async def test_an_address_expires(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_url, url = await presigned(served)
    monkeypatch.setattr(served.engine.links, "_clock", lambda: time.time() + URL_LIFETIME_S + 1)
    answer = await put(served, upload_url, photo())
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (403, True)
    assert "expired" in await refuse(served, url)
    body = {"base_img_path": url, "target_width": 5}
    (problem,) = await served.refused("POST", "/generations/image-adjuster", 422, json=body)
    assert problem["loc"] == ["body", "base_img_path"]
    assert "expired" in problem["msg"]


@pytest.mark.parametrize(
    "url",
    ["http://evil.example/a.png", "https://127.0.0.1:8765/files/a.png", "file:///etc/passwd",
     "http://127.0.0.1:1/files/x.png", "http://169.254.169.254/", "a.png", "", "//evil/x", "/",
     "http://[", "http://127.0.0.1:99999/", "data:image/png;base64,AAAA", "/exports/a/b",
     "http://user@127.0.0.1:8765.evil.example/"],
)  # fmt: skip
async def test_nothing_is_fetched_from_elsewhere(served: Served, url: str) -> None:
    error = await refuse(served, url)
    assert "fetches nothing from elsewhere" in error or "not valid" in error


async def test_a_signed_path_will_do_for_an_address(served: Served) -> None:
    url = await served.upload()
    parts = urlsplit(url)
    await served.adjust(f"{parts.path}?{parts.query}")
    assert "not valid" in await refuse(served, parts.path)


async def test_an_asset_of_the_other_half_can_be_handed_over(served: Served) -> None:
    asset = await served.engine.assets.create(
        file=photo(), name="a", type="uploaded", source="uploaded"
    )
    generation = await served.ended((await served.adjust(asset["url"]))["id"])
    (media,) = generation["reference_images_media"]
    assert (media["width"], media["height"]) == (96, 64)
    await served.ok("DELETE", f"/generations/{generation['id']}")
    path = await served.engine.assets.original_path(asset["id"])
    assert path.read_bytes() == photo()  # it is still the asset's


async def test_a_canvas_is_no_picture(served: Served) -> None:
    file_id = await asyncio.to_thread(served.engine.contents.put, b"{}")
    url = served.engine.links.file(file_id, "json")
    assert "not the address of a picture" in await refuse(served, url)


async def test_uploads_go_after_their_time_and_results_stay(served: Served) -> None:
    unused, used = await served.upload(photo(64, 64)), await served.upload()
    generation = await served.ended((await served.adjust(used))["id"])
    await served.rows(
        "UPDATE sartiq_uploads SET created_at = created_at - ? RETURNING id", LIFETIME_MS
    )
    await tidy(served.engine.config, served.engine.database, 2**53)
    assert "Upload it again" in await refuse(served, unused)
    assert len(served.files()) == 2  # the result, and what it was made from
    url = generation["predictions"][0]["result_image_url"]
    assert (await served.http.get(url)).status_code == 200


async def test_the_other_name_of_this_machine_is_taken_as_well(served: Served) -> None:
    url = await served.upload()
    await served.adjust(url.replace("127.0.0.1", "localhost"))
    headers = {"Host": "localhost:8765"}
    told = await served.ok("POST", "/uploads/presigned-url", json=BODY, headers=headers)
    assert told["url"].startswith("http://localhost:8765/")
    assert url.startswith(ORIGIN)

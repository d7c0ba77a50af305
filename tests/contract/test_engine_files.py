"""File routes: signatures, expiry, ranges, thumbnails."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_desktop.engine.links import Links
from scenario_desktop.errors import Forbidden
from tests.contract.engine_support import Local, local_engine, picture


async def test_a_file_resumes_where_it_stopped(local: Local) -> None:
    url, data = (await local.upload())["url"], picture()
    whole = await local.http.get(url, auth=None)
    assert whole.headers["content-length"] == str(len(data))
    assert whole.headers["accept-ranges"] == "bytes"
    rest = await local.http.get(
        url, auth=None, headers={"Range": "bytes=50-", "If-Range": whole.headers["etag"]}
    )
    assert (rest.status_code, rest.content) == (206, data[50:])
    assert rest.headers["content-range"] == f"bytes 50-{len(data) - 1}/{len(data)}"
    changed = await local.http.get(url, headers={"Range": "bytes=50-", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, data)


@pytest.mark.parametrize(
    ("value", "status"),
    [("bytes=0-0", 206), ("bytes=-10", 206), ("bytes=99999-", 416), ("bytes=9-3", 400),
     ("lines=1-2", 400), ("bytes=0-3,8-9", 206), (f"bytes={'9' * 5000}-", 400)],
)  # fmt: skip
async def test_ranges_of_every_kind_are_answered(local: Local, value: str, status: int) -> None:
    answer = await local.http.get((await local.upload())["url"], headers={"Range": value})
    assert answer.status_code == status


async def test_an_unchanged_file_is_not_sent_again(local: Local) -> None:
    url = (await local.upload())["url"]
    etag = (await local.http.get(url)).headers["etag"]
    answer = await local.http.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_files_cannot_run_as_pages(local: Local) -> None:
    headers = (await local.http.get((await local.upload())["url"])).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


async def test_a_changed_address_is_refused(local: Local) -> None:
    url = (await local.upload())["url"]
    other = (await local.upload("b.png"))["url"]
    swapped = f"{url.partition('?')[0]}?{other.partition('?')[2]}"
    for bad in (swapped, url[:-1], url.partition("?")[0], url.replace("Expires=1", "Expires=2")):
        assert (await local.http.get(bad)).status_code == 403
    assert (await local.http.put(url)).status_code == 405


async def test_addresses_expire_and_the_record_has_a_new_one(tmp_path: Path) -> None:
    async with local_engine(tmp_path, url_lifetime_s=0.001) as local:
        asset = await local.upload()
        now = 0.0
        local.engine.links._clock = lambda: now
        stale = (await local.ok("GET", f"/assets/{asset['id']}"))["asset"]["url"]
        assert (await local.http.get(stale)).status_code == 200
        now = 2.0
        assert (await local.http.get(stale)).status_code == 403
        fresh = (await local.ok("GET", f"/assets/{asset['id']}"))["asset"]["url"]
        assert (await local.http.get(fresh)).status_code == 200


def test_a_signature_is_for_one_method_one_path_one_time() -> None:
    links = Links("00" * 32, lifetime_s=10, origin="http://h", clock=lambda: 1000.0)
    path, _, query = links.file("abc", "png").removeprefix("http://h").partition("?")
    good = dict(part.split("=") for part in query.split("&"))
    links.check("GET", path, good)
    links.check("HEAD", path, good)
    for method, where, values in (
        ("PUT", path, good),
        ("GET", "/files/abd.png", good),
        ("GET", path, {**good, "Expires": "99999"}),
        ("GET", path, {"Expires": "é", "Signature": "é"}),
        ("GET", path, {}),
    ):
        with pytest.raises(Forbidden):
            links.check(method, where, values)


async def test_thumbnails_are_public_but_not_guessable(local: Local) -> None:
    asset = await local.upload()
    url = asset["thumbnail"]["url"]
    assert (await local.http.get(url, auth=None)).status_code == 200
    assert (await local.http.get(url[:-1] + "x", auth=None)).status_code == 404
    for name in ("x", "..-..", "%2e%2e%2fkeys.json", "a-%00"):
        assert (await local.http.get(f"/thumbnails/{name}", auth=None)).status_code == 404


async def test_a_lost_file_is_not_found(local: Local) -> None:
    asset = await local.upload()
    (await local.engine.assets.original_path(asset["id"])).unlink()
    assert (await local.http.get(asset["url"])).status_code == 404

"""Files: resumed, verified, capped, and read without our keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scenario_desktop.api import files
from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.files import FileFetcher, Progress
from scenario_desktop.errors import BadAnswer, Forbidden, Offline, StoreFailed, TimedOut
from tests.fault_server import FaultServer, close, fault_server, hang, head, reset, whole

BODY = bytes(range(256)) * 4_000


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with fault_server(whole(200, BODY, ETag='"v1"')) as server:
        yield server


@pytest.fixture
async def fetcher(server: FaultServer) -> AsyncIterator[FileFetcher]:
    fetcher = FileFetcher(base_url=f"{server.url}/v1")
    yield fetcher
    await fetcher.aclose()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "picture.part"


async def steps(fetcher: FileFetcher, url: str, target: Path, **options: object) -> list[Progress]:
    return [p async for p in fetcher.download(url, target, **options)]  # type: ignore[arg-type]


async def test_a_file_is_fetched_without_our_keys(
    server: FaultServer, fetcher: FileFetcher
) -> None:
    assert await fetcher.fetch(f"{server.url}/f?Signature=x") == BODY
    assert "authorization" not in server.requests[0].headers


async def test_a_file_larger_than_allowed_is_refused(
    server: FaultServer, fetcher: FileFetcher
) -> None:
    with pytest.raises(BadAnswer, match="too large"):
        await fetcher.fetch(f"{server.url}/f", max_bytes=1_000)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/f", "http://cdn.example/f", "file:///etc/passwd", "ftp://x/f", "f",
     "https://me:pw@cdn.example/f"],
)  # fmt: skip
async def test_only_https_and_the_own_server_are_read(url: str, fetcher: FileFetcher) -> None:
    with pytest.raises(BadAnswer, match="not used"):
        await fetcher.fetch(url)


async def test_a_download_tells_its_progress(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    told = await steps(fetcher, f"{server.url}/f", target)
    assert target.read_bytes() == BODY
    assert (told[0].done, told[0].total, told[0].etag) == (0, len(BODY), '"v1"')
    assert told[-1].done == len(BODY)


async def test_a_broken_download_keeps_what_came_and_goes_on(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    server.answer([head(Content_Length=len(BODY), ETag='"v1"'), BODY[:300_000], reset])
    with pytest.raises(Offline):
        await steps(fetcher, f"{server.url}/f", target)
    had = target.stat().st_size
    assert 0 < had <= 300_000
    rest = BODY[had:]
    content_range = f"bytes {had}-{len(BODY) - 1}/{len(BODY)}"
    server.answer(whole(206, rest, ETag='"v1"', Content_Range=content_range))
    await steps(fetcher, f"{server.url}/f", target, offset=had, etag='"v1"')
    assert target.read_bytes() == BODY
    request = server.requests[-1]
    assert request.headers["range"] == f"bytes={had}-"
    assert request.headers["if-range"] == '"v1"'


async def test_a_changed_file_begins_anew(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    target.write_bytes(b"old version" * 1_000)
    told = await steps(fetcher, f"{server.url}/f", target, offset=11_000, etag='"v0"')
    assert told[0].has_restarted
    assert target.read_bytes() == BODY


async def test_a_range_that_cannot_be_had_begins_anew_once(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    target.write_bytes(b"x" * 50)
    server.answer(whole(416, b""), whole(200, BODY))
    await steps(fetcher, f"{server.url}/f", target, offset=50, etag='"v1"')
    assert target.read_bytes() == BODY
    assert "range" not in server.requests[1].headers


async def test_another_range_than_asked_for_is_refused(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    target.write_bytes(b"x" * 50)
    server.answer(whole(206, b"zzz", Content_Range="bytes 0-2/100"))
    with pytest.raises(BadAnswer, match="another part"):
        await steps(fetcher, f"{server.url}/f", target, offset=50, etag='"v1"')
    assert target.read_bytes() == b"x" * 50


async def test_a_file_cut_without_a_length_is_noticed_by_its_known_size(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    server.answer([head(), BODY[:1000], close])
    with pytest.raises(Offline, match="broke off"):
        await steps(fetcher, f"{server.url}/f", target, expected_size=len(BODY))
    with pytest.raises(BadAnswer, match="larger than announced"):
        await steps(fetcher, f"{server.url}/f", target, expected_size=10)


async def test_an_expired_address_says_so_and_touches_nothing(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    server.answer(whole(403, b"<Error>AccessDenied</Error>"))
    with pytest.raises(Forbidden):
        await steps(fetcher, f"{server.url}/f", target)
    assert not target.exists()


async def test_a_stalled_download_ends(
    server: FaultServer, fetcher: FileFetcher, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_SPAN_S", 1.0)
    server.answer([head(Content_Length=len(BODY)), BODY[:1000], hang])
    with pytest.raises(TimedOut):
        await steps(fetcher, f"{server.url}/f", target)
    assert target.read_bytes() == BODY[:1000]


async def test_a_cancelled_download_keeps_what_came(
    server: FaultServer, fetcher: FileFetcher, target: Path
) -> None:
    server.answer([head(Content_Length=10**9), BODY, hang])
    task = asyncio.create_task(steps(fetcher, f"{server.url}/f", target))
    async with asyncio.timeout(30):
        while not (target.exists() and target.stat().st_size >= 500_000):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.gone.wait()
    assert BODY.startswith(target.read_bytes())


async def test_a_disk_that_takes_no_more_is_told(
    server: FaultServer, fetcher: FileFetcher, tmp_path: Path
) -> None:
    with pytest.raises(StoreFailed):
        await steps(fetcher, f"{server.url}/f", tmp_path)  # a folder


async def test_a_part_of_an_upload_goes_without_our_keys(server: FaultServer) -> None:
    client = ScenarioClient(server.url, "key", "secret-of-tests")
    server.answer(whole(503, b""), whole(200, b""))
    await client.put_part(f"{server.url}/part?Signature=x", b"bytes", "image/png")
    await client.aclose()
    assert [request.body for request in server.requests] == [b"bytes", b"bytes"]
    assert server.requests[0].headers["content-type"] == "image/png"
    assert "authorization" not in server.requests[0].headers

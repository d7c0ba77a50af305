"""Bring 100,000 assets into an empty catalogue: requests, and the client's CPU for each page.

The server is a transport in memory whose own time is not counted. ``ratio`` compares the whole
sync with what must be done at the least: pydantic's parse of each page, and a bare ``executemany``
of the same rows, prepared beforehand, page by page into the same tables with their keys and
indexes. The full-text index and all comparing with what is there are the program's own affair.
``ratio_to_plain_tables`` is the same with tables that have no key and no index at all.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import AssetPage
from scenario_desktop.services.library import Library
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.services.sync import Sync
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.outbox import OutboxStore
from tests.bench.catalogue_seed import WORDS, wire_pages

ASSETS = 100_000
PAGE = 100
#: Pages read at a turn; not a divisor of the rows that enter the indexes together.
TURN = 25
_CDN = "https://cdn.cloud.example.com"


def full_page(records: list[dict[str, Any]], token: str | None) -> bytes:
    """Return a page as large as the service's: 28 fields and 25 of metadata each, about 600 kB."""
    chance = random.Random(records[0]["id"])
    return json.dumps(
        {"assets": [_full(record, chance) for record in records]}
        | ({"nextPaginationToken": token} if token else {})
    ).encode()


def _full(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    asset_id = record["id"]
    signature = "".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789-_~", k=700))
    signed = (
        f"{_CDN}/assets-transform/{asset_id}?p=100&Policy={signature}&Key-Pair-Id=K1&Signature="
    )
    metadata = record["metadata"] | {
        "inferenceId": f"inf_{asset_id}", "baseModelId": "flux.1-dev", "modelId": "flux.1-dev",
        "modelType": "flux.1", "seed": "123456789", "guidance": 3.5, "numInferenceSteps": 28,
        "scheduler": "EulerAncestralDiscreteScheduler", "strength": 0.75, "aspectRatio": "1:1",
        "negativePrompt": " ".join(chance.choices(WORDS, k=8)), "numOutputs": 4,
        "outputIndex": 1, "rootParentId": "", "styleFidelity": 60, "promptFidelity": 80,
        "creativity": 20, "size": 1_234_567, "progressPercent": 100,
    }  # fmt: skip
    return record | {
        "authorId": "auth0_0123456789abcdef", "ownerId": "proj_0123456789abcdef",
        "privacy": "private", "url": signed + "a", "originalFileUrl": signed + "b",
        "description": " ".join(chance.choices(WORDS, k=12)), "isHidden": False,
        "editCapabilities": ["DETECTION", "GENERATIVE_FILL", "PIXELATE", "UPSCALE"], "nsfw": [],
        "preview": {"assetId": asset_id, "url": signed + "c"},
        "firstFrame": {"assetId": asset_id, "url": signed + "d"},
        "lastFrame": {"assetId": asset_id, "url": signed + "e"},
        "originalMimeType": "image/png", "outputIndex": 0, "metadata": metadata,
        "automaticCaptioning": "", "embedding": [], "qualityGate": {"verdict": "pass"},
    }  # fmt: skip


class ListingServer(httpx.AsyncBaseTransport):
    """Answers GET /assets page by page, as many as it is let.

    Attributes:
        requests: how many came in.
        cpu_s: its own CPU time, to be taken off the client's.
        let: how many pages may still be answered; the next request waits.
        is_waiting: set while a request waits.
    """

    def __init__(self, count: int = ASSETS) -> None:
        self.requests = 0
        self.cpu_s = 0.0
        self.let = asyncio.Semaphore(0)
        self.is_waiting = asyncio.Event()
        self.bodies = self._pages(count)

    def _pages(self, count: int) -> Iterator[bytes]:
        last = (count + PAGE - 1) // PAGE
        for number, records in enumerate(wire_pages(count, PAGE), 1):
            yield full_page(records, f"token-{number}" if number < last else None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.let.locked():
            self.is_waiting.set()
        await self.let.acquire()
        began = time.thread_time()
        self.requests += 1
        body = next(self.bodies)
        response = httpx.Response(
            200,
            headers={"content-type": "application/json", "content-length": str(len(body))},
            stream=httpx.ByteStream(body),
        )
        self.cpu_s += time.thread_time() - began
        return response


class Client:
    """The program's own way: a sync over the client, the outbox, the library and the catalogue."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir()
        self.server = ListingServer(count)
        self.cpu_s = 0.0
        self._client = ScenarioClient(
            "https://api.example/v1", "key", "secret-of-bench", transport=self.server
        )
        self._catalogue = Catalogue(folder / "catalogue.sqlite")
        self._outbox = Outbox(OutboxStore(folder / "outbox.sqlite"), self._client)
        library = Library(self._client, self._catalogue, self._outbox)
        self._sync = Sync(self._client, self._catalogue, library)
        self._pass: asyncio.Task[None] | None = None

    async def read(self, page_count: int) -> None:
        """Let the sync read some pages more."""
        if self._pass is None:
            await self._catalogue.open()
            await self._outbox.open()
            self._pass = asyncio.create_task(self._sync.run_once())
            await self.server.is_waiting.wait()
        began = time.process_time() - self.server.cpu_s
        self.server.is_waiting.clear()
        for _ in range(page_count):
            self.server.let.release()
        waiting = asyncio.create_task(self.server.is_waiting.wait())
        await asyncio.wait([waiting, self._pass], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self.cpu_s += time.process_time() - self.server.cpu_s - began

    async def aclose(self) -> None:
        if self._pass is not None:
            await self._pass
        began = time.process_time()
        await self._catalogue.aclose()
        self.cpu_s += time.process_time() - began
        await self._outbox.aclose()
        await self._client.aclose()


#: Table -> the column of its rows that holds the item's key.
TABLES = {"items": 0, "ids": 1, "names": 2, "item_tags": 3, "item_collections": 3}


class Bare:
    """The least: parse, and insert rows that were made beforehand."""

    def __init__(self, path: Path, source: Path, count: int, *, is_indexed: bool) -> None:
        """Make the tables.

        Args:
            is_indexed: with the keys and indexes of the catalogue, as a store needs; else plain.
        """
        self.cpu_s = 0.0
        self._bodies = ListingServer(count).bodies
        self._rows: dict[str, list[list[Any]]] = {}
        self._widths: dict[str, int] = {}
        self._done = 0
        with closing(sqlite3.connect(source)) as done:
            for table, place in TABLES.items():
                cursor = done.execute(f"SELECT * FROM {table}")
                self._widths[table] = len(cursor.description)
                parts = self._rows[table] = [[] for _ in range((count + PAGE - 1) // PAGE)]
                for row in cursor:
                    parts[(row[place] - 1) // PAGE].append(row)
            # As the catalogue has them now, after all of its migrations.
            schema = done.execute(
                "SELECT tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
            ).fetchall()
        self._target = sqlite3.connect(path, isolation_level=None)
        self._target.execute("PRAGMA journal_mode = WAL")
        self._target.execute("PRAGMA synchronous = NORMAL")
        if is_indexed:
            for table, statement in schema:
                if table in TABLES:
                    self._target.execute(statement)
            return
        for table, width in self._widths.items():
            columns = ", ".join(f"c{n}" for n in range(width))
            self._target.execute(f"CREATE TABLE {table} ({columns})")

    def read(self, page_count: int) -> None:
        """Read some pages more."""
        for body in itertools.islice(self._bodies, page_count):
            began = time.process_time()
            AssetPage.model_validate_json(body)
            self._target.execute("BEGIN")
            for table, width in self._widths.items():
                self._target.executemany(
                    f"INSERT INTO {table} VALUES ({', '.join('?' * width)})",
                    self._rows[table][self._done],
                )
            self._target.execute("COMMIT")
            self.cpu_s += time.process_time() - began
            self._done += 1

    def close(self) -> None:
        began = time.process_time()
        self._target.close()
        self.cpu_s += time.process_time() - began


async def measure(folder: Path, count: int) -> tuple[Client, Bare, Bare]:
    """Read everything both ways by turns, so that a busy machine is unfair to neither."""
    page_count = (count + PAGE - 1) // PAGE
    first = Client(folder / "first", count)  # makes the rows that Bare inserts
    await first.read(page_count)
    await first.aclose()
    rows = folder / "first" / "catalogue.sqlite"
    client = Client(folder / "client", count)
    plain = Bare(folder / "plain.sqlite", rows, count, is_indexed=False)
    indexed = Bare(folder / "indexed.sqlite", rows, count, is_indexed=True)
    for _ in range(0, page_count, TURN):
        await client.read(TURN)
        plain.read(TURN)
        indexed.read(TURN)
    await client.aclose()
    plain.close()
    indexed.close()
    return client, plain, indexed


def run(count: int = ASSETS) -> dict[str, Any]:
    """Return the figures of the benchmark."""
    with tempfile.TemporaryDirectory() as name:
        client, plain, indexed = asyncio.run(measure(Path(name), count))
    page_count = (count + PAGE - 1) // PAGE
    return {
        "name": "sync",
        "ratio": round(client.cpu_s / indexed.cpu_s, 3),
        "ratio_to_plain_tables": round(client.cpu_s / plain.cpu_s, 3),
        "requests": client.server.requests,
        "assets": count,
        "client_ms_per_page": round(client.cpu_s / page_count * 1000, 3),
        "bare_ms_per_page": round(indexed.cpu_s / page_count * 1000, 3),
        "plain_ms_per_page": round(plain.cpu_s / page_count * 1000, 3),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else ASSETS)) + "\n")

"""Open the usage page on 120 days of 200 models: how far from reading the answer alone?

``ratio`` compares the first opening of a process, from the wish to the painted chart, table and
ranking, with parsing the answer of the range and nothing else. The chart library is imported in
that time, beside the reading; ``ratio_later`` is of later openings. The time starts with the
answers at hand as bytes: no network is measured. The range comes in two parts. The time before,
which the page draws as a ghost, is read after that and is on neither side.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from scenario_desktop.api.models.usage import ActivityPage, UsageReport
from scenario_desktop.api.usage_joining import join
from scenario_desktop.api.usage_parsing import parse_usage
from scenario_desktop.api.usages import Fetch, UsageQuestion, pieces, read_activity, read_usages
from scenario_desktop.services.usage.keeping import ReportCache
from scenario_desktop.services.usage.ranges import Preset, UsageRange
from scenario_desktop.services.usage.usage import Usage
from scenario_desktop.store.ledger import Ledger
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.usage.controller import UsageController
from scenario_desktop.ui.panels.usage.ports import UsagePorts
from scenario_desktop.ui.panels.usage.view import UsageView
from tests.bench.gallery_bench import SIZE, ReadyThumbnails, Silent, application
from tests.contract.engine_support import local_engine
from tests.usage_data import UNTIL, seed

DAYS, MODELS, CALLS = 120, 200, 60_000
ROUNDS = 7
LAST = (UNTIL - timedelta(days=1)).date()
OVER = UsageRange(LAST - timedelta(days=DAYS - 1), LAST, UTC)
NOW = UNTIL - timedelta(hours=1)


class Answers:
    """What an engine answered, as bytes, by what was asked."""

    server_time_offset_s: float | None = (NOW - datetime.now(UTC)).total_seconds()

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.source: Fetch | None = None

    async def fetch(self, query: dict[str, object]) -> bytes:
        name = json.dumps(query, sort_keys=True, default=str)
        if name not in self.bodies:
            if self.source is None:
                raise RuntimeError(f"this was not asked before: {name}")
            self.bodies[name] = await self.source(query)
        return self.bodies[name]

    def about(self, over: UsageRange) -> list[tuple[bytes, datetime, datetime]]:
        """Return the parts of the answer about a range, each with its own range."""
        edges = pieces(over.start, over.end, timedelta(days=90))
        found = []
        for name, body in self.bodies.items():
            query = json.loads(name)
            part = tuple(datetime.fromisoformat(query[key]) for key in ("startDate", "endDate"))
            if "usages" in query["type"] and part in edges:
                found.append((body, *part))
        return found

    async def usages(self, question: UsageQuestion) -> UsageReport:
        return await read_usages(self.fetch, question, NOW)

    async def usage_activity(self, question: UsageQuestion, offset: int = 0) -> ActivityPage:
        return await read_activity(self.fetch, question, offset)


class Nothing:
    async def item(self, asset_id: str) -> None:
        return None


async def open_once(answers: Answers, ledger: Ledger, folder: Path) -> float:
    """Return the milliseconds from the wish for the page to its painting."""
    usage = Usage(answers, ledger, ReportCache(folder), workspace_id="bench", zone=UTC, titles={})
    store = PictureStore(ReadyThumbnails())
    began = time.perf_counter()
    view = UsageView(UTC)
    controller = UsageController(view, UsagePorts(
        usage=usage, items=Nothing(), store=store, messages=Silent(),
        budget=lambda: Decimal(20_000), choose_path=_nowhere,
    ))  # fmt: skip
    view.resize(*SIZE)
    view.show()
    done = asyncio.Event()
    controller.shown.connect(done.set)
    controller._choice = type(controller.choice)(OVER)
    controller.open()
    async with asyncio.timeout(60):
        await done.wait()
        book = view.lists.activity_model.book
        if book is not None:
            await book.settled()
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    view.repaint()
    took = (time.perf_counter() - began) * 1000
    await controller.load.settle()
    await controller.compare.settle()
    controller.close()
    await usage.aclose()
    view.close()
    view.deleteLater()
    store.close()
    return took


async def _nowhere(_name: str, _filters: str) -> Path | None:
    return None


def parse(answers: Answers, over: UsageRange) -> float:
    """Return the milliseconds that reading the answer on a range takes, and joining its parts."""
    bodies = answers.about(over)
    began = time.perf_counter()
    join([parse_usage(body, start=start, end=end) for body, start, end in bodies])
    return (time.perf_counter() - began) * 1000


async def measure() -> dict[str, Any]:
    answers = Answers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(seed, folder / "data", CALLS, days=2 * DAYS + 2, model_count=MODELS)
        ledger = Ledger(folder / "ledger.sqlite")
        await ledger.open()
        async with local_engine(folder / "data") as local:

            async def source(query: dict[str, object]) -> bytes:
                params = {key: _text(value) for key, value in query.items() if value is not None}
                return (await local.http.get("/v1/usages", params=params)).content

            answers.source = source
            await _warm(answers, ledger, folder / "warm")
        answers.source = None
        first = await open_once(answers, ledger, folder / "first")
        opens, parses = [], []
        for number in range(ROUNDS):
            parses.append(parse(answers, OVER))
            opens.append(await open_once(answers, ledger, folder / str(number)))
        await ledger.aclose()
    opened, parsed = statistics.median(opens), statistics.median(parses)
    return {
        "name": "usage-open", "days": DAYS, "models": MODELS, "ratio": round(first / parsed, 2),
        "ratio_later": round(opened / parsed, 2),
        "open_ms": round(first, 1), "later_open_ms": round(opened, 1),
        "parse_ms": round(parsed, 1),
        "answer_bytes": sum(len(body) for body, *_ in answers.about(OVER)),
        "parts": len(answers.about(OVER)),
    }  # fmt: skip


async def _warm(answers: Answers, ledger: Ledger, folder: Path) -> None:
    """Ask for all that the page will ask for, without the page or its chart library."""
    usage = Usage(answers, ledger, ReportCache(folder), workspace_id="bench", zone=UTC, titles={})
    for over in (OVER, OVER.previous(), usage.preset(Preset.MONTH)):
        await usage.report(over)
    book = usage.activity(OVER)
    book.more()
    await book.settled()
    await book.aclose()
    await usage.aclose()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def run() -> dict[str, Any]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the program does at its start
    application()
    return run_loop(measure())

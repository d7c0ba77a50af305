"""Scroll the activity: does a list of a million actions cost more than one of a thousand?

Both walks go through the real table, one frame of each in turn, smoothly and in jumps through all
of the list. Pages arrive between frames, as they do for a user. A frame is the step of the scroll
bar and all painting that it causes. ``growth`` compares the slowest ones (99th percentile).
"""

from __future__ import annotations

import asyncio
import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from scenario_desktop.api.models.usage import (
    ACTIVITY_PAGE,
    Activity,
    ActivityData,
    ActivityPage,
    Entities,
    ModelEntity,
    UserEntity,
)
from scenario_desktop.services.usage.activity import ActivityBook
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.panels.usage.lower import LowerCard
from tests.bench.bench_scroll import frame, p99
from tests.bench.gallery_bench import application

SMALL, LARGE = 1_000, 1_000_000
FRAMES, JUMPS = 500, 150
STEP_PX = 24
REST_S = 0.002
ROUNDS = 3
SIZE = (1160, 360)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENTITIES = Entities(
    users=tuple(UserEntity(id=f"u{n}", full_name=f"Designer {n}") for n in range(40)),
    models=tuple(ModelEntity(id=f"m{n}", name=f"Storybook Landscapes {n}") for n in range(200)),
)


def page_of(offset: int, count: int) -> ActivityPage:
    numbers = range(offset, min(count, offset + ACTIVITY_PAGE))
    return ActivityPage(
        offset=offset, count=len(numbers), entities=ENTITIES,
        actions=tuple(
            Activity(
                action="txt2img", time=NOW - timedelta(seconds=number), user_id=f"u{number % 40}",
                data=ActivityData(asset_id=f"asset_{number:08}", model_id=f"m{number % 200}"),
                creative_units_cost=Decimal(number % 1200) / 100,
            )
            for number in numbers
        ),
    )  # fmt: skip


async def table_of(count: int) -> LowerCard:
    """Return a card with a list of which all places are known, and no page is held yet."""

    async def read(offset: int) -> ActivityPage:
        await asyncio.sleep(0)
        return page_of(offset, count)

    book = ActivityBook(read)
    book._known.count, book._known.is_all = count, True
    card = LowerCard(UTC)
    card.resize(*SIZE)
    card.show()
    card.activity_model.set_book(book)
    await asyncio.sleep(0.05)
    await book.settled()
    return card


async def walk() -> tuple[list[float], list[float]]:
    """Return the frames of the small and of the large list."""
    cards = [await table_of(SMALL), await table_of(LARGE)]
    bars = [card.activity.verticalScrollBar() for card in cards]
    result: list[list[float]] = [[], []]
    middles = [bar.maximum() // 2 for bar in bars]
    for bar, middle in zip(bars, middles, strict=True):
        bar.setValue(middle)
    await asyncio.sleep(0.2)
    for number in range(FRAMES):
        for card, bar, middle, frames in zip(cards, bars, middles, result, strict=True):
            target = middle + (number + 1) * STEP_PX
            frames.append(frame(card, partial(bar.setValue, target)))
            await asyncio.sleep(REST_S)
    for number in range(JUMPS):
        for card, bar, frames in zip(cards, bars, result, strict=True):
            target = number * 37 % 101 * max(1, bar.maximum() // 101)
            frames.append(frame(card, partial(bar.setValue, target)))
            await asyncio.sleep(REST_S)
    for card in cards:
        book = card.activity_model.book
        card.activity_model.set_book(None)
        if book is not None:
            await book.aclose()
        card.close()
        card.deleteLater()
    return result[0], result[1]


async def measure() -> dict[str, Any]:
    small: list[float] = []
    large: list[float] = []
    for _ in range(ROUNDS):
        few, many = await walk()
        small += few
        large += many
    return {
        "name": "usage-scroll", "growth": round(p99(large) / p99(small), 3),
        "rows": LARGE, "measured_frames": len(large),
        "median_1k_ms": round(statistics.median(small), 3),
        "median_1m_ms": round(statistics.median(large), 3),
        "p99_1k_ms": round(p99(small), 3), "p99_1m_ms": round(p99(large), 3),
    }  # fmt: skip


def run() -> dict[str, Any]:
    application()
    return run_loop(measure())

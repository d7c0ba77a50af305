"""Detect prices exactly what is sent, asks the limit, sends once, and previews here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import Job, JobMetadata, RunAnswer
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import (
    BadInput,
    Forbidden,
    QuoteExpired,
    SpendingRefused,
    StoreFailed,
)
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Source
from scenario_desktop.services.detect import (
    PREVIEWABLE,
    Detect,
    DetectKind,
    price_of,
)
from scenario_desktop.services.spending import SpendingGuard
from tests.fakes import FakeClock, FakeJobsClient, FakeSettings, FakeSubmitter

AT = datetime(2026, 11, 20, tzinfo=UTC)


class World:
    """Detect with everything around it faked."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = FakeJobsClient(self.clock)
        self.settings = FakeSettings()
        self.jobs = FakeSubmitter(SpendingGuard(self.settings))
        self.pool = WorkerPool(1)
        self.picture = Path()
        self.detect = Detect(
            self.client, self.jobs, pool=self.pool, picture_of=self.picture_of, clock=self.clock,
        )  # fmt: skip

    async def picture_of(self, item: Item) -> Path:
        return self.picture


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.pool.aclose()


def item(asset_id: str) -> Item:
    return Item(
        key=1, id=asset_id, source=Source.SCENARIO, kind="image", type="uploaded", status="success",
        name=f"Name of {asset_id}", mime_type="image/png", created_at=AT, updated_at=AT,
    )  # fmt: skip


def requests(images: int, *modalities: Modality) -> list[DetectRequest]:
    return [
        DetectRequest.model_validate(
            {"image": f"a{i}", "modality": modality, **DetectRequest.initial(modality)}
        )
        for i in range(images)
        for modality in modalities
    ]


async def test_pictures_times_maps_are_priced_as_a_sum(world: World) -> None:
    world.client.prices = {"canny": Decimal("0.125"), "sketch": Decimal(2)}
    wanted = requests(50, Modality.CANNY, Modality.SKETCH)
    quote = await world.detect.quote(wanted)
    assert quote.total == Decimal("106.25")
    assert world.client.count("quote") == 2
    assert quote.each[:2] == (Decimal("0.125"), Decimal(2))


async def test_other_parameters_are_another_price(world: World) -> None:
    low = requests(1, Modality.CANNY)[0]
    await world.detect.quote([low, low.model_copy(update={"low_threshold": 3, "image": "b"})])
    assert world.client.count("quote") == 2


async def test_at_most_four_prices_are_asked_at_once(world: World) -> None:
    await world.detect.quote(requests(1, *Modality))
    assert world.client.count("quote") == 10
    assert world.client.most_open_prices == 4


@pytest.mark.parametrize("cost", [None, Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
async def test_what_is_no_amount_is_no_price_and_never_free(
    world: World, cost: Decimal | None
) -> None:
    world.client.prices = {"canny": cost}
    quote = await world.detect.quote(requests(1, Modality.CANNY, Modality.SKETCH))
    assert quote.each == (None, Decimal(1))
    assert quote.total is None
    assert price_of(RunAnswer(creative_units_cost=Decimal(0))) == 0


async def test_a_refused_price_is_the_forms_error(world: World) -> None:
    world.client.price_error = Forbidden("Not in the plan.")
    with pytest.raises(Forbidden):
        await world.detect.quote(requests(3, Modality.CANNY, Modality.POSE))


async def test_nothing_has_no_price(world: World) -> None:
    with pytest.raises(BadInput):
        await world.detect.quote([])


async def test_a_quote_carries_exactly_its_requests(world: World) -> None:
    wanted = requests(1, Modality.CANNY)
    quote = await world.detect.quote(wanted)
    assert quote.covers(wanted)
    assert not quote.covers([wanted[0].model_copy(update={"low_threshold": 99})])
    assert not quote.covers([*wanted, *wanted])


async def test_submit_hands_over_requests_prices_and_names(world: World) -> None:
    wanted = requests(2, Modality.CANNY)
    ids = await world.detect.submit(await world.detect.quote(wanted), [item("a0"), item("a1")])
    assert ids == ["row1", "row2"]
    (call,) = world.jobs.calls
    assert call["requests"] == [request.to_wire() for request in wanted]
    assert call["titles"] == ["Name of a0", "Name of a1"]
    assert call["quoted"] == (Decimal(1), Decimal(1))


async def test_a_quote_is_good_once(world: World) -> None:
    quote = await world.detect.quote(requests(1, Modality.CANNY))
    results = await asyncio.gather(
        *(world.detect.submit(quote, [item("a0")]) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [list, QuoteExpired, QuoteExpired]
    assert len(world.jobs.calls) == 1


async def test_a_quote_that_could_not_be_written_down_is_still_good(world: World) -> None:
    quote = await world.detect.quote(requests(1, Modality.CANNY))
    world.jobs.error = StoreFailed("The disk is full.")
    with pytest.raises(StoreFailed):
        await world.detect.submit(quote, [item("a0")])
    world.jobs.error = None
    assert await world.detect.submit(quote, [item("a0")])


async def test_a_quote_is_good_for_two_minutes(world: World) -> None:
    quote = await world.detect.quote(requests(1, Modality.CANNY))
    await world.clock.advance(121)
    with pytest.raises(QuoteExpired):
        await world.detect.submit(quote, [item("a0")])
    assert world.jobs.calls == []


async def test_the_spending_limit_refuses(world: World) -> None:
    quote = await world.detect.quote(requests(1, Modality.CANNY))
    world.settings.spending.mode = "never"
    with pytest.raises(SpendingRefused, match="1\u00a0CU"):
        await world.detect.submit(quote, [item("a0")], is_confirmed=True)
    assert world.jobs.calls == []


async def test_the_spending_limit_asks_and_a_confirmation_answers(world: World) -> None:
    quote = await world.detect.quote(requests(12, Modality.CANNY))
    world.settings.spending.mode = "ask_above"
    with pytest.raises(SpendingRefused, match="above 10"):
        await world.detect.submit(quote, [item("a0")])
    assert await world.detect.submit(quote, [item("a0")], is_confirmed=True)


async def test_a_preview_is_computed_here_at_a_reduced_size(world: World, tmp_path: Path) -> None:
    world.picture = tmp_path / "x.png"
    Image.effect_noise((600, 300), 80).convert("RGB").save(world.picture)
    preview = await world.detect.preview(item("a0"), requests(1, Modality.CANNY)[0], 200)
    assert (preview.picture.width, preview.picture.height) == (200, 100)
    assert preview.compute_ms > 0
    assert world.client.calls == []


@pytest.mark.parametrize("modality", [Modality.DEPTH, Modality.POSE])
async def test_what_needs_a_model_has_no_preview(world: World, modality: Modality) -> None:
    assert modality not in PREVIEWABLE
    with pytest.raises(BadInput, match="learned model"):
        await world.detect.preview(item("a0"), requests(1, modality)[0], 200)


@pytest.mark.parametrize(
    ("modality", "name", "parameters"),
    [
        (Modality.CANNY, "Canny", "Low 100, high 200"),
        (Modality.GRAYSCALE, "Grayscale", "Contrast 5, cuts 10–90 %, without background"),
        (Modality.POSE, "Pose", "Confidence 0.3"),
        (Modality.SEGMENTATION, "Segments", ""),
    ],
)
def test_a_request_in_words(modality: Modality, name: str, parameters: str) -> None:
    kind = DetectKind(FakeJobsClient(FakeClock()))
    body = requests(1, modality)[0].to_wire()
    assert kind.name(body) == name
    assert kind.parameters(body).replace("\u00a0", " ") == parameters


def test_a_job_is_recognised_by_its_whole_input() -> None:
    kind = DetectKind(FakeJobsClient(FakeClock()))
    body = requests(1, Modality.GRAYSCALE)[0].to_wire()

    def job(kind: str = "detection", **changes: object) -> Job:
        return Job(job_id="j", job_type=kind, metadata=JobMetadata(input={**body, **changes}))

    assert kind.is_of(body, job(factor=5, extra="more"))
    assert kind.is_of(body, job(image={"assetId": "a0"}))
    assert not kind.is_of(body, job(kind="custom"))
    assert not kind.is_of(body, job(minThreshold=11))
    assert not kind.is_of(body, job(removeBackground=False))

"""Detect: control maps of pictures, priced first, sent once, previewed on this computer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import Job, RunAnswer
from scenario_desktop.api.models.modalities import MODALITY_TITLES, Modality
from scenario_desktop.errors import BadInput, QuoteExpired
from scenario_desktop.imaging.controlmaps import COMPUTABLE
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.imaging.tasks import control_map_picture
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.job_kinds import LoneKind
from scenario_desktop.services.words import NO_BREAK, counted
from scenario_desktop.store.ledger import LedgerRow

KIND = "detect"
#: How long a price may be acted on, in seconds.
QUOTE_LIFETIME_S = 120.0
_PARALLEL_QUOTES = 4

#: Control maps that this computer can compute, with the same functions as the local engine.
PREVIEWABLE: frozenset[Modality] = frozenset(m for m in Modality if m.value in COMPUTABLE)


class DetectClient(Protocol):
    """The part of the API client that is used here."""

    async def quote_detect(self, request: DetectRequest) -> RunAnswer: ...
    async def detect(self, request: DetectRequest) -> Job: ...


class Submitter(Protocol):
    """What takes billed requests from here on: writes them down, sends and follows them."""

    async def submit(
        self,
        kind: str,
        requests: Sequence[dict[str, Any]],
        *,
        titles: Sequence[str],
        input_ids: Sequence[str],
        quoted: Sequence[Decimal | None],
        batch_id: str,
        is_confirmed: bool,
    ) -> list[LedgerRow]: ...


@dataclass(frozen=True, slots=True)
class Quote:
    """A price for exactly these requests, in this order; good once and for a short time.

    Attributes:
        each: Creative Units per request; None where the service gives no usable price.
        total: their sum; None as soon as one of them has no price.
        at: when it was asked.
    """

    requests: tuple[DetectRequest, ...]
    total: Decimal | None
    each: tuple[Decimal | None, ...]
    at: datetime
    id: str = ""

    @property
    def expires_at(self) -> datetime:
        return self.at + timedelta(seconds=QUOTE_LIFETIME_S)

    def covers(self, requests: Sequence[DetectRequest]) -> bool:
        """Whether the price is for these requests and no others."""
        return self.requests == tuple(requests)


@dataclass(frozen=True, slots=True)
class MapPreview:
    """A control map computed here, and how long the computing took, in milliseconds."""

    picture: Picture
    compute_ms: float


class Detect:
    """Prices, sends and previews control maps of one workspace."""

    PREVIEWABLE = PREVIEWABLE

    def __init__(
        self,
        client: DetectClient,
        jobs: Submitter,
        *,
        pool: WorkerPool,
        picture_of: Callable[[Item], Awaitable[Path | bytes]],
        clock: Clock | None = None,
    ) -> None:
        """
        Args:
            picture_of: brings an item's original, as a file or as bytes, for the local preview.
        """
        self._client = client
        self._jobs = jobs
        self._pool = pool
        self._picture_of = picture_of
        self._clock = clock or Clock()
        self._used: set[str] = set()

    async def quote(self, requests: Sequence[DetectRequest]) -> Quote:
        """Ask for the price of all requests together; free, and checks them on the way.

        Requests that differ in their picture only are priced once and counted as often as they
        are: the service prices the kind of work.

        Raises:
            BadInput: there is nothing to price.
            AppError: the service refuses one of them, or cannot be asked; there is no price then.
        """
        if not requests:
            raise BadInput("There is nothing to price yet.", hint="Choose a picture.")
        at = self._clock.now()
        kinds: dict[tuple[object, ...], DetectRequest] = {}
        for request in requests:
            kinds.setdefault(_kind_of(request), request)
        slots = asyncio.Semaphore(_PARALLEL_QUOTES)

        async def ask(request: DetectRequest) -> Decimal | None:
            async with slots:
                return price_of(await self._client.quote_detect(request))

        tasks = [asyncio.ensure_future(ask(request)) for request in kinds.values()]
        try:
            prices = dict(zip(kinds, await asyncio.gather(*tasks), strict=True))
        finally:
            for task in tasks:
                task.cancel()
        each = tuple(prices[_kind_of(request)] for request in requests)
        known = [price for price in each if price is not None]
        total = sum(known, Decimal(0)) if len(known) == len(each) else None
        return Quote(tuple(requests), total, each, at, id=uuid.uuid4().hex)

    async def submit(
        self, quote: Quote, inputs: Sequence[Item], *, is_confirmed: bool = False
    ) -> list[str]:
        """Send what was priced. Returns once everything is written down; the sending goes on.

        Args:
            inputs: the items behind the requests' pictures, for their names.
            is_confirmed: the user has agreed to a price that the spending limit asks about.

        Returns:
            The ledger's ids, one per request in their order.

        Raises:
            QuoteExpired: the price is too old or was used; ask again.
            SpendingRefused: the spending limit says no, or wants to ask first.
        """
        if quote.id in self._used:
            raise QuoteExpired("This price was used already; nothing was sent again.")
        if self._clock.now() > quote.expires_at:
            raise QuoteExpired(
                "The price is older than two minutes; nothing was sent.",
                hint="Look at the new price and start again.",
            )
        self._used.add(quote.id)  # before the first await: a double click gets here twice
        names = {item.id: item.name for item in inputs}
        try:
            rows = await self._jobs.submit(
                KIND,
                [request.to_wire() for request in quote.requests],
                titles=[names.get(request.image, "") for request in quote.requests],
                input_ids=[request.image for request in quote.requests],
                quoted=quote.each,
                batch_id=uuid.uuid4().hex,
                is_confirmed=is_confirmed,
            )
        except BaseException:
            self._used.discard(quote.id)  # nothing was written down, so nothing will be sent
            raise
        return [row.id for row in rows]

    async def preview(self, item: Item, request: DetectRequest, max_px: int) -> MapPreview:
        """Compute a control map here, from the picture at a reduced size.

        Args:
            max_px: the long side, in pixels.

        Raises:
            BadInput: this map needs a learned model, or the picture cannot be read.
        """
        if request.modality not in PREVIEWABLE:
            raise BadInput(
                f"{MODALITY_TITLES[request.modality]} needs a learned model.",
                hint="The service makes this map; there is no preview of it here.",
            )
        source = await self._picture_of(item)
        picture, compute_ms = await self._pool.run(
            control_map_picture, source, request.modality.value, parameters_of(request), max_px
        )
        return MapPreview(picture, compute_ms)


class DetectKind(LoneKind):
    """Detect as the jobs service sees it."""

    title = "Detect"
    job_types = frozenset({"detection"})

    def __init__(self, client: DetectClient) -> None:
        self._client = client

    async def send_one(self, request: dict[str, Any]) -> Job:
        return await self._client.detect(DetectRequest.model_validate(request))

    async def price(self, request: dict[str, Any]) -> Decimal | None:
        return price_of(await self._client.quote_detect(DetectRequest.model_validate(request)))

    def name(self, request: dict[str, Any]) -> str:
        word = str(request.get("modality", ""))
        return MODALITY_TITLES.get(word, word)

    def parameters(self, request: dict[str, Any]) -> str:
        parts = []
        if "lowThreshold" in request or "highThreshold" in request:
            parts.append(f"low {request.get('lowThreshold')}, high {request.get('highThreshold')}")
        if "factor" in request:
            parts.append(f"contrast {request['factor']:g}")
        if "minThreshold" in request or "maxThreshold" in request:
            low, high = request.get("minThreshold"), request.get("maxThreshold")
            parts.append(f"cuts {low}–{high}{NO_BREAK}%")
        if "keypointThreshold" in request:
            parts.append(f"confidence {request['keypointThreshold']:g}")
        if request.get("removeBackground"):
            parts.append("without background")
        text = ", ".join(parts)
        return text[:1].upper() + text[1:]

    def done(self, count: int) -> str:
        if not count:
            return "but the service names no result"
        return f"{counted(count, 'control map')} added beside its parent"

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        if job.job_type not in self.job_types:
            return False
        echo = job.metadata.input
        return all(key in echo and _is_same(value, echo[key]) for key, value in request.items())


def price_of(answer: RunAnswer) -> Decimal | None:
    """Return the price in an answer; None unless it is a finite amount of at least zero."""
    cost = answer.creative_units_cost
    if cost is None or not cost.is_finite() or cost < 0:
        return None
    return cost


def parameters_of(request: DetectRequest) -> dict[str, Any]:
    """Return a request's parameters by their field names, without picture and modality."""
    return request.model_dump(mode="json", exclude_none=True, exclude={"image", "modality"})


def _kind_of(request: DetectRequest) -> tuple[object, ...]:
    return (request.modality, *sorted(parameters_of(request).items()))


def _is_same(sent: object, echoed: object) -> bool:
    if isinstance(sent, bool) or isinstance(echoed, bool):
        return sent is echoed
    if isinstance(sent, (int, float)) and isinstance(echoed, (int, float)):
        return abs(sent - echoed) < 1e-9
    if isinstance(echoed, dict):  # some inputs come back as {"assetId": …, "url": …}
        return sent in (echoed.get("assetId"), echoed.get("id"))
    return sent == echoed

"""What was used and what it cost. Source: API page "usages".

All times are UTC. An amount is None where the server's value could not be read or was missing: a
gap, never zero. ``problems`` of an answer names every such value.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field

from scenario_desktop.api.models.base import OptionalTimestamp, Received, Timestamp

#: The blocks that can be asked for, by the word that asks for them and the field that holds them.
BLOCKS: Final[Mapping[str, str]] = MappingProxyType({
    "usages": "usages", "activity": "activity", "consumption": "consumption",
    "model-usages": "modelUsages", "asset-usages": "assetUsages", "nsfw-usages": "nsfwUsages",
    "quality-gate-usages": "qualityGateUsages",
})  # fmt: skip
ACTIVITY: Final = "activity"
#: Named ranges and their lengths in milliseconds; all end now.
TIME_RANGES: Final[Mapping[str, int]] = MappingProxyType({
    "last-hour": 3_600_000, "last-day": 86_400_000, "last-three-days": 259_200_000,
    "last-seven-days": 604_800_000, "last-thirty-one-days": 2_678_400_000,
})  # fmt: skip
#: Lengths of a point's time in milliseconds.
GRANULARITIES: Final[Mapping[str, int]] = MappingProxyType({
    "1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000,
    "1d": 86_400_000, "7d": 604_800_000,
})  # fmt: skip
#: Actions that ``usages`` counts under another name than the activity has for them.
COUNTED_AS: Final[Mapping[str, str]] = MappingProxyType({
    **dict.fromkeys(
        (
            "controlnet", "controlnet-img2img", "controlnet-inpaint", "controlnet-ip-adapter",
            "controlnet-texture", "generative-fill", "img2img", "img2img-ip-adapter",
            "img2img-texture", "inference", "inpaint", "inpaint-ip-adapter", "reframe", "txt2img",
            "txt2img-ip-adapter",
        ),
        "images-generation",
    ),
    "start-train": "models-training",
})  # fmt: skip
#: The longest range of one call.
LONGEST_DAYS: Final = 120
#: Actions in one page of the activity.
ACTIVITY_PAGE: Final = 100
#: Beyond this no amount is believed.
MOST: Final = 10**15

Amount = Annotated[Decimal, Field(ge=0, le=MOST, allow_inf_nan=False)]


class UsagePoint(Received):
    """``value`` counts what the series is named for; ``api_key`` is the part of API keys in it."""

    time: Timestamp
    value: Amount | None
    api_key: Amount | None
    cost: Amount | None = None
    discount: Amount | None = None
    api_key_cost: Amount | None = None
    api_key_discount: Amount | None = None


class UsageSeries(Received):
    """Creative Units for the names that begin with ``creative-unit``; for others, how many."""

    usage_name: str
    granularity: str = ""
    points: tuple[UsagePoint, ...]


class ModelPoint(Received):
    time: Timestamp
    jobs: Amount | None
    cost: Amount | None
    discount: Amount | None
    api_key_cost: Amount | None
    api_key_discount: Amount | None


class ModelSeries(Received):
    model_id: str
    points: tuple[ModelPoint, ...]


class CountPoint(Received):
    """``count_api_key`` is the part of API keys in ``count``."""

    time: Timestamp
    count: Amount | None
    count_api_key: Amount | None


class AssetSeries(Received):
    kind: str
    points: tuple[CountPoint, ...]


class NsfwSeries(Received):
    label: str
    points: tuple[CountPoint, ...]


class QualityGateSeries(Received):
    verdict: str
    points: tuple[CountPoint, ...]


class Consumption(Received):
    """What one user consumed: ``total`` is ``value`` and ``discount`` together."""

    user_id: str
    value: Amount | None
    discount: Amount | None
    total: Amount | None
    cost_details: Any = None


class ByokProvider(Received):
    id: str = ""
    display_name: str = ""


class ActivityData(Received):
    asset_id: str | None = None
    job_id: str | None = None
    model_id: str | None = None
    collection_id: str | None = None
    is_api_key: bool | None = None
    byok_provider: ByokProvider | None = None


class Activity(Received):
    """Something that somebody did. ``creative_units_cost`` is None where none is told."""

    action: str
    time: Timestamp
    user_id: str
    project_id: str = ""
    data: ActivityData = ActivityData()
    creative_units_cost: Amount | None = None


class AssetEntity(Received):
    id: str
    kind: str = ""
    source: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)


class CollectionEntity(Received):
    id: str
    name: str = ""


class JobEntity(Received):
    id: str
    job_type: str = ""
    status: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class ModelEntity(Received):
    id: str
    name: str = ""
    short_description: str | None = None


class UserEntity(Received):
    id: str
    is_api_key: bool = False
    api_key_id: str | None = None
    api_key_status: str | None = None
    email: str | None = None
    full_name: str | None = None


class Entities(Received):
    """What the ids of an answer stand for. An id may well be missing here."""

    assets: tuple[AssetEntity, ...] = ()
    collections: tuple[CollectionEntity, ...] = ()
    jobs: tuple[JobEntity, ...] = ()
    models: tuple[ModelEntity, ...] = ()
    users: tuple[UserEntity, ...] = ()


class UsageBlocks(Received):
    """The blocks of numbers; None where the server sent none, empty where it sent an empty one."""

    usages: tuple[UsageSeries, ...] | None = None
    model_usages: tuple[ModelSeries, ...] | None = None
    asset_usages: tuple[AssetSeries, ...] | None = None
    nsfw_usages: tuple[NsfwSeries, ...] | None = None
    quality_gate_usages: tuple[QualityGateSeries, ...] | None = None
    consumption: tuple[Consumption, ...] | None = None
    entities: Entities = Entities()


class UsageAnswer(UsageBlocks):
    """One answer as it was read.

    All but the blocks is ours and set after reading, whatever a server calls so.

    Attributes:
        problems: what could not be read, a sentence each.
        start, end: the range that was asked for, the end not in it; None when unknown.
        has_dropped_zeros: points of nothing but zeros were left out: a missing point is zero.
    """

    activity: tuple[Activity, ...] | None = None
    problems: tuple[str, ...] = ()
    start: OptionalTimestamp = None
    end: OptionalTimestamp = None
    has_dropped_zeros: bool = False

    @property
    def granularity(self) -> str | None:
        """The granularity of its series; None when it names none or several."""
        named = {series.granularity for series in self.usages or ()} - {""}
        return named.pop() if len(named) == 1 else None


class UsageSpan(Received):
    """A part of a report that came in one answer.

    Attributes:
        start, end: the end is no more in it. None when a range was asked for by its name.
        granularity: "" when the answer did not say.
        has_dropped_zeros: a missing point is zero; otherwise it is unknown.
    """

    start: OptionalTimestamp = None
    end: OptionalTimestamp = None
    granularity: str = ""
    has_dropped_zeros: bool = False


class UsageReport(UsageBlocks):
    """All answers about one range, joined: each series once, its points in order, none twice.

    Attributes:
        spans: the answers it came from, in the order of time.
        problems: what could not be read or did not fit together, a sentence each.
    """

    spans: tuple[UsageSpan, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def has_mixed_granularity(self) -> bool:
        """Whether points of different lengths stand in it; see ``spans``."""
        return len({span.granularity for span in self.spans}) > 1


class ActivityPage(Received):
    """Up to a hundred actions, newest first.

    Attributes:
        offset: the place of the first of them.
        count: how many places it takes, those of unreadable actions included.
        problems: what could not be read.
    """

    offset: int = 0
    count: int = 0
    actions: tuple[Activity, ...] = ()
    entities: Entities = Entities()
    problems: tuple[str, ...] = ()

"""Usage answers from bytes to models: no value is dropped silently, and none is guessed.

The quick road leaves it to pydantic. Only when it refuses, the answer is walked through: an
unreadable amount becomes None and a problem, an unreadable point, series or record is left out and
becomes a problem.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from scenario_desktop.api.models.base import Received, Timestamp
from scenario_desktop.api.models.usage import (
    BLOCKS,
    MOST,
    Activity,
    ActivityPage,
    AssetEntity,
    AssetSeries,
    CollectionEntity,
    Consumption,
    Entities,
    JobEntity,
    ModelEntity,
    ModelSeries,
    NsfwSeries,
    QualityGateSeries,
    UsageAnswer,
    UsageSeries,
    UserEntity,
)
from scenario_desktop.api.parsing import read_object, salvaged
from scenario_desktop.errors import BadAnswer

#: More of them tell nobody anything; the last one then says how many there were.
MOST_PROBLEMS: Final = 100
_LONGEST_QUOTE: Final = 40
_TIME: Final[TypeAdapter[datetime]] = TypeAdapter(Timestamp)
_COUNTS: Final = ("count", "countApiKey")
#: block -> (field that names a series, amounts that must be there, amounts that may be, model)
_SERIES: Final[dict[str, tuple[str, tuple[str, ...], tuple[str, ...], type[Received]]]] = {
    "usages": (
        "usageName", ("value", "apiKey"),
        ("cost", "discount", "apiKeyCost", "apiKeyDiscount"), UsageSeries,
    ),
    "modelUsages": (
        "modelId", ("jobs", "cost", "discount", "apiKeyCost", "apiKeyDiscount"), (), ModelSeries,
    ),
    "assetUsages": ("kind", _COUNTS, (), AssetSeries),
    "nsfwUsages": ("label", _COUNTS, (), NsfwSeries),
    "qualityGateUsages": ("verdict", _COUNTS, (), QualityGateSeries),
}  # fmt: skip
_FIELDS: Final = {
    "usages": "usages", "modelUsages": "model_usages", "assetUsages": "asset_usages",
    "nsfwUsages": "nsfw_usages", "qualityGateUsages": "quality_gate_usages",
}  # fmt: skip
_KNOWN: Final = frozenset((*BLOCKS.values(), "entities"))
_ENTITIES: Final[dict[str, type[Received]]] = {
    "assets": AssetEntity, "collections": CollectionEntity, "jobs": JobEntity,
    "models": ModelEntity, "users": UserEntity,
}  # fmt: skip


def parse_usage(
    body: bytes,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    has_dropped_zeros: bool = False,
) -> UsageAnswer:
    """Read an answer.

    Args:
        start, end: the range that was asked for.
        has_dropped_zeros: whether points of zeros were asked to be left out.

    Raises:
        BadAnswer: not JSON, or no answer about usage at all.
    """
    problems = Problems()
    try:
        answer = _quick(json.loads(body))
    except (ValueError, RecursionError):  # a validation error is a ValueError, too
        answer = UsageAnswer.model_validate(_cleaned(read_object(body, constant=str), problems))
    _check_sums(answer.consumption or (), problems)
    return answer.model_copy(update={
        "problems": problems.told(), "start": start, "end": end,
        "has_dropped_zeros": has_dropped_zeros,
    })  # fmt: skip


def parse_activity(body: bytes, offset: int) -> ActivityPage:
    """Read the activity of an answer, which begins at ``offset``.

    Raises:
        BadAnswer: not JSON, or an answer without activity.
    """
    answer = parse_usage(body)
    if answer.activity is None:
        raise _other_shape()
    unread = read_object(body).get("activity") if answer.problems else answer.activity
    return ActivityPage(
        offset=offset, count=len(unread or ()), actions=answer.activity, entities=answer.entities,
        problems=answer.problems,
    )  # fmt: skip


class Problems:
    """Sentences about what does not read, up to a bound; the rest is counted."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def add(self, sentence: str) -> None:
        self._count += 1
        if self._count <= MOST_PROBLEMS:
            self._told.append(sentence)

    def told(self) -> tuple[str, ...]:
        rest = self._count - len(self._told)
        return (*self._told, *([f"There are {rest} more such values."] if rest else []))


def _quick(data: Any) -> UsageAnswer:
    """Return an answer of which all can be read.

    Each series is a step of its own: one for the whole answer would be a tenth of a second in which
    nothing else runs, not even from another thread.

    Raises:
        ValueError: some of it cannot be read.
    """
    if not isinstance(data, dict) or _KNOWN.isdisjoint(data):
        raise ValueError
    rest = {name: data[name] for name in _KNOWN if name in data and name not in _SERIES}
    answer = UsageAnswer.model_validate(rest)
    blocks: dict[str, Any] = {}
    for block, (_, _, _, model) in _SERIES.items():
        listed = data.get(block)
        if listed is not None:
            if not isinstance(listed, list):
                raise ValueError
            blocks[_FIELDS[block]] = tuple([model.model_validate(series) for series in listed])
    return answer.model_copy(update=blocks)


def _cleaned(data: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Return an answer that the model takes."""
    if _KNOWN.isdisjoint(data):
        if data:
            raise _other_shape()
        return {}
    clean: dict[str, Any] = {}
    for block, (name, required, optional, _) in _SERIES.items():
        if (listed := _listed(data, block, problems)) is not None:
            clean[block] = list(_series(block, name, required, optional, listed, problems))
    if (listed := _listed(data, "consumption", problems)) is not None:
        clean["consumption"] = list(_consumption(listed, problems))
    if (listed := _listed(data, "activity", problems)) is not None:
        clean["activity"] = list(_activity(listed, problems))
    entities = data.get("entities")
    if isinstance(entities, dict):
        clean["entities"] = _entities(entities, problems)
    elif entities is not None:
        problems.add(f"The entities are {_quoted(entities)} and were left out.")
    return clean


def _listed(data: Mapping[str, Any], block: str, problems: Problems) -> list[Any] | None:
    value = data.get(block)
    if value is None or isinstance(value, list):
        return value
    problems.add(f"{block} is {_quoted(value)} where a list was expected; it was left out.")
    return None


def _series(
    block: str, name: str, required: tuple[str, ...], optional: tuple[str, ...],
    listed: list[Any], problems: Problems,
) -> Iterable[dict[str, Any]]:  # fmt: skip
    for series in listed:
        key = series.get(name) if isinstance(series, dict) else None
        if not isinstance(key, str):
            problems.add(f"A series of {block} has no {name} and was left out: {_quoted(series)}.")
            continue
        points = series.get("points")
        if not isinstance(points, list):
            problems.add(f"{block} {key}: there are no points but {_quoted(points)}.")
            points = []
        clean = {name: key, "points": list(
            _points(f"{block} {key}", required, optional, points, problems)
        )}  # fmt: skip
        if block == "usages":
            granularity = series.get("granularity")
            clean["granularity"] = granularity if isinstance(granularity, str) else ""
        yield clean


def _points(
    where: str, required: tuple[str, ...], optional: tuple[str, ...], points: list[Any],
    problems: Problems,
) -> Iterable[dict[str, Any]]:  # fmt: skip
    for point in points:
        if not isinstance(point, dict):
            problems.add(f"{where}: {_quoted(point)} is no point and was left out.")
            continue
        time = _moment(point.get("time"))
        if time is None:
            problems.add(
                f"{where}: the time {_quoted(point.get('time'))} cannot be read; "
                "its point was left out."
            )
            continue
        clean: dict[str, Any] = {"time": time}
        for field in required:
            clean[field] = _amount(point, field, f"{where} at {time.isoformat()}", problems)
        for field in optional:
            if field in point:
                clean[field] = _amount(point, field, f"{where} at {time.isoformat()}", problems)
        yield clean


def _consumption(listed: list[Any], problems: Problems) -> Iterable[dict[str, Any]]:
    for record in listed:
        user = record.get("userId") if isinstance(record, dict) else None
        if not isinstance(user, str):
            problems.add(f"A consumption names no user and was left out: {_quoted(record)}.")
            continue
        amounts = {
            field: _amount(record, field, f"consumption of {user}", problems)
            for field in ("value", "discount", "total")
        }
        yield {"userId": user, **amounts, "costDetails": record.get("costDetails")}


def _activity(listed: list[Any], problems: Problems) -> Iterable[Activity]:
    for record in listed:
        if isinstance(record, dict) and "creativeUnitsCost" in record:
            where = f"activity {record.get('action')} at {record.get('time')}"
            cost = _amount(record, "creativeUnitsCost", where, problems)
            record = {**record, "creativeUnitsCost": cost}
        action = salvaged(Activity, deepcopy(record))
        if action is None:
            problems.add(f"An action cannot be read and was left out: {_quoted(record)}.")
        else:
            yield action


def _entities(data: dict[str, Any], problems: Problems) -> Entities:
    found: dict[str, tuple[Received, ...]] = {}
    for kind, model in _ENTITIES.items():
        entities: list[Received] = []
        for record in _listed(data, kind, problems) or ():
            entity = salvaged(model, deepcopy(record))
            if entity is None:
                problems.add(f"An entity of {kind} cannot be read: {_quoted(record)}.")
            else:
                entities.append(entity)
        found[kind] = tuple(entities)
    return Entities().model_copy(update=found)


def _amount(data: Mapping[str, Any], field: str, where: str, problems: Problems) -> Decimal | None:
    """Return an amount, or None and a problem."""
    if field not in data:
        problems.add(f"{where}: {field} is missing.")
        return None
    value = data[field]
    if value is None:
        return None
    fault = "is not a number"
    if not isinstance(value, bool) and isinstance(value, int | float | str):
        try:
            amount = Decimal(str(value).strip())
        except InvalidOperation:
            pass
        else:
            if not amount.is_finite():
                pass
            elif amount < 0:
                fault = "is negative"
            elif amount > MOST:
                fault = "is too large to be true"
            else:
                return amount
    problems.add(f"{where}: {field} {_quoted(value)} {fault}.")
    return None


def _check_sums(consumptions: Iterable[Consumption], problems: Problems) -> None:
    for record in consumptions:
        if record.value is None or record.discount is None or record.total is None:
            continue
        expected = record.value + record.discount
        if not math.isclose(record.total, expected, rel_tol=1e-9, abs_tol=1e-6):
            problems.add(
                f"consumption of {record.user_id}: the total {record.total} is not value and "
                f"discount together, {expected}."
            )


def _moment(value: Any) -> datetime | None:
    try:
        return _TIME.validate_python(value) if isinstance(value, str | int | float) else None
    except (ValidationError, OverflowError):
        return None


def _quoted(value: Any) -> str:
    text = str(value)
    return f"“{text}”" if len(text) <= _LONGEST_QUOTE else f"“{text[:_LONGEST_QUOTE]}…”"


def _other_shape() -> BadAnswer:
    return BadAnswer(
        "The server sent something else than the usage that was asked for.",
        hint="Check the address of the server.",
        details="expected usage",
    )

"""From the answers about parts of a range to one report on the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from scenario_desktop.api.models.base import Received
from scenario_desktop.api.models.usage import (
    GRANULARITIES,
    Consumption,
    Entities,
    UsageAnswer,
    UsageReport,
    UsageSpan,
)
from scenario_desktop.api.usage_parsing import Problems

Point: TypeAlias = Any
#: (block, name of the series)
SeriesId: TypeAlias = tuple[str, str]

#: block -> the field that names its series
_NAMES: Final = {
    "usages": "usage_name", "model_usages": "model_id", "asset_usages": "kind",
    "nsfw_usages": "label", "quality_gate_usages": "verdict",
}  # fmt: skip
_ENTITIES: Final = ("assets", "collections", "jobs", "models", "users")
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def join(answers: Iterable[UsageAnswer]) -> UsageReport:
    """Join answers about parts of a range that touch, but do not overlap.

    Each answer speaks for its own part only. What it tells of the time from its end on is left
    out. A point that begins before its part, because it is longer than a seam is fine, is added to
    the same point of the part before; unless both parts tell the very same there, which is then
    taken for one whole point told twice. Two points of one answer with one time are a
    contradiction: where they differ, the amount is unknown. All but the sums of such halves is told
    in ``problems``.
    """
    parts = sorted(answers, key=lambda answer: answer.start or _FIRST)
    problems = _Told()
    for part in parts:
        for sentence in part.problems:
            problems.add(sentence)
    tables = [_table(part, problems) for part in parts]
    _settle_seams(parts, tables, problems)
    for part, table in zip(parts, tables, strict=True):
        _check_steps(part, table, problems)
    joined: dict[SeriesId, dict[datetime, Point]] = {}
    for table in tables:
        for series, points in table.items():
            into = joined.setdefault(series, {})
            for time, point in points.items():
                into[time] = _added(into[time], point) if time in into else point
    blocks = {
        block: _block(parts, block, joined)
        for block in _NAMES
        if any(getattr(part, block) is not None for part in parts)
    }
    return UsageReport(
        consumption=_consumption(parts), entities=_entities(parts), problems=problems.told(),
        spans=tuple(
            UsageSpan(
                start=part.start, end=part.end, granularity=part.granularity or "",
                has_dropped_zeros=part.has_dropped_zeros,
            )
            for part in parts
        ),
    ).model_copy(update=blocks)  # fmt: skip


class _Told(Problems):
    """Sentences, each told once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()

    def add(self, sentence: str) -> None:
        if sentence not in self._known:
            self._known.add(sentence)
            super().add(sentence)


def _table(part: UsageAnswer, problems: Problems) -> dict[SeriesId, dict[datetime, Point]]:
    """Return the points of an answer by series and time, without those after its end."""
    end = part.end or _LAST
    table: dict[SeriesId, dict[datetime, Point]] = {}
    for block, name in _NAMES.items():
        for series in getattr(part, block) or ():
            key = getattr(series, name)
            points = table.setdefault((block, key), {})
            for point in series.points:
                if point.time >= end:
                    if _tells(point):
                        problems.add(
                            f"{block} {key}: the point of {point.time.isoformat()} lies after the "
                            "range that was asked for and was left out."
                        )
                elif (known := points.get(point.time)) is None:
                    points[point.time] = point
                elif known != point:
                    problems.add(
                        f"{block} {key}: {point.time.isoformat()} is told twice with different "
                        "amounts; those are unknown."
                    )
                    points[point.time] = _merged(
                        known, point, lambda one, other: one if one == other else None
                    )
                else:
                    problems.add(f"{block} {key}: {point.time.isoformat()} is told twice.")
    return table


def _check_steps(
    part: UsageAnswer, table: Mapping[SeriesId, Mapping[datetime, Point]], problems: Problems
) -> None:
    """Tell of points that lie between the steps which the answer names.

    The first one may be of a shorter time, from the start of the range on.
    """
    step_ms = GRANULARITIES.get(part.granularity or "")
    if step_ms is None:
        return
    step = timedelta(milliseconds=step_ms)
    times = sorted({time for points in table.values() for time in points})[1:]
    odd = [time for time in times if (time - times[0]) % step]
    if odd:
        problems.add(
            f"Points lie between the steps of {part.granularity}, the first at "
            f"{odd[0].isoformat()}; they may be of another length."
        )


def _settle_seams(
    parts: Sequence[UsageAnswer],
    tables: Sequence[dict[SeriesId, dict[datetime, Point]]],
    problems: Problems,
) -> None:
    """Decide on the points that begin before their own part; changes the tables."""
    for index, (part, later) in enumerate(zip(parts, tables, strict=True)):
        start = part.start
        if start is None:
            continue
        before = parts[index - 1] if index else part
        earlier = tables[index - 1] if index else {}
        is_same_length = before.granularity == part.granularity
        for time in sorted({t for points in later.values() for t in points if t < start}):
            ours = {series: points[time] for series, points in later.items() if time in points}
            theirs = {series: earlier.get(series, {}).get(time) for series in ours}
            told = {series for series, point in ours.items() if _tells(point)}
            is_too_early = start - time >= _length(part)
            is_twice = bool(told) and all(theirs[series] == ours[series] for series in told)
            for series, point in ours.items():
                if is_too_early or is_twice:
                    del later[series][time]
                elif not is_same_length:
                    # It begins where the part does: what lies before is told in shorter points.
                    del later[series][time]
                    moved = point.model_copy(update={"time": start})
                    known = later[series].get(start)
                    later[series][start] = moved if known is None else _added(known, moved)
            if told and is_too_early:
                problems.add(f"Points of {time.isoformat()} lie before the range asked for.")
            elif told and is_twice:
                problems.add(f"{time.isoformat()} is told by two answers alike and counted once.")


def _length(part: UsageAnswer) -> timedelta:
    return timedelta(milliseconds=GRANULARITIES.get(part.granularity or "7d", 604_800_000))


def _block(
    parts: Iterable[UsageAnswer], block: str, joined: Mapping[SeriesId, dict[datetime, Point]]
) -> tuple[Any, ...]:
    """Return the joined series of a block, in the order in which they first occur."""
    first: dict[str, Any] = {}
    granularities: dict[str, set[str]] = {}
    for part in parts:
        for series in getattr(part, block) or ():
            key = getattr(series, _NAMES[block])
            first.setdefault(key, series)
            granularities.setdefault(key, set()).add(getattr(series, "granularity", ""))
    result = []
    for key, series in first.items():
        points = joined[block, key]
        update: dict[str, Any] = {"points": tuple(points[time] for time in sorted(points))}
        if block == "usages" and len(granularities[key]) > 1:
            update["granularity"] = ""  # several: the report's spans tell where which is used
        result.append(series.model_copy(update=update))
    return tuple(result)


def _consumption(parts: Iterable[UsageAnswer]) -> tuple[Consumption, ...] | None:
    users: dict[str, Consumption] = {}
    has_any = False
    for part in parts:
        has_any = has_any or part.consumption is not None
        for record in part.consumption or ():
            known = users.get(record.user_id)
            if known is not None:
                record = _added(known, record).model_copy(update={"cost_details": None})
            users[record.user_id] = record
    return tuple(users.values()) if has_any else None


def _entities(parts: Iterable[UsageAnswer]) -> Entities:
    """Return all entities once; the latest answer knows their names best."""
    found: dict[str, dict[str, Received]] = {kind: {} for kind in _ENTITIES}
    for part in parts:
        for kind in _ENTITIES:
            found[kind].update((entity.id, entity) for entity in getattr(part.entities, kind))
    return Entities().model_copy(
        update={kind: tuple(entities.values()) for kind, entities in found.items()}
    )


def _added(one: Any, other: Any) -> Any:
    """Return a record with the sums of two; what either does not know is not known."""
    return _merged(one, other, lambda a, b: a + b)


def _merged(one: Any, other: Any, merge: Callable[[Decimal, Decimal], Decimal | None]) -> Any:
    update: dict[str, Decimal | None] = {}
    for field in type(one).model_fields:
        a, b = getattr(one, field), getattr(other, field)
        if isinstance(a, Decimal) or isinstance(b, Decimal):
            update[field] = None if a is None or b is None else merge(a, b)
    return one.model_copy(update=update)


def _tells(point: Any) -> bool:
    """Whether a point holds any amount but zeros and unknown ones."""
    return any(
        isinstance(value := getattr(point, field), Decimal) and value
        for field in type(point).model_fields
    )

"""What GET /usages answers: sums of the recorded calls, and the points they make.

A day that lies whole in the range comes from the sums per day where that gives the same; all else
is summed from the calls themselves.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from scenario_desktop.api.models.usage import ACTIVITY_PAGE, COUNTED_AS, GRANULARITIES
from scenario_desktop.engine.times import to_iso
from scenario_desktop.engine.usage import BLOCKS, DAY_MS, MICRO, SCENARIO, SUMS, sums_sql

#: Ranges up to a length (milliseconds) -> the granularity they are told in.
_CHOICES: Final = (
    (3_600_000, "1m"), (6 * 3_600_000, "5m"), (DAY_MS, "15m"), (3 * DAY_MS, "30m"),
    (7 * DAY_MS, "1h"), (92 * DAY_MS, "1d"),
)  # fmt: skip
#: A Monday before all time that is recorded: weeks begin there, and so do all shorter points.
_ANCHOR: Final = -3 * DAY_MS

COST: Final = "creative-unit-cost"
DISCOUNT: Final = "creative-unit-discount"
REFUNDS: Final = "refunds"
#: The names of ``usages``, as documented.
USAGE_NAMES: Final = frozenset(
    """
    background-removal captioning creative-unit-cost creative-unit-discount custom
    custom-asset-created detection image-prompt-editing images-generation ip-detection
    models-training patch pixelate refunds repaint restyle segmentation skybox-base-360
    skybox-upscale-360 texture upscale vectorization
    """.split()  # noqa: SIM905 - as in ``vocabulary``
)
#: The actions of this engine that the API has no word for, and the nearest one it has.
_TOLD_AS: Final = {"canvas-force-unlock": "update-asset"}

#: Name, number of the point, and the six sums of ``engine.usage.SUMS``, as SQLite returns them.
Sums: TypeAlias = tuple[Any, ...]
Render: TypeAlias = Callable[[Iterable[Sums], Sequence[str]], list[str]]
#: name -> number of the point's time -> sums
Table: TypeAlias = dict[str, dict[int, Sums]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for.

    Attributes:
        start_ms, end_ms: the range, its end not in it.
        types: the blocks wanted, by the words that ask for them.
        user_ids, project_ids: only theirs; all when empty. "" is the engine's own project.
    """

    start_ms: int
    end_ms: int
    types: frozenset[str]
    drops_zero_points: bool = False
    activity_offset: int = 0
    user_ids: tuple[str, ...] = ()
    project_ids: tuple[str, ...] = ()

    @property
    def granularity(self) -> str:
        length = self.end_ms - self.start_ms
        return next((name for longest, name in _CHOICES if length <= longest), "7d")


class Grid:
    """The times of a question's points: all that have a part in the range."""

    def __init__(self, question: Question) -> None:
        self.step_ms = GRANULARITIES[question.granularity]
        self.start_ms = question.start_ms - (question.start_ms - _ANCHOR) % self.step_ms
        self.times = [
            to_iso(at_ms) for at_ms in range(self.start_ms, question.end_ms, self.step_ms)
        ]
        self.heads = [f'{{"time":"{time}",' for time in self.times]


class Answerer:
    """Answers one question within one transaction."""

    def __init__(self, connection: sqlite3.Connection, question: Question) -> None:
        self._connection = connection
        self._question = question
        self._grid = Grid(question)
        where: list[str] = [f"service = '{SCENARIO}'"]  # as the indexes say it
        values: list[str] = []
        for column, ids in (("user_id", question.user_ids), ("project_id", question.project_ids)):
            if ids:
                where.append(f"{column} IN ({', '.join('?' * len(ids))})")
                values += ids
        self._where, self._values = " AND ".join(where), values
        self._is_narrowed = bool(question.user_ids or question.project_ids)
        self._zeros: dict[Render, tuple[list[str], list[str]]] = {}

    def table(self, block: str) -> Table:
        """Return the sums of a block by name and point."""
        table: Table = defaultdict(dict)
        whole, *edges = self._sums(block, self._grid.step_ms)
        for row in whole:
            table[row[0]][row[1]] = row
        for row in itertools.chain.from_iterable(edges):
            points, number = table[row[0]], row[1]
            points[number] = _plus(points[number], row) if number in points else row
        return table

    def totals(self, block: str) -> dict[str, Sums]:
        """Return the sums of a block by name, over the whole range."""
        totals: dict[str, Sums] = {}
        for rows in self._sums(block, 0):
            for row in rows:
                totals[row[0]] = _plus(totals[row[0]], row) if row[0] in totals else row
        return totals

    def _sums(self, block: str, step_ms: int) -> Iterable[Iterable[Sums]]:
        """Yield the sums of parts of the range, which must be added.

        Args:
            step_ms: the length of a point; 0 for a single one.
        """
        start, end = self._question.start_ms, self._question.end_ms
        first_day, last_day = -(-start // DAY_MS), end // DAY_MS
        ranges = [(start, end)]
        if not self._is_narrowed and not step_ms % DAY_MS and first_day < last_day:
            ranges = [(start, first_day * DAY_MS), (last_day * DAY_MS, end)]
            number = f"(day * {DAY_MS} - {self._grid.start_ms}) / {step_ms}" if step_ms else "0"
            group = "day, name" if step_ms == DAY_MS else "2, 1"  # the first needs no sorting
            yield self._rows(
                f"SELECT name, {number}, {', '.join(f'sum({name})' for name in SUMS)}"  # noqa: S608 - all words are ours
                f" FROM usage_days WHERE block = ? AND day >= ? AND day < ? GROUP BY {group}",
                (block, first_day, last_day),
            )
        kind = BLOCKS[block]
        number = f"(billed_at - {self._grid.start_ms}) / {step_ms}" if step_ms else "0"
        for low, high in ranges:
            if low < high:
                yield self._rows(
                    f"SELECT {kind.name}, {number}, {sums_sql(kind)} FROM {kind.source}"  # noqa: S608 - all words are ours
                    f" WHERE billed_at >= ? AND billed_at < ? AND {kind.name} IS NOT NULL"
                    f" AND {self._where} GROUP BY 1, 2",
                    (low, high, *self._values),
                )

    def _rows(self, query: str, values: Sequence[Any]) -> Iterable[Sums]:
        cursor = self._connection.cursor()
        cursor.row_factory = None  # there are many; tuples are read fastest
        return cursor.execute(query, values)

    def calls(self) -> list[sqlite3.Row]:
        """Return a page of the activity, newest first; what was paid back is taken off."""
        question = self._question
        is_by_user = len(question.user_ids) == 1
        index = "usage_user_calls" if is_by_user else "usage_calls"
        return self._connection.execute(
            "SELECT usage.*, micro + (SELECT ifnull(sum(back.micro), 0) FROM usage AS back"  # noqa: S608 - all words are ours
            "  WHERE back.refund_of = usage.id) AS net FROM usage WHERE id IN ("
            f" SELECT id FROM usage INDEXED BY {index} WHERE at >= ? AND at < ?"
            f" AND refund_of IS NULL AND {self._where}"
            " ORDER BY at DESC, id DESC LIMIT ? OFFSET ?) ORDER BY at DESC, id DESC",
            (
                question.start_ms, question.end_ms, *self._values,
                ACTIVITY_PAGE, question.activity_offset,
            ),
        ).fetchall()  # fmt: skip

    # --- points -------------------------------------------------------------------------------

    def usages(self) -> list[tuple[str, str]]:
        """Return the series of ``usages``: name, and points as JSON.

        Whatever was billed is in the two series of units, under whichever action.
        """
        series: Table = defaultdict(dict)
        units: dict[int, Sums] = {}
        for action, points in self.table("action").items():
            name = COUNTED_AS.get(action, action)
            for number, sums in points.items():
                for into in (units, *([series[name]] if name in USAGE_NAMES else [])):
                    known = into.get(number)
                    into[number] = sums if known is None else _plus(known, sums)
        told = {COST: self._render(units, _costs), DISCOUNT: self._render(units, _discounts)}
        if refunds := self.table("refund").get(REFUNDS):
            told[REFUNDS] = self._render(refunds, _costs)
        for name, points in sorted(series.items()):
            told.setdefault(name, self._render(points, _usages))
        return list(told.items())

    def models(self) -> list[tuple[str, str]]:
        return self._all("model", _models)

    def counts(self, block: str) -> list[tuple[str, str]]:
        return self._all(block, _counts)

    def _all(self, block: str, render: Render) -> list[tuple[str, str]]:
        """Return the series of a block: name, and points as JSON."""
        return [
            (name, self._render(points, render))
            for name, points in sorted(self.table(block).items())
        ]

    def _render(self, points: dict[int, Sums], render: Render) -> str:
        """Return points as JSON: those of zeros, too, unless they are to be left out."""
        heads = self._grid.heads
        zeros = self._zeros.get(render)
        if zeros is None:
            nothing = render([("", number, *_NOTHING) for number in range(len(heads))], heads)
            zeros = self._zeros[render] = nothing, [t.replace(":0e-6", ":0") for t in nothing]
        nothing, told = zeros[0], zeros[1].copy()
        for number, text in zip(points, render(points.values(), heads), strict=True):
            told[number] = text
        if self._question.drops_zero_points:
            told = [told[number] for number in sorted(points) if told[number] != nothing[number]]
        return f"[{','.join(told)}]"


#: Compact JSON; one encoder for all, as making one takes longer than most of what it encodes.
to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def shown_action(action: str) -> str:
    """Return an action as the API calls it."""
    return _TOLD_AS.get(action, action)


def number(units: int) -> str:
    """Return millionths as a JSON number of whole units: 1, 10.75."""
    return repr(units / MICRO).removesuffix(".0") if units else "0"


_NOTHING: Final = (0,) * len(SUMS)


def _plus(one: Sums, other: Sums) -> Sums:
    name, at, count, count_api, cost, cost_api, discount, discount_api = one
    return (
        name, at, count + other[2], count_api + other[3], cost + other[4], cost_api + other[5],
        discount + other[6], discount_api + other[7],
    )  # fmt: skip


# Each turns rows into points as JSON. Written by hand: there are thousands of them, and fractions
# would take most of the time. "10750000e-6" is exactly 10.75 to every reader of JSON.


def _usages(rows: Iterable[Sums], heads: Sequence[str]) -> list[str]:
    return [
        f'{heads[at]}"value":"{count}","apiKey":"{count_api}","cost":{cost}e-6,'
        f'"apiKeyCost":{cost_api}e-6,"discount":{discount}e-6,"apiKeyDiscount":{discount_api}e-6}}'
        for _, at, count, count_api, cost, cost_api, discount, discount_api in rows
    ]


def _costs(rows: Iterable[Sums], heads: Sequence[str]) -> list[str]:
    return [
        f'{heads[at]}"value":"{number(cost)}","apiKey":"{number(cost_api)}"}}'
        for _, at, _, _, cost, cost_api, _, _ in rows
    ]


def _discounts(rows: Iterable[Sums], heads: Sequence[str]) -> list[str]:
    return _costs([(*row[:4], *row[6:], 0, 0) for row in rows], heads)


def _models(rows: Iterable[Sums], heads: Sequence[str]) -> list[str]:
    return [
        f'{heads[at]}"jobs":{jobs},"cost":{cost}e-6,"apiKeyCost":{cost_api}e-6,'
        f'"discount":{discount}e-6,"apiKeyDiscount":{discount_api}e-6}}'
        for _, at, jobs, _, cost, cost_api, discount, discount_api in rows
    ]


def _counts(rows: Iterable[Sums], heads: Sequence[str]) -> list[str]:
    return [f'{heads[row[1]]}"count":{row[2]},"countApiKey":{row[3]}}}' for row in rows]


def series_json(name: str, series: Iterable[tuple[str, str]], more: str = "") -> str:
    """Return a block of series as JSON.

    Args:
        name: the field that names a series.
        more: further fields of each, as JSON.
    """
    return (
        "["
        + ",".join(f'{{"{name}":{to_json(key)},{more}"points":{points}}}' for key, points in series)
        + "]"
    )

"""Tables as CSV text, with the ids that the library and the service use."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from scenario_desktop.services.usage.activity import ActivityRow
from scenario_desktop.services.usage.charts import Chart, Share
from scenario_desktop.services.usage.comparison import JobCost

#: Beginnings that a spreadsheet takes for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Name = Callable[[str], str]


def chart_csv(chart: Chart, name: Name) -> str:
    """Return a chart's table: a row for each stretch of time and series that has an amount.

    Times are UTC. An unknown amount is an empty cell, zero is 0: no sum of a column hides a gap.
    """
    rows: list[Sequence[str]] = []
    for place, bucket in enumerate(chart.buckets):
        for series in chart.series:
            value = series.values[place]
            state = "final" if bucket.is_final else "may change"
            rows.append((
                bucket.start.isoformat(), bucket.end.isoformat(), series.id,
                name(series.id), amount(value), state if value is not None else "unknown",
            ))  # fmt: skip
    head = ("start_utc", "end_utc", "id", "name", str(chart.measure), "state")
    return _text(head, rows)


def shares_csv(rows: Iterable[Share], name: Name, what: str) -> str:
    """Return a ranking."""
    head = ("id", "name", what, "share", "count", "discount")
    return _text(
        head,
        (
            (r.id, name(r.id), amount(r.amount), f"{r.share:.6f}", amount(r.count),
             amount(r.discount))
            for r in rows
        ),
    )  # fmt: skip


def activity_head() -> str:
    """Return the first line of an activity's table."""
    return _text(
        ("time_utc", "user_id", "user", "action", "asset_id", "asset", "job_id", "model_id",
         "model", "cost_cu", "note"),
        (),
    )  # fmt: skip


def activity_lines(rows: Iterable[ActivityRow]) -> str:
    """Return rows of an activity, without a head: long lists are written part by part."""
    return _text(
        None,
        (
            (
                row.activity.time.isoformat(), row.activity.user_id, row.user,
                row.activity.action, row.activity.data.asset_id or "", row.asset_name,
                row.activity.data.job_id or "", row.activity.data.model_id or "", row.model,
                amount(row.activity.creative_units_cost), row.note,
            )
            for row in rows
        ),
    )  # fmt: skip


def jobs_csv(jobs: Iterable[JobCost]) -> str:
    """Return our own record beside the service's."""
    head = (
        "time_utc", "kind", "title", "state", "quoted_cu", "charged_cu", "booked_cu", "reason",
        "note", "job_id", "asset_id",
    )  # fmt: skip
    return _text(
        head,
        (
            (
                job.at.isoformat(), job.kind, job.title, str(job.state), amount(job.quoted),
                amount(job.charged), amount(job.booked), str(job.reason), job.note,
                job.job_id or "", job.input_id or "",
            )
            for job in jobs
        ),
    )  # fmt: skip


def amount(value: Decimal | None) -> str:
    """Return a number as any program reads it: no grouping, a point, no exponent."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(head: Sequence[str] | None, rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if head is not None:
        writer.writerow(head)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(cell: str) -> str:
    """Keep a spreadsheet from computing what others wrote. Numbers below zero stay numbers."""
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell

"""The job list: its filters, which of them go together, and its pages.

As the service warns, a page can hold fewer jobs than asked for, or none, while a token promises
more: author, workflow and hidden results are sorted out after a page was cut.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.requests import Query, make_token, read_token
from scenario_desktop.engine.times import floor_ms, now_ms

STATUSES = frozenset(
    {
        "pending", "queued", "warming-up", "in-progress", "finalizing", "success", "failure",
        "canceled",
    }
)  # fmt: skip
#: The job types that can be filtered by.
TYPES = frozenset(
    """
    assets-download model-training flux-model-training musubi-model-training inference pixelate
    embed remove-background vectorize canvas-export image-generation image-prompt-editing caption
    generate-prompt describe-style translate detection restyle repaint reframe segment
    skybox-base-360 skybox-upscale-360 skybox-hdri skybox-3d texture upscale upscale-skybox
    upscale-texture flux openai-image-generation upload custom splat mesh-preview-rendering workflow
    """.split()  # noqa: SIM905 - 36 strings one below the other read worse
)
#: With an author or hideResults=false and no date, only jobs of this time are listed.
WINDOW_MS = 30 * 24 * 3600 * 1000
#: With one of these the list is ordered by the last change, else by creation.
_BY_UPDATE = ("status", "type", "types", "workflowId")


@dataclass(slots=True)
class JobQuestion:
    """One question to the job list.

    Attributes:
        order: the column of the order, newest first; ``key`` breaks ties.
        after: only what has a later time in that column, milliseconds since 1970.
        place: order value and key of the last row of the page before, or None.
    """

    order: str
    size: int
    after: int | None = None
    status: str | None = None
    types: list[str] = field(default_factory=list)
    author_id: str | None = None
    workflow_id: str | None = None
    leaves_out_hidden: bool = False
    place: tuple[int, int] | None = None

    def purpose(self) -> list[Any]:
        """Return what a page token stands for besides its place."""
        return [
            self.order, self.status, self.types, self.author_id, self.workflow_id,
            self.leaves_out_hidden,
        ]  # fmt: skip

    def wants(self, row: sqlite3.Row) -> bool:
        """Whether a row of the page passes the filters that are not part of the cut."""
        return not (
            (self.author_id is not None and row["author_id"] != self.author_id)
            or (self.workflow_id is not None and row["workflow_id"] != self.workflow_id)
            or (self.leaves_out_hidden and row["hides_results"])
        )


def read_question(query: Query) -> JobQuestion:
    """Read the parameters of GET /jobs.

    Raises:
        Invalid: one is wrong, or two do not go together.
    """
    types = query.words("types", TYPES)
    if not types and (one := query.choice("type", TYPES)):
        types = [one]
    used = [name for name in _BY_UPDATE if query.text(name) is not None]
    question = JobQuestion(
        order="updated_at" if used else "created_at",
        size=query.page_size(),
        status=query.choice("status", STATUSES),
        types=sorted(set(types)),
        author_id=query.text("authorId"),
        workflow_id=query.text("workflowId"),
        leaves_out_hidden=query.flag("hideResults") is False,
    )
    date = _date(query, used)
    if date is not None:
        question.after = floor_ms(date)
    elif question.author_id is not None or question.leaves_out_hidden:
        question.after = now_ms() - WINDOW_MS
    place = read_token(query, question.purpose(), (int, int))
    if place is not None:
        question.place = (place[0], place[1])
    return question


def page(
    connection: sqlite3.Connection, question: JobQuestion
) -> tuple[list[sqlite3.Row], str | None]:
    """Read one page, and the token of the next if there may be one."""
    conditions, values = ["1"], list[Any]()
    if question.status is not None:
        conditions.append("status = ?")
        values.append(question.status)
    if question.types:
        conditions.append(f"type IN ({', '.join('?' for _ in question.types)})")
        values += question.types
    if question.after is not None:
        conditions.append(f"{question.order} > ?")
        values.append(question.after)
    if question.place is not None:
        conditions.append(f"({question.order}, key) < (?, ?)")
        values += question.place
    rows = connection.execute(
        f"SELECT * FROM jobs WHERE {' AND '.join(conditions)} "  # noqa: S608 - names are ours
        f"ORDER BY {question.order} DESC, key DESC LIMIT ?",
        (*values, question.size + 1),
    ).fetchall()
    token = None
    if len(rows) > question.size:
        rows.pop()
        token = make_token([rows[-1][question.order], rows[-1]["key"]], question.purpose())
    return [row for row in rows if question.wants(row)], token


def _date(query: Query, used: list[str]) -> datetime | None:
    """Read the one date that fits the order of the list."""
    created, updated = query.moment("createdAfter"), query.moment("updatedAfter")
    if created is not None and used:
        raise Invalid(
            f"createdAfter does not go with {used[0]}.", {"createdAfter": "use updatedAfter"}
        )
    if updated is not None and not used:
        raise Invalid(
            "updatedAfter needs status, type, types or workflowId.",
            {"updatedAfter": "use createdAfter"},
        )
    return updated if used else created

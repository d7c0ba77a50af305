"""Refines: begun in any mix from pictures, predictions and earlier refines; read and removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from scenario_desktop.api.models.sartiq.refines import BulkRefineRequest, RefineGenerationRequest
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.sartiq.failures import sentence
from scenario_desktop.engine.sartiq.fields import NewGeneration, new_generation
from scenario_desktop.engine.sartiq.generations import insert_generation
from scenario_desktop.engine.sartiq.inputs import Inputs
from scenario_desktop.engine.sartiq.media import drop_unused, remove_files
from scenario_desktop.engine.sartiq.predictions import require_prediction
from scenario_desktop.engine.sartiq.runner import Runner
from scenario_desktop.engine.sartiq.settling import task_id
from scenario_desktop.engine.sartiq.wire import (
    Records,
    read_generations,
    read_refines,
)
from scenario_desktop.engine.sartiq.words import Operation, Status
from scenario_desktop.engine.times import now_ms
from scenario_desktop.errors import AppError, BadInput, Forbidden, NotFound
from scenario_desktop.imaging.edits.refine import RefinePlan, plan_refine


@dataclass(frozen=True, slots=True)
class RefineSize:
    """What size was asked for: a width and a height in pixels, or else a scale."""

    width: int | None
    height: int | None
    scale_factor: float | None

    @classmethod
    def of(cls, request: RefineGenerationRequest | BulkRefineRequest) -> RefineSize:
        """A width and a height go before a scale."""
        has_sides = request.width is not None
        return cls(request.width, request.height, None if has_sides else request.scale_factor)

    def plan(self, width: int, height: int) -> RefinePlan:
        """Say what becomes of a picture of this size in pixels.

        Raises:
            BadInput: the result would be too large.
        """
        return plan_refine(
            width, height, width=self.width, height=self.height, scale=self.scale_factor
        )


@dataclass(frozen=True, slots=True)
class NewRefines:
    """Refines of predictions that are asked for together.

    Attributes:
        chained: prediction -> the refine of it that is refined again.
        default_source: of all other predictions.
    """

    prediction_ids: Sequence[str]
    size: RefineSize
    prompt: str | None
    model_id: str | None
    chained: Mapping[str, str] = field(default_factory=dict)
    default_source: str | None = None


@dataclass(slots=True)
class MixedRefines:
    """What came of a request; a part of it may have failed."""

    generations: Records
    refines: list[sqlite3.Row]
    failed_uploads: list[dict[str, Any]]
    failed_refines: list[dict[str, Any]]


class RefineStore:
    """The refines of all users; each sees their own and those of an organisation."""

    def __init__(
        self, database: Database, *, contents: ContentFolder, inputs: Inputs, runner: Runner
    ) -> None:
        self._database = database
        self._contents = contents
        self._inputs = inputs
        self._runner = runner

    async def create_mixed(
        self, request: RefineGenerationRequest, user: str, organization_id: str | None
    ) -> MixedRefines:
        """Begin a generation for each picture and a refine for each prediction.

        What cannot be begun is told item by item; the rest is begun.
        """
        size = RefineSize.of(request)
        addresses = list(request.base_image_urls or ())
        if request.base_image_url:
            addresses.append(request.base_image_url)
        generations: list[NewGeneration] = []
        failed: list[dict[str, Any]] = []
        for index, address in enumerate(addresses):
            try:
                picture = await self._inputs.find(address)
                plan = size.plan(picture.width, picture.height)
            except AppError as error:
                failed.append({"index": index, "url": address, "error": sentence(error)})
                continue
            made = new_generation(
                Operation.REFINE, request, user=user, organization_id=organization_id,
                inputs=[picture], size=(plan.width, plan.height), prompt=request.prompt,
                parameters={"width": plan.width, "height": plan.height},
            )  # fmt: skip
            made.fields.update(refine=True, generative_models_id=request.refine_model_id)
            generations.append(made)
        new = NewRefines(
            request.prediction_ids or (), size, request.prompt, request.refine_model_id,
            request.refines_refine_ids or {}, request.refines_refine_id,
        )  # fmt: skip

        def work(connection: sqlite3.Connection) -> MixedRefines:
            at = now_ms()
            keys = [insert_generation(connection, one, at) for one in generations]
            refines, failures = insert_refines(connection, new, user, at)
            return MixedRefines(
                read_generations(connection, keys), read_refines(connection, refines), failed,
                failures,
            )  # fmt: skip

        answer = await self._database.run(work)
        self._runner.wake()
        return answer

    async def create(
        self, new: NewRefines, user: str
    ) -> tuple[list[sqlite3.Row], list[dict[str, Any]]]:
        """Begin a refine for each prediction; return them, and those that could not be begun."""

        def work(
            connection: sqlite3.Connection,
        ) -> tuple[list[sqlite3.Row], list[dict[str, Any]]]:
            keys, failures = insert_refines(connection, new, user, now_ms())
            return read_refines(connection, keys), failures

        answer = await self._database.run(work)
        self._runner.wake()
        return answer

    async def create_one(self, new: NewRefines, user: str) -> sqlite3.Row:
        """Begin a refine of the only prediction that is named.

        Raises:
            NotFound, Forbidden: there is no such prediction, or it is somebody else's.
            BadInput: it has no picture, or the result would be too large.
        """
        (prediction_id,) = new.prediction_ids

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            key = _insert_one(connection, new, prediction_id, user, now_ms())
            return read_refines(connection, [key])[0]

        row = await self._database.run(work)
        self._runner.wake()
        return row

    async def page(
        self, user: str, *, prediction_id: str | None, skip: int, limit: int
    ) -> tuple[list[sqlite3.Row], int]:
        """Return a page of refines, newest first, and how many there are in all.

        Args:
            prediction_id: only of this one; otherwise all of the user's.

        Raises:
            NotFound, Forbidden: there is no such prediction, or it is somebody else's.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[sqlite3.Row], int]:
            if prediction_id is None:
                condition, value = "user_id = ?", user
            else:
                row = require_prediction(connection, prediction_id, user)
                condition, value = "prediction_key = ?", row["key"]
            count = connection.execute(
                f"SELECT count(*) FROM sartiq_refines WHERE {condition}",  # noqa: S608 - ours
                (value,),
            ).fetchone()[0]
            rows = connection.execute(
                f"SELECT key FROM sartiq_refines WHERE {condition}"  # noqa: S608 - ours
                " ORDER BY key DESC LIMIT ? OFFSET ?",
                (value, limit, skip),
            ).fetchall()
            return read_refines(connection, [row[0] for row in rows]), count

        return await self._database.run(work)

    async def get(self, refine_id: str, user: str) -> sqlite3.Row:
        """Return one refine.

        Raises:
            NotFound, Forbidden: there is none, or it is somebody else's.
        """

        def work(connection: sqlite3.Connection) -> sqlite3.Row:
            return read_refines(connection, [_require(connection, refine_id, user)["key"]])[0]

        return await self._database.run(work)

    async def delete(self, refine_id: str, user: str) -> None:
        """Remove a refine and its file. What was made from it stays.

        Raises:
            NotFound, Forbidden: as ``get``.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            row = _require(connection, refine_id, user, is_change=True)
            tasks = connection.execute(
                "SELECT key FROM sartiq_tasks WHERE refine_key = ?", (row["key"],)
            ).fetchall()
            connection.execute("DELETE FROM sartiq_refines WHERE key = ?", (row["key"],))
            connection.execute(
                "UPDATE sartiq_predictions SET updated_at = ? WHERE key = ?",
                (now_ms(), row["prediction_key"]),
            )
            files = drop_unused(connection, [row["media_key"]])
            return [task_id(task["key"]) for task in tasks], files

        stopped, files = await self._database.run(work)
        self._runner.cancel(stopped)
        remove_files(self._contents, files)


def insert_refines(
    connection: sqlite3.Connection, new: NewRefines, user: str, at: int
) -> tuple[list[int], list[dict[str, Any]]]:
    """Add refines and their tasks; return their keys, and what could not be begun."""
    keys: list[int] = []
    failures: list[dict[str, Any]] = []
    for prediction_id in dict.fromkeys(new.prediction_ids):
        try:
            keys.append(_insert_one(connection, new, prediction_id, user, at))
        except AppError as error:
            failures.append({"prediction_id": prediction_id, "error": sentence(error)})
    return keys, failures


def _insert_one(
    connection: sqlite3.Connection, new: NewRefines, prediction_id: str, user: str, at: int
) -> int:
    prediction = require_prediction(connection, prediction_id, user, is_change=True)
    source_id = new.chained.get(prediction_id, new.default_source)
    source = None if source_id is None else _source(connection, source_id, prediction)
    if source is None and prediction["status"] != Status.COMPLETED:
        raise BadInput("This prediction has no picture that could be refined.")
    media = connection.execute(
        "SELECT width, height FROM sartiq_media WHERE key = ?",
        ((source or prediction)["media_key"],),
    ).fetchone()
    plan = new.size.plan(media["width"], media["height"])
    cursor = connection.execute(
        "INSERT INTO sartiq_refines (id, prediction_key, source_key, is_chained, user_id, width,"
        " height, scale_factor, prompt, model_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(uuid4()), prediction["key"], source["key"] if source else None,
            int(source is not None), user, plan.width, plan.height, new.size.scale_factor,
            new.prompt, new.model_id, at, at,
        ),
    )  # fmt: skip
    key = int(cursor.lastrowid or 0)
    connection.execute("INSERT INTO sartiq_tasks (refine_key) VALUES (?)", (key,))
    connection.execute(
        "UPDATE sartiq_predictions SET updated_at = ? WHERE key = ?", (at, prediction["key"])
    )
    return key


def _source(connection: sqlite3.Connection, refine_id: str, prediction: sqlite3.Row) -> sqlite3.Row:
    """Return the refine of this prediction that is refined again."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM sartiq_refines WHERE id = ? AND prediction_key = ?",
        (refine_id, prediction["key"]),
    ).fetchone()
    if row is None:
        raise NotFound("This prediction has no such refine to start from.")
    if row["status"] != Status.COMPLETED:
        raise BadInput("The refine to start from has no picture.", hint="Wait until it is done.")
    return row


def _require(
    connection: sqlite3.Connection, refine_id: str, user: str, *, is_change: bool = False
) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT r.*, g.organization_id FROM sartiq_refines r"
        " JOIN sartiq_predictions p ON p.key = r.prediction_key"
        " JOIN sartiq_generations g ON g.key = p.generation_key WHERE r.id = ?",
        (refine_id,),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such refine.")
    if row["user_id"] != user and (is_change or row["organization_id"] is None):
        raise Forbidden("This refine belongs to someone else.")
    return row

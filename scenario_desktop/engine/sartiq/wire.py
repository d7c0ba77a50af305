"""The form in which this half's records cross HTTP, and reading them without a query for each."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from scenario_desktop.engine.links import Links
from scenario_desktop.engine.sartiq.media import MEDIA_COLUMNS
from scenario_desktop.engine.times import to_iso
from scenario_desktop.engine.vocabulary import EXTENSIONS

_PREDICTIONS = f"""
    SELECT p.*, g.id AS generation_id, {MEDIA_COLUMNS} FROM sartiq_predictions p
    JOIN sartiq_generations g ON g.key = p.generation_key
    LEFT JOIN sartiq_media m ON m.key = p.media_key
"""  # noqa: S608 - constant columns
_REFINES = f"""
    SELECT r.*, p.id AS prediction_id, s.id AS source_id, {MEDIA_COLUMNS} FROM sartiq_refines r
    JOIN sartiq_predictions p ON p.key = r.prediction_key
    LEFT JOIN sartiq_refines s ON s.key = r.source_key
    LEFT JOIN sartiq_media m ON m.key = r.media_key
"""  # noqa: S608 - constant columns
_INPUTS = f"""
    SELECT i.generation_key, {MEDIA_COLUMNS} FROM sartiq_inputs i
    JOIN sartiq_media m ON m.key = i.media_key
"""  # noqa: S608 - constant columns

#: Ids of users have another form in the other half.
_NAMESPACE = UUID("0b6c1d5e-8a57-4f0e-9a3d-5d1f0c7a2e46")


@dataclass(slots=True)
class Records:
    """Rows of one answer, each level read by one query."""

    generations: list[sqlite3.Row] = field(default_factory=list)
    inputs: dict[int, list[sqlite3.Row]] = field(default_factory=dict)
    predictions: list[sqlite3.Row] = field(default_factory=list)
    refines: dict[int, list[sqlite3.Row]] = field(default_factory=dict)


def read_generations(connection: sqlite3.Connection, keys: Sequence[int]) -> Records:
    """Read generations in this order, with all that belongs to them."""
    wanted = json.dumps(keys)
    rows = connection.execute(
        "SELECT * FROM sartiq_generations WHERE key IN (SELECT value FROM json_each(?))", (wanted,)
    ).fetchall()
    by_key = {row["key"]: row for row in rows}
    predictions = connection.execute(
        f"{_PREDICTIONS} WHERE p.generation_key IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        " ORDER BY p.key",
        (wanted,),
    ).fetchall()
    inputs = connection.execute(
        f"{_INPUTS} WHERE i.generation_key IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        " ORDER BY i.generation_key, i.position",
        (wanted,),
    ).fetchall()
    return Records(
        generations=[by_key[key] for key in keys if key in by_key],
        inputs=_grouped(inputs, "generation_key"),
        predictions=predictions,
        refines=_refines_of(connection, predictions),
    )


def read_predictions(connection: sqlite3.Connection, keys: Sequence[int]) -> Records:
    """Read predictions in this order, with their refines."""
    rows = connection.execute(
        f"{_PREDICTIONS} WHERE p.key IN (SELECT value FROM json_each(?))",  # noqa: S608 - ours
        (json.dumps(keys),),
    ).fetchall()
    by_key = {row["key"]: row for row in rows}
    predictions = [by_key[key] for key in keys if key in by_key]
    return Records(predictions=predictions, refines=_refines_of(connection, predictions))


def read_refines(connection: sqlite3.Connection, keys: Sequence[int]) -> list[sqlite3.Row]:
    """Read refines in this order."""
    rows = connection.execute(
        f"{_REFINES} WHERE r.key IN (SELECT value FROM json_each(?))",  # noqa: S608 - ours
        (json.dumps(keys),),
    ).fetchall()
    by_key = {row["key"]: row for row in rows}
    return [by_key[key] for key in keys if key in by_key]


def _refines_of(
    connection: sqlite3.Connection, predictions: Iterable[sqlite3.Row]
) -> dict[int, list[sqlite3.Row]]:
    keys = json.dumps([row["key"] for row in predictions])
    rows = connection.execute(
        f"{_REFINES} WHERE r.prediction_key IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        " ORDER BY r.key",
        (keys,),
    ).fetchall()
    return _grouped(rows, "prediction_key")


def _grouped(rows: Iterable[sqlite3.Row], name: str) -> dict[int, list[sqlite3.Row]]:
    groups: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return dict(groups)


class Wire:
    """Turns rows into what crosses HTTP. Every address in it is signed anew."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def generations(self, records: Records) -> list[dict[str, Any]]:
        predictions = defaultdict(list)
        for row in records.predictions:
            predictions[row["generation_key"]].append(self._prediction(row, records))
        return [
            self._generation(row, predictions[row["key"]], records.inputs.get(row["key"], []))
            for row in records.generations
        ]

    def predictions(self, records: Records) -> list[dict[str, Any]]:
        return [self._prediction(row, records) for row in records.predictions]

    def _generation(
        self,
        row: sqlite3.Row,
        predictions: list[dict[str, Any]],
        inputs: Sequence[sqlite3.Row],
    ) -> dict[str, Any]:
        """``reference_images_media`` holds what it was made from, the picture worked on first."""
        media = [self._media(item) for item in inputs]
        fields: dict[str, Any] = json.loads(row["fields"])
        return fields | {
            "id": row["id"],
            "created_at": to_iso(row["created_at"]),
            "updated_at": to_iso(row["updated_at"]),
            "status": row["status"],
            "owner_id": owner_id(row["user_id"]),
            "organization_id": row["organization_id"],
            "generation_type": row["generation_type"],
            "tool": row["tool"],
            "subject_id": row["subject_id"],
            "product_id": row["product_id"],
            "product2_id": row["product2_id"],
            "style_id": row["style_id"],
            "shot_id": row["shot_id"],
            "shot_type_id": row["shot_type_id"],
            "shot_type_string": row["shot_type_string"],
            "revised": bool(row["is_revised"]),
            "predictions": predictions,
            "reference_images_paths": [item["url"] for item in media if item],
            "reference_images_media": media or None,
        }

    def _prediction(self, row: sqlite3.Row, records: Records) -> dict[str, Any]:
        """``selected`` is a field of ours; see ``PredictionStore.select``."""
        media = self._media(row)
        refines = [self.refine(refine) for refine in records.refines.get(row["key"], [])]
        refined = [
            refine["result_image_url"] for refine in refines if refine["result_image_url"]
        ]  # fmt: skip
        return {
            "id": row["id"],
            "generation_id": row["generation_id"],
            "created_at": to_iso(row["created_at"]),
            "updated_at": to_iso(row["updated_at"]),
            "status": row["status"],
            "seed": row["seed"],
            "shot_type": row["shot_type"],
            "favourite": bool(row["is_favourite"]),
            "selected": bool(row["is_selected"]),
            "error_message": row["error_message"],
            "error_category": row["error_category"],
            "result_image_url": media["url"] if media else None,
            "result_image_media": media,
            "result_video_url": None,
            "result_video_media": None,
            "duration_seconds": None,
            "refines": refines,
            "refined_image_url": refined[-1] if refined else None,
        }

    def refine(self, row: sqlite3.Row) -> dict[str, Any]:
        media = self._media(row)
        return {
            "id": row["id"],
            "prediction_id": row["prediction_id"],
            "created_at": to_iso(row["created_at"]),
            "updated_at": to_iso(row["updated_at"]),
            "status": row["status"],
            "width": row["width"],
            "height": row["height"],
            "scale_factor": row["scale_factor"],
            "prompt": row["prompt"],
            "refine_model_id": row["model_id"],
            "refines_refine_id": row["source_id"],
            "error_message": row["error_message"],
            "error_category": row["error_category"],
            "task_id": None,
            "result_image_url": media["url"] if media else None,
            "result_image_media": media,
        }

    def _media(self, row: sqlite3.Row) -> dict[str, Any] | None:
        if row["media_id"] is None:
            return None
        extension = EXTENSIONS[row["media_mime_type"]]
        width, height = row["media_width"], row["media_height"]
        return {
            "id": row["media_id"],
            "url": self._links.file(row["media_file_id"], extension),
            "resource_type": "image",
            "extension": extension,
            "content_hash": row["media_content_hash"],
            "file_size": row["media_size_bytes"],
            "width": width,
            "height": height,
            "aspect_ratio": width / height,
            "orientation": _orientation(width, height),
            "protected": False,
            "created_at": to_iso(row["media_created_at"]),
            **dict.fromkeys(("alt_text", "caption", "color_profile", "dominant_color", "duration")),
        }


@functools.lru_cache(maxsize=16)
def owner_id(user_id: str) -> str:
    """Return a user's id as this half spells it."""
    return str(uuid5(_NAMESPACE, user_id))


def _orientation(width: int, height: int) -> str:
    if width == height:
        return "square"
    return "landscape" if width > height else "portrait"

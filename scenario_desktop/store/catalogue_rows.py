"""How an asset becomes rows of the catalogue, and a row an asset again.

This runs for every record of every page, so it is written for speed: one pass, local names, no
objects that are not kept.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pydantic_core import PydanticSerializationError, to_json

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.items import REFINE, Section, Source
from scenario_desktop.store.catalogue_cells import (
    COLUMNS,
    HIDDEN,
    LIBRARY,
    STACKED,
    TAG_SEPARATOR,
    TRASH,
    Row,
    section_of_type,
    split_tags,
    time_of,
)
from scenario_desktop.store.text import cleaned, searchable

_WHOLE: Final = ", ".join(COLUMNS)
SELECT_ROW: Final = f"SELECT {_WHOLE} FROM items "  # noqa: S608 - fixed names
INSERT_ROW: Final = f"INSERT INTO items ({_WHOLE}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
#: Takes a row followed by its key.
UPDATE_ROW: Final = f"UPDATE items SET {', '.join(f'{c} = ?' for c in COLUMNS)} WHERE key = ?"  # noqa: S608
UPDATED: Final = COLUMNS.index("updated")

_LARGEST: Final = 2.0**53
#: What the records of the second service are marked with.
_SARTIQ: Final = str(Source.SARTIQ)
#: Fields without a column, kept only where they say something, and what they are called in JSON.
_REST: Final = (
    ("description", "description"), ("collection_ids", "collectionIds"),
    ("author_id", "authorId"), ("owner_id", "ownerId"), ("privacy", "privacy"), ("nsfw", "nsfw"),
    ("edit_capabilities", "editCapabilities"), ("is_hidden", "isHidden"),
)  # fmt: skip
_SIGNED: Final = re.compile(
    r"[?&](?:Policy|Signature|Key-Pair-Id|X-Amz-[a-z-]+|X-Goog-[a-z-]+|sig|token|expires)=",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(https?://[^\s?\"']+)\?([^\s\"']*)")


class Facts(NamedTuple):
    """What an item is counted, listed and found by, besides its row."""

    key: int
    id: str
    place: int
    type: str
    created: int
    is_favourite: bool
    name: str
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    text: str


class Words(dict[str, int]):
    """Open words of the service (kinds, types, …) that stand as small numbers in rows.

    Attributes:
        texts: the way back.
        connection: where a new word is written; set by who begins a transaction.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[int | None, str] = {}
        self.connection: sqlite3.Connection | None = None

    def load(self, connection: sqlite3.Connection) -> None:
        self.clear()
        self.connection = connection
        self.update(connection.execute("SELECT word, id FROM words"))
        self.texts = {number: word for word, number in self.items()}

    def __missing__(self, word: str) -> int:
        if self.connection is None:
            raise KeyError(word)
        kept = cleaned(word)
        self.connection.execute("INSERT OR IGNORE INTO words (word) VALUES (?)", (kept,))
        row = self.connection.execute("SELECT id FROM words WHERE word = ?", (kept,)).fetchone()
        self[word] = number = int(row[0])
        self.texts[number] = kept
        return number


def encode(key: int, asset: Asset, words: Words, favourites: set[str]) -> tuple[Row, Facts]:
    """Return the values of ``COLUMNS`` and the facts."""
    fields = asset.__dict__
    metadata = fields["metadata"]
    data = _rest(fields)
    if data is None:
        return encode(key, _mended(asset), words, favourites)
    name = metadata.get("name") or metadata.get("fileName") or ""
    made = metadata.get("type") or fields["source"]
    parent = metadata.get("parentId") or None
    prompt = metadata.get("prompt") or ""
    modality = metadata.get("modality") or None
    lock = metadata.get("lockExpiresAt")
    description = fields["description"]
    if type(name) is not str:
        name = str(name)
    if type(made) is not str:
        made = str(made)
    if type(parent) is not str:
        parent = None
    if type(prompt) is not str:
        prompt = ""
    if type(modality) is not str:
        modality = None
    if not data.isascii() or b"\\u0000" in data:
        name, description, prompt = cleaned(name), cleaned(description), cleaned(prompt)
        parent = cleaned(parent) if parent else None
    asset_id = fields["id"]
    if not asset_id.isascii() or "\0" in asset_id:
        asset_id = cleaned(asset_id)
    tags: tuple[str, ...] = fields["tags"]
    if tags:
        joined = TAG_SEPARATOR.join(tags)
        if not joined.isascii() or "\0" in joined or joined.count(TAG_SEPARATOR) >= len(tags):
            tags = tuple(cleaned(tag).replace(TAG_SEPARATOR, " ") for tag in tags)
        if len(set(tags)) < len(tags) or "" in tags:
            tags = tuple(tag for tag in dict.fromkeys(tags) if tag)
        text = f"{name} {' '.join(tags)} {description} {prompt}"
    else:
        text = f"{name} {description} {prompt}"
    collections: tuple[str, ...] = fields["collection_ids"]
    if collections:
        collections = tuple(dict.fromkeys(map(cleaned, collections)))
    deleted = fields["deleted_at"]
    if deleted is not None or fields["status"] == "deleted":
        place = TRASH
    else:
        place = HIDDEN if fields["is_hidden"] else LIBRARY
    created, updated = fields["created_at"], fields["updated_at"]
    created = 0 if created is None else round(created.timestamp() * 1_000_000)
    group = shot = versions = scale = None
    if fields["source"] == _SARTIQ:
        source = _SARTIQ
        is_favourite = bool(metadata.get("favourite"))  # the service's own mark, unlike the other's
        group, shot, versions, scale = _sartiq_cells(metadata)
        if made == REFINE and place == LIBRARY:
            place = STACKED
    else:
        source = "scenario"
        is_favourite = asset_id in favourites
    properties = fields["properties"].__dict__
    duration = properties["duration"]
    thumbnail = fields["thumbnail"]
    if thumbnail is not None:
        thumbnail = thumbnail.url
        if "?" in thumbnail or not thumbnail.startswith("https://") or not thumbnail.isascii():
            thumbnail = public_address(thumbnail)
    width, height, size = properties["width"], properties["height"], properties["size"]
    row = (
        key, asset_id, words[source], words[fields["kind"]], words[made],
        words[fields["status"]], words[fields["mime_type"]],
        words[modality] if modality is not None else None, place, is_favourite or None, created,
        0 if updated is None else round(updated.timestamp() * 1_000_000),
        None if deleted is None else moment(deleted),
        # Comparisons with NaN are false.
        int(width) if width is not None and -_LARGEST < width < _LARGEST else None,
        int(height) if height is not None and -_LARGEST < height < _LARGEST else None,
        int(size) if size is not None and -_LARGEST < size < _LARGEST else None,
        _parsed(lock) if lock else None, name, parent, thumbnail,
        TAG_SEPARATOR.join(tags) if tags else None, group,
        words[shot] if shot is not None else None,
        duration if duration is not None and 0 <= duration < _LARGEST else None, versions, scale,
        data,
    )  # fmt: skip
    facts = Facts(
        key, asset_id, place, made, created, is_favourite, name, tags, collections,
        text if text.isascii() and len(text) <= 4_000 else searchable(cleaned(text)),
    )  # fmt: skip
    return row, facts


def _sartiq_cells(
    metadata: dict[str, Any],
) -> tuple[str | None, str | None, int | None, float | None]:
    """Return generation, shot, number and scale of versions, each None where there is none."""
    group, shot = metadata.get("generationId"), metadata.get("shotType")
    versions, scale = metadata.get("versions"), metadata.get("versionScale")
    return (
        cleaned(group) if isinstance(group, str) and group else None,
        cleaned(shot) if isinstance(shot, str) and shot else None,
        versions if isinstance(versions, int) and versions > 0 else None,
        scale if isinstance(scale, int | float) and 0 < scale < _LARGEST else None,
    )


def _rest(fields: dict[str, Any]) -> bytes | None:
    """Return what has no column of its own, without anything that is a credential.

    None if it holds what no file can keep.
    """
    rest = {"metadata": fields["metadata"], "source": fields["source"]}
    for name, wire_name in _REST:
        value = fields[name]
        if value:
            rest[wire_name] = value
    properties = fields["properties"]
    if properties.duration is not None:
        rest["duration"] = properties.duration
    if properties.format is not None:
        rest["format"] = properties.format
    try:
        data = to_json(rest, inf_nan_mode="null")
    except (PydanticSerializationError, UnicodeEncodeError):
        return None
    if b"?" in data and _SIGNED.search(data.decode()):
        return to_json(without_signed(json.loads(data)))
    return data


def asset_of(row: Row, words: Words) -> Asset:
    """Return the record of a row read by ``SELECT_ROW``; its ``url`` is empty."""
    (
        _, asset_id, _, kind, _, status, mime, _, _, _, created, updated, deleted, width,
        height, size, _, _, _, thumbnail, tags, _, _, _, _, _, data,
    ) = row  # fmt: skip
    rest = json.loads(data)
    text = words.texts
    return Asset.model_validate({
        **rest,
        "id": asset_id,
        "kind": text.get(kind, ""),
        "status": text.get(status, ""),
        "mimeType": text.get(mime, ""),
        "createdAt": time_of(created) if created else None,
        "updatedAt": time_of(updated) if updated else None,
        "deletedAt": None if deleted is None else time_of(deleted),
        "thumbnail": {"url": thumbnail} if thumbnail else None,
        "tags": split_tags(tags),
        "properties": {
            "width": width, "height": height, "size": size, "duration": rest.get("duration"),
            "format": rest.get("format"),
        },
    })  # fmt: skip


def facts_of(row: Row, words: Words, favourites: set[str]) -> Facts:
    """Return the facts of a record as it stands in the file."""
    return encode(row[0], asset_of(row, words), words, favourites)[1]


def sections_of(place: int, made: str, is_favourite: bool) -> Sequence[Section]:
    """Return the sections of the sidebar that count an item."""
    if place == TRASH:
        return (Section.TRASH,)
    if place != LIBRARY:
        return ()
    special = section_of_type(made)
    found = (Section.ALL,) if special is None else (Section.ALL, special)
    return (*found, Section.FAVOURITES) if is_favourite else found


def moment(value: datetime | None) -> int:
    """Return microseconds since 1970, 0 for None."""
    return 0 if value is None else round(value.timestamp() * 1_000_000)


def public_address(url: str) -> str | None:
    """Return an address that may be kept: None for one that is signed, or no web address."""
    if not url.startswith(("https://", "http://")) or ("?" in url and _SIGNED.search(url)):
        return None
    return url if url.isascii() and "\0" not in url else cleaned(url)


def _parsed(value: Any) -> int | None:
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def _mended(asset: Asset) -> Asset:
    return Asset.model_validate(_without_surrogates(asset.model_dump(mode="python")))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def without_signed(value: Any) -> Any:
    """Return plain data with the query cut off every signed address in it."""
    if isinstance(value, str):
        return _ADDRESS.sub(_unsigned, value) if "?" in value else value
    if isinstance(value, dict):
        return {key: without_signed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_signed(item) for item in value]
    return value


def _unsigned(match: re.Match[str]) -> str:
    return match[1] if _SIGNED.search(match[0]) else match[0]

"""How an asset becomes rows of the catalogue, and a row an item. Pure functions of their input,
but for the table of words that stand as numbers."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import PydanticSerializationError

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.items import Item, Section, Source
from scenario_desktop.store.text import cleaned, name_key, searchable

LIBRARY: Final = 0
TRASH: Final = 1
HIDDEN: Final = 2

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAG_SEPARATOR: Final = "\x1f"
_LARGEST: Final = 2**53
_NOT_KEPT: Final = {"url": True, "preview": True}
#: Query words that make an address a credential.
_SIGNED: Final = re.compile(
    r"[?&](?:Policy|Signature|Key-Pair-Id|X-Amz-[a-z-]+|X-Goog-[a-z-]+|sig|token|expires)=",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"(https?://[^\s?\"']+)\?([^\s\"']*)")
_serialize: Final = Asset.__pydantic_serializer__.to_json

COLUMNS: Final = (
    "key", "id", "source", "kind", "type", "status", "mime", "modality", "place",
    "is_favourite", "created", "updated", "deleted", "width", "height", "size", "lock_expires",
    "digest", "name", "name_key", "parent_id", "thumbnail_url", "tags",
)  # fmt: skip
PUT_ROW: Final = (
    f"REPLACE INTO items ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
)
SELECT_ROW: Final = (
    "SELECT key, id, source, kind, type, status, name, mime, created, updated, width, height, "
    "size, parent_id, thumbnail_url, modality, is_favourite, lock_expires, deleted, tags "
    "FROM items "
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an item is counted, listed and found by, besides its row."""

    key: int
    place: int
    type: str
    created: int
    is_favourite: bool
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    text: str

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the sidebar that count it."""
        if self.place == TRASH:
            return (Section.TRASH,)
        if self.place == HIDDEN:
            return ()
        special = section_of_type(self.type)
        found = (Section.ALL,) if special is None else (Section.ALL, special)
        return (*found, Section.FAVOURITES) if self.is_favourite else found


def section_of_type(kind_of_making: str) -> Section | None:
    """Return the section that holds a type of asset; None for uploads, which have none."""
    if kind_of_making == "detection":
        return Section.CONTROL_MAPS
    if kind_of_making == "canvas":
        return Section.CANVASES
    if not kind_of_making or kind_of_making.startswith(("uploaded", "canvas-", "unknown")):
        return None
    return Section.GENERATIONS


class Words:
    """Open words of the service (kinds, types, …) that stand as small numbers in rows."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT word, id FROM words").fetchall()
        self._numbers = dict(rows)
        self._texts = {number: word for word, number in rows}

    def number(self, connection: sqlite3.Connection, word: str) -> int:
        found = self._numbers.get(word)
        if found is None:
            word = cleaned(word)
            connection.execute("INSERT OR IGNORE INTO words (word) VALUES (?)", (word,))
            row = connection.execute("SELECT id FROM words WHERE word = ?", (word,)).fetchone()
            found = int(row[0])
            self._numbers[word] = found
            self._texts[found] = word
        return found

    def known(self, word: str) -> int | None:
        return self._numbers.get(word)

    def text(self, number: int) -> str:
        return self._texts.get(number, "")

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._numbers.items())


def to_json(asset: Asset) -> tuple[Asset, bytes]:
    """Return the record as kept: compact, without anything that is a credential.

    The asset comes back too, cleaned if it held what no file can keep.
    """
    try:
        data = _serialize(asset, exclude=_NOT_KEPT, by_alias=True, exclude_unset=True)
    except (PydanticSerializationError, UnicodeEncodeError):
        asset = Asset.model_validate(_without_surrogates(asset.model_dump(mode="python")))
        data = _serialize(asset, exclude=_NOT_KEPT, by_alias=True, exclude_unset=True)
    if b"?" in data and _SIGNED.search(data.decode()):
        data = json.dumps(
            _without_signed(json.loads(data)), ensure_ascii=False, separators=(",", ":")
        ).encode()
    return asset, data


def row_and_facts(
    connection: sqlite3.Connection,
    words: Words,
    key: int,
    asset: Asset,
    data: bytes,
    is_favourite: bool,
) -> tuple[tuple[Any, ...], Facts]:
    """Return the values of ``COLUMNS`` and what goes into the tables beside."""
    metadata = asset.metadata
    number = words.number
    name = cleaned(asset.name)
    created = moment(asset.created_at)
    facts = facts_of(key, asset, is_favourite)
    properties = asset.properties
    modality = metadata.get("modality")
    lock = metadata.get("lockExpiresAt")
    parent = asset.parent_id
    thumbnail = asset.thumbnail
    row = (
        key, cleaned(asset.id), number(connection, Source.SCENARIO),
        number(connection, asset.kind), number(connection, facts.type),
        number(connection, asset.status), number(connection, asset.mime_type),
        number(connection, modality) if isinstance(modality, str) and modality else None,
        facts.place, is_favourite or None, created, moment(asset.updated_at),
        moment(asset.deleted_at) if asset.deleted_at else None,
        _whole(properties.width), _whole(properties.height), _whole(properties.size),
        _parsed(lock) if lock else None,
        zlib.crc32(data), name, name_key(name),
        cleaned(parent) if parent else None,
        public_address(thumbnail.url) if thumbnail else None,
        _TAG_SEPARATOR.join(facts.tags) or None,
    )  # fmt: skip
    return row, facts


def facts_of(key: int, asset: Asset, is_favourite: bool) -> Facts:
    if asset.deleted_at is not None or asset.status == "deleted":
        place = TRASH
    else:
        place = HIDDEN if asset.is_hidden else LIBRARY
    tags = asset.tags
    if tags:
        tags = tuple(dict.fromkeys(cleaned(t).replace(_TAG_SEPARATOR, " ") for t in tags if t))
    collections = asset.collection_ids
    if collections:
        collections = tuple(dict.fromkeys(map(cleaned, collections)))
    prompt = asset.metadata.get("prompt")
    text = f"{asset.name} {' '.join(tags)} {asset.description} "
    if isinstance(prompt, str):
        text += prompt
    return Facts(
        key, place, asset.type, moment(asset.created_at), is_favourite, tags, collections,
        searchable(cleaned(text)),
    )  # fmt: skip


def item_of(row: tuple[Any, ...], words: Words) -> Item:
    """Return the item of a row read by ``SELECT_ROW``."""
    (
        key, asset_id, source, kind, made, status, name, mime, created, updated, width, height,
        size, parent, thumbnail, modality, is_favourite, lock, deleted, tags,
    ) = row  # fmt: skip
    text = words.text
    return Item(
        key, asset_id, Source(text(source)), text(kind), text(made), text(status), name,
        text(mime), time(created), time(updated), width, height, size, parent, thumbnail,
        text(modality) if modality else "", bool(is_favourite),
        time(lock) if lock is not None else None,
        time(deleted) if deleted is not None else None,
        tuple(tags.split(_TAG_SEPARATOR)) if tags else (),
    )  # fmt: skip


def moment(value: datetime | None) -> int:
    """Return microseconds since 1970, 0 for None."""
    return 0 if value is None else round(value.timestamp() * 1_000_000)


def time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def public_address(url: str) -> str | None:
    """Return an address that may be kept: None for one that is signed, or no web address."""
    if not url.startswith(("https://", "http://")) or ("?" in url and _SIGNED.search(url)):
        return None
    return cleaned(url)


def _whole(value: float | None) -> int | None:
    if value is None or not math.isfinite(value) or abs(value) > _LARGEST:
        return None
    return int(value)


def _parsed(value: Any) -> int | None:
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _without_signed(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(_unsigned, value) if "?" in value else value
    if isinstance(value, dict):
        return {key: _without_signed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_signed(item) for item in value]
    return value


def _unsigned(match: re.Match[str]) -> str:
    return match[1] if _SIGNED.search(match[0]) else match[0]

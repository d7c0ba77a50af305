"""Ids that no operation lists (of subjects, products, styles, models …), as they were used here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scenario_desktop.store.catalogue import Catalogue

#: Meta: what is remembered, as JSON.
META: Final = "sartiq.remembered"
#: Ids kept of each kind; those used longest ago go first.
MOST: Final = 60


@dataclass(frozen=True, slots=True)
class KnownId:
    """An id that was used before.

    Attributes:
        name: what the user or the service calls it; may be empty.
        count: how often it was used.
    """

    id: str
    name: str = ""
    count: int = 0

    @property
    def shown(self) -> str:
        return self.name or self.id


class Remembered:
    """What was used before, by kind ("style", "refine_model", …), the last used first."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, list[KnownId]] = {}

    async def load(self) -> None:
        """Read what is kept; what cannot be read is forgotten."""
        self._known = _read(await self._catalogue.get_meta(META))

    def of(self, kind: str) -> tuple[KnownId, ...]:
        """Return the ids of a kind, the last used first."""
        return tuple(self._known.get(kind, ()))

    def find(self, kind: str, known_id: str) -> KnownId | None:
        return next((k for k in self._known.get(kind, ()) if k.id == known_id), None)

    async def note(self, kind: str, known_id: str, name: str = "", *, is_used: bool = True) -> None:
        """Remember that an id was used, or what it is called.

        Args:
            name: empty leaves the name it has.
        """
        known = self._known.get(kind, [])
        former = self.find(kind, known_id)
        begun = former or KnownId(known_id)
        found = replace(begun, name=name.strip() or begun.name, count=begun.count + int(is_used))
        if found == former:
            return
        if former is None or is_used:
            known = [found, *(other for other in known if other.id != known_id)][:MOST]
        else:
            known = [found if other.id == known_id else other for other in known]
        self._known[kind] = known
        await self._keep()

    async def note_all(self, used: Iterable[tuple[str, str]]) -> None:
        """Remember that ids were used, as pairs of kind and id."""
        for kind, known_id in used:
            await self.note(kind, known_id)

    async def forget(self, kind: str, known_id: str) -> None:
        """Do not offer an id any more."""
        self._known[kind] = [k for k in self._known.get(kind, ()) if k.id != known_id]
        await self._keep()

    async def put_back(self, kind: str, known: KnownId, place: int) -> None:
        """Offer an id again that was forgotten, at the place where it stood."""
        others = [k for k in self._known.get(kind, ()) if k.id != known.id]
        self._known[kind] = [*others[:place], known, *others[place:]][:MOST]
        await self._keep()

    async def _keep(self) -> None:
        values = {
            kind: [[known.id, known.name, known.count] for known in ids]
            for kind, ids in self._known.items()
        }
        await self._catalogue.set_meta(META, json.dumps(values))


def used_ids(model_fields: Mapping[str, Any], body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the known ids that a request names, as pairs of kind and id.

    Args:
        model_fields: of the request's model; a field of such an id says so in its schema.
    """
    found: list[tuple[str, str]] = []
    for name, field in model_fields.items():
        extra = getattr(field, "json_schema_extra", None)
        value = body.get(name)
        if not isinstance(extra, dict) or extra.get("display") != "known_id":
            continue
        if isinstance(value, str) and value:
            found.append((str(extra.get("of", name)), value))
    return found


def _read(text: str | None) -> dict[str, list[KnownId]]:
    try:
        values = json.loads(text) if text else {}
        return {
            str(kind): [KnownId(str(i), str(name), int(count)) for i, name, count in ids]
            for kind, ids in values.items()
        }
    except (ValueError, TypeError, AttributeError):  # hints only: losing them costs some typing
        return {}

"""Pictures that a request needs, named so that the ledger may keep them.

A request takes addresses, and an address of a picture is a credential that expires. What is kept is
which picture is meant; its address is asked for when the request is about to leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from scenario_desktop.api.models.sartiq.requests import SartiqRequest
from scenario_desktop.errors import BadInput
from scenario_desktop.items import Item

#: Takes how far an upload is, 0 to 1.
OnProgress = Callable[[float], None]

_ONE: Final = "picture"
_SEVERAL: Final = "pictures"


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture of the library, or a file on this computer.

    Attributes:
        item_id: an asset, a prediction or a refine; empty for a file.
        file: its whole path; empty for an item.
        name: what it is called on the screen.
    """

    item_id: str = ""
    file: str = ""
    name: str = ""

    @classmethod
    def of(cls, source: Item | Path) -> PictureRef:
        if isinstance(source, Item):
            return cls(item_id=source.id, name=source.name)
        return cls(file=str(source), name=source.name)

    def to_json(self) -> dict[str, str]:
        fields = {"item": self.item_id, "file": self.file, "name": self.name}
        return {name: value for name, value in fields.items() if value}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> PictureRef:
        return cls(
            str(value.get("item", "")), str(value.get("file", "")), str(value.get("name", ""))
        )


class PictureDoor(Protocol):
    """Hands pictures over to the service."""

    async def address(self, ref: PictureRef, on_progress: OnProgress) -> str:
        """Return an address that the service can read now; uploads the picture where needed.

        Raises:
            AppError: the picture is gone, cannot be read, or was not taken.
        """

    async def data(self, ref: PictureRef) -> bytes:
        """Return the picture's file, as it is.

        Raises:
            AppError: the picture is gone or cannot be read.
        """


#: What a request still needs pictures for: the slot's name, and those that fill it, in order.
Slots = Mapping[str, Sequence[PictureRef]]


def slots_of(model: type[SartiqRequest]) -> dict[str, bool]:
    """Return the fields that take pictures, and whether they take several."""
    found: dict[str, bool] = {}
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        display = extra.get("display") if isinstance(extra, dict) else None
        is_id = name.endswith(("_id", "_ids"))  # predictions are shown as pictures, sent as ids
        if display in (_ONE, _SEVERAL) and not is_id:
            found[name] = display == _SEVERAL
    return found


def kept_request(body: Mapping[str, Any], slots: Slots) -> dict[str, Any]:
    """Return what the ledger keeps: the body without addresses, and the pictures beside it."""
    pictures = {name: [ref.to_json() for ref in refs] for name, refs in slots.items() if refs}
    plain = {name: value for name, value in body.items() if name not in pictures}
    return {"body": plain, "pictures": pictures}


def kept_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a kept request, without its pictures."""
    body = request.get("body")
    return dict(body) if isinstance(body, dict) else {}


def kept_slots(request: Mapping[str, Any]) -> dict[str, tuple[PictureRef, ...]]:
    """Return the pictures of a kept request."""
    pictures = request.get("pictures")
    if not isinstance(pictures, dict):
        return {}
    return {
        name: tuple(PictureRef.of_json(ref) for ref in refs if isinstance(ref, dict))
        for name, refs in pictures.items()
        if isinstance(refs, list)
    }


def filled(
    model: type[SartiqRequest], body: Mapping[str, Any], addresses: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the body with addresses in its slots.

    Raises:
        BadInput: a slot that takes one picture got more.
    """
    takes_several = slots_of(model)
    values = dict(body)
    for name, found in addresses.items():
        if takes_several.get(name, False):
            values[name] = tuple(found)
        elif len(found) == 1:
            values[name] = found[0]
        else:
            raise BadInput("One picture is needed here, not several.")
    return values

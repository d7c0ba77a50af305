"""The bases of this service's models: snake_case on the wire, null as good as absent.

Beyond the words that every form knows (see the form's reader of schemas) a field may carry:
``display`` "known_id" with ``of`` (an id that no operation lists, of a subject, style …), "picture"
(one path or address of a picture), "pictures" (several), "words" with ``known`` (an open word and
those that are known), "json" (any object).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticUndefined

from scenario_desktop.api.models.base import Listed, Received, Sent


class Group(StrEnum):
    """The part of a form that a field belongs to."""

    PICTURE = "picture"
    SUBJECT = "subject"
    PRODUCT = "product"
    SECOND_PRODUCT = "second_product"
    STYLE = "style"
    SCENE = "scene"
    SIZE = "size"
    ADVANCED = "advanced"


#: Stands for "this field has no default": it must be given.
REQUIRED: Any = PydanticUndefined


def form_field(
    default: Any,
    title: str,
    description: str = "",
    *,
    group: Group,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    **extra: Any,
) -> Any:
    """Return a field with what its form needs.

    Args:
        ge: with ``gt``, ``le`` and the lengths: the bounds that the service documents, no others.
        extra: more words of the schema; a ``minimum`` here guides the form, but refuses nothing.
    """
    return Field(
        default, title=title, description=description or None, ge=ge, gt=gt, le=le,
        min_length=min_length, max_length=max_length,
        json_schema_extra={"group": str(group), **extra},
    )  # fmt: skip


def _id(value: str) -> str:
    try:
        return str(UUID(value.strip()))
    except ValueError:
        raise ValueError("This is not an id. Ids look like 3f2a9c10-5d1e-4b7a-9c52-…") from None


#: An id of the service, spelled one way.
Id = Annotated[
    str, AfterValidator(_id), WithJsonSchema({"type": "string", "format": "uuid"}),
]  # fmt: skip


class SartiqRequest(Sent):
    """Something we send. What equals the service's default need not be said, and is not."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=None, protected_namespaces=(),
        allow_inf_nan=False,
    )  # fmt: skip

    @classmethod
    def of_draft(cls, draft: Mapping[str, Any]) -> Self:
        """Make a request of a form's draft: a text left blank counts as not given.

        Raises:
            ValidationError: for the form to show.
        """
        return cls.model_validate(
            {name: value for name, value in draft.items()
             if not (isinstance(value, str) and not value.strip())}
        )  # fmt: skip

    def only_changed(self) -> dict[str, Any]:
        """Return the JSON object of the fields that differ from the service's defaults."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object to send."""
        return self.only_changed()


class SartiqAnswer(Received):
    """Something the service sent. Little is required: the ids that a record is known by."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=None, protected_namespaces=(),
        allow_inf_nan=False,
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        # Seen in the service's own samples, where its schema has a list and no null.
        if isinstance(data, dict) and None in data.values():
            return {name: value for name, value in data.items() if value is not None}
        return data


class SartiqPage(Listed, SartiqAnswer):
    """Part of a list, read by ``skip`` and ``limit``.

    Attributes:
        count: of all records or of these: the service does not say which.
    """

    model_config = SartiqAnswer.model_config

    count: int = 0

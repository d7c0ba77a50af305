"""The two bases of all wire models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PrivateAttr
from pydantic.alias_generators import to_camel


class Received(BaseModel):
    """Something a server sent: unknown fields are ignored, words of an enum stay open strings."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True,
        protected_namespaces=(), allow_inf_nan=False,
    )  # fmt: skip


class Listed(Received):
    """Records of a list.

    Attributes:
        skipped: how many of its records could not be read and were left out.
    """

    _skipped: int = PrivateAttr(default=0)

    @property
    def skipped(self) -> int:
        return self._skipped

    def note_skipped(self, count: int) -> None:
        self._skipped = count


class Page(Listed):
    """One page of a list that is read on by a token."""

    next_pagination_token: str | None = None


class Sent(BaseModel):
    """Something we send: unknown fields are an error of ours."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True,
        protected_namespaces=(),
    )  # fmt: skip

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object to send: camelCase, without fields that were never set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _to_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Timestamp = Annotated[datetime, AfterValidator(_to_utc)]
OptionalTimestamp = Annotated[Timestamp | None, BeforeValidator(_empty_is_none)]

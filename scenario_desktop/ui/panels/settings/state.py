"""The settings as forms show them. Free of Qt; limits and help live here once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scenario_desktop.services.words import NO_BREAK, units

_MIB = 2**20
#: What a budget begins with.
_FIRST_BUDGET = Decimal(1000)


class AppearanceDraft(BaseModel):
    """How the window looks."""

    model_config = ConfigDict(frozen=True)

    theme: Literal["system", "dark", "light"] = Field(
        "system", title="Theme",
        json_schema_extra={
            "display": "segmented",
            "titles": {"system": "As the system", "dark": "Dark", "light": "Light"},
        },
    )  # fmt: skip
    text_size: int = Field(
        100, ge=100, le=200, title="Text size",
        description="100–200 %. Everything that holds text grows with it.",
        json_schema_extra={"unit": "%", "step": 10},
    )  # fmt: skip


class StorageDraft(BaseModel):
    """How much room may be taken."""

    model_config = ConfigDict(frozen=True)

    cache_mib: int = Field(
        1024, ge=128, le=8192, title="Thumbnails kept on this computer",
        description="The ones not seen for longest go first, and come back when they are needed.",
        json_schema_extra={"unit": "MiB", "step": 128},
    )  # fmt: skip


class SpendingDraft(BaseModel):
    """What a click may cost."""

    model_config = ConfigDict(frozen=True)

    mode: Literal["allow", "ask_above", "never"] = Field(
        "ask_above", title="Before something costs Creative Units",
        json_schema_extra={
            "display": "segmented",
            "titles": {"allow": "Go ahead", "ask_above": "Ask me above", "never": "Never spend"},
        },
    )  # fmt: skip
    ask_above: float = Field(
        20, ge=0, le=1_000_000, title="Ask above", json_schema_extra={"display": "number"},
        description="Creative Units of one click, all its jobs together.",
    )  # fmt: skip
    has_budget: bool = Field(
        False, title="Budget for each month",
        description="It stops nothing: you are told once a month when it will not last.",
    )  # fmt: skip
    monthly_budget: float = Field(
        1000, ge=1, le=1_000_000_000, title="Creative Units a month",
        json_schema_extra={"display": "number"},
    )  # fmt: skip


class CanvasDraft(BaseModel):
    """How canvases are edited."""

    model_config = ConfigDict(frozen=True)

    lease_minutes: int = Field(
        5, ge=1, le=60, title="Lock a canvas for",
        description="Renewed by itself at half of the time while you edit, and given back when you"
        " close the canvas. If this computer fails, others wait no longer than this.",
        json_schema_extra={"unit": "min"},
    )  # fmt: skip


def spending_sentence(mode: str, ask_above: Decimal) -> str:
    """Say what a spending setting means in use."""
    if mode == "never":
        return "Nothing that costs Creative Units is sent. Prices are still shown."
    if mode == "ask_above":
        return f"A click that costs more than {units(ask_above)} opens a question with the price."
    return "The price stands in each button; a click on it is enough."


def size_text(size_bytes: int) -> str:
    """Return a size in MiB or GiB, as the limit is given."""
    if size_bytes >= 1024 * _MIB:
        return f"{size_bytes / (1024 * _MIB):,.1f}{NO_BREAK}GiB"
    return f"{size_bytes / _MIB:,.1f}{NO_BREAK}MiB"


def draft_of(settings: Any) -> dict[str, dict[str, Any]]:
    """Return the drafts of all forms: form name to its values."""
    budget = settings.spending.monthly_budget
    return {
        "appearance": {
            "theme": str(settings.theme),
            "text_size": round(settings.text_scale * 100),
        },
        "storage": {"cache_mib": settings.thumbnail_cache_mib},
        "spending": {
            "mode": str(settings.spending.mode),
            "ask_above": _number(settings.spending.ask_above),
            "has_budget": budget is not None,
            "monthly_budget": _number(budget if budget is not None else _FIRST_BUDGET),
        },
        "canvas": {"lease_minutes": settings.canvas.lease_minutes},
    }


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)

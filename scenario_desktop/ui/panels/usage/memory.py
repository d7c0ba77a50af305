"""What was chosen on the page, from one start to the next: as plain words, and read with care."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from scenario_desktop.errors import BadInput
from scenario_desktop.services.usage.charts import Grouping, Measure
from scenario_desktop.services.usage.ranges import Preset, UsageRange
from scenario_desktop.ui.panels.usage.figures import Choice, Rank
from scenario_desktop.ui.panels.usage.lower import LowerTab
from scenario_desktop.ui.panels.usage.ports import UsageService

W = TypeVar("W", bound=StrEnum)


def to_state(choice: Choice, over: UsageRange, tab: LowerTab) -> dict[str, Any]:
    """Return what is to be remembered.

    Args:
        over: the range; that of the choice may be a part of it that was looked into.
    """
    days = {} if over.label else {"first": over.first.isoformat(), "last": over.last.isoformat()}
    return {
        "range": over.label, **days, "measure": str(choice.measure),
        "grouping": str(choice.grouping), "rank": str(choice.rank), "tab": str(tab),
    }  # fmt: skip


def from_state(state: Mapping[str, Any], usage: UsageService) -> tuple[Choice, LowerTab]:
    """Return what was remembered; what does not read is as it is at the first start."""
    choice = Choice(
        _range(state, usage),
        measure=_word(state.get("measure"), Measure.SPEND),
        grouping=_word(state.get("grouping"), Grouping.ACTION),
        rank=_word(state.get("rank"), Rank.MODELS),
    )
    return choice, _word(state.get("tab"), LowerTab.ACTIVITY)


def _range(state: Mapping[str, Any], usage: UsageService) -> UsageRange:
    first, last = state.get("first"), state.get("last")
    if isinstance(first, str) and isinstance(last, str):
        try:
            return UsageRange(date.fromisoformat(first), date.fromisoformat(last), usage.zone)
        except (ValueError, BadInput):
            return usage.preset(Preset.MONTH)
    return usage.preset(_word(state.get("range"), Preset.MONTH))


def _word(value: object, default: W) -> W:
    known = {str(one): one for one in type(default)}
    return known.get(value, default) if isinstance(value, str) else default

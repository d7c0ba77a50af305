"""What the second service does not keep, in words that a greyed-out command can show."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from scenario_desktop.errors import Refused
from scenario_desktop.items import Item, Source


class Limit(StrEnum):
    """What Sartiq does not offer; the value is the reason."""

    TAGS = "Sartiq keeps no tags"
    NAMES = "Sartiq keeps no names"
    DESCRIPTIONS = "Sartiq keeps no descriptions"
    TRASH = "Sartiq has no trash"
    COLLECTIONS = "Sartiq keeps no collections"
    FORMATS = "Sartiq converts no files"


def why_not(limit: Limit, items: Iterable[Item]) -> str:
    """Return why something cannot be done with items; empty where it can."""
    total = theirs = 0
    for item in items:
        total += 1
        theirs += item.source is Source.SARTIQ
    if not theirs:
        return ""
    if theirs == total:
        return str(limit)
    return f"{limit}, and {theirs:,} of {total:,} items are from there"


def check(limit: Limit, items: Iterable[Item]) -> None:
    """Hold items to what their service offers.

    Raises:
        Refused: one of them is Sartiq's; nothing has changed.
    """
    reason = why_not(limit, items)
    if reason:
        raise Refused(f"{reason}.", hint="Choose items of Scenario only.")

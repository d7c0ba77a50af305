"""The ranges of time that usage is asked about.

A range is made of whole days of the user's calendar, or is the last hours. Its ends are moments, so
that a day with 23 or 25 hours is what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from scenario_desktop.errors import BadInput

#: The longest range that can be chosen, in days; it takes several calls.
MOST_DAYS = 731


class Preset(StrEnum):
    """Ranges with a name of their own."""

    WEEK = "7-days"
    THIRTY = "30-days"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class UsageRange:
    """From the first day to the last, both in it, in the calendar of ``zone``.

    Attributes:
        label: what it is called on the screen; empty for one that was chosen by its days.
    """

    first: date
    last: date
    zone: tzinfo
    label: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadInput("The last day lies before the first.")
        if self.days > MOST_DAYS:
            raise BadInput("Two years are the most that can be shown at once.")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The first moment, in UTC."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after it, in UTC."""
        return midnight(self.last + timedelta(days=1), self.zone)

    def previous(self) -> UsageRange:
        """Return as many days right before; for a month that began, its days of the month before.

        A month is compared from its first day on, not with the days right before it.
        """
        if self.label == Preset.MONTH:
            first = (self.first - timedelta(days=1)).replace(day=1)
            last = min(first + timedelta(days=self.days - 1), self.first - timedelta(days=1))
            return UsageRange(first, last, self.zone)
        last = self.first - timedelta(days=1)
        return UsageRange(last - timedelta(days=self.days - 1), last, self.zone)

    def until(self, now: datetime) -> UsageRange:
        """Return the part that has begun, or the whole when all of it or nothing has."""
        today = now.astimezone(self.zone).date()
        last = min(self.last, max(today, self.first))
        return UsageRange(self.first, last, self.zone, self.label)


def preset(which: Preset, now: datetime, zone: tzinfo) -> UsageRange:
    """Return a named range as it is now; a month to its end, so that the rest of it can be seen."""
    today = now.astimezone(zone).date()
    match which:
        case Preset.WEEK:
            return UsageRange(today - timedelta(days=6), today, zone, which)
        case Preset.THIRTY:
            return UsageRange(today - timedelta(days=29), today, zone, which)
        case Preset.MONTH:
            first = today.replace(day=1)
            return UsageRange(first, month_end(first), zone, which)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins, in UTC. Where clocks skip midnight, it is the first moment after.

    The sum of all days of a range is the range: no moment is in none of them, or in two.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)

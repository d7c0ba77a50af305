"""Amounts, counts and durations in the words of the window. English; knows no widget."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

NO_BREAK = "\u00a0"
#: Nothing to see, but what stands beside them changes without: emoji of several parts, Persian.
JOINERS = "\u200c\u200d"
_KEPT = NO_BREAK + JOINERS


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: "1 job", "1,242 jobs"."""
    return f"{count:,}{NO_BREAK}{one if count == 1 else many or one + 's'}"


def units(amount: Decimal | None) -> str:
    """Return Creative Units: "3 CU", "0.125 CU", "12.3K CU"; "no price" where there is none."""
    if amount is None:
        return "no price"
    if abs(amount) >= 10_000:
        return f"{_trimmed(amount / 1000, 1)}K{NO_BREAK}CU"
    return f"{_trimmed(amount, 3)}{NO_BREAK}CU"


def _trimmed(amount: Decimal, decimals: int) -> str:
    text = f"{amount:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """Return "12 s", "1 min 20 s", "2 h 5 min"; never a unit that is zero after the first."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}{NO_BREAK}s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        tail = f" {rest}{NO_BREAK}s" if rest else ""
        return f"{minutes}{NO_BREAK}min{tail}"
    hours, rest = divmod(whole // 60, 60)
    tail = f" {rest}{NO_BREAK}min" if rest else ""
    return f"{hours}{NO_BREAK}h{tail}"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago in words: "just now", "6 min ago", "yesterday 17:20", "12 Nov"."""
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)}{NO_BREAK}min ago"
    local, today = then.astimezone(), now.astimezone()
    days = (today.date() - local.date()).days
    if days == 0 or seconds < 6 * 3600:
        return f"{int(seconds // 3600)}{NO_BREAK}h ago"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}"


def one_line(text: str, limit: int = 300) -> str:
    """Return a server's text as one bounded line without control characters."""
    shown = "".join(c if c.isprintable() or c in _KEPT else " " for c in text)
    line = " ".join(part for part in shown.split(" ") if part)
    return line if len(line) <= limit else line[: limit - 1] + "…"

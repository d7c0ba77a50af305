"""Amounts, counts and times read as the window's language wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scenario_desktop.services.words import ago, counted, duration, one_line, units


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "no price"), ("0", "0 CU"), ("3", "3 CU"), ("3.000", "3 CU"), ("0.125", "0.125 CU"),
        ("1242.5", "1,242.5 CU"), ("12345", "12.3K CU"), ("10", "10 CU"),
    ],
)  # fmt: skip
def test_units(amount: str | None, text: str) -> None:
    value = None if amount is None else Decimal(amount)
    assert units(value).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (12.9, "12 s"), (60, "1 min"), (80, "1 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=59), "just now"), (timedelta(minutes=6), "6 min ago"),
        (timedelta(hours=2), "2 h ago"), (timedelta(days=8), "12 Nov"),
        (timedelta(days=373), "12 Nov 2025"),
    ],
)  # fmt: skip
def test_times(passed: timedelta, text: str) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert ago(now - passed, now).replace("\u00a0", " ") == text


def test_counts_carry_their_noun() -> None:
    assert counted(1, "job").replace("\u00a0", " ") == "1 job"
    assert counted(1200, "match", "matches").replace("\u00a0", " ") == "1,200 matches"


def test_a_servers_text_becomes_one_bounded_line() -> None:
    assert one_line("a\n\tb\x00c \u202ex") == "a b c x"
    assert one_line("👩‍👧") == "👩‍👧"
    assert len(one_line("x" * 900)) == 300

"""The spending limit allows, asks or refuses, with both numbers in its words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scenario_desktop.services.spending import SpendingGuard, Verdict
from tests.fakes import FakeSettings


@pytest.mark.parametrize(
    ("mode", "total", "verdict"),
    [
        ("allow", "900", Verdict.ALLOW), ("allow", None, Verdict.ALLOW),
        ("ask_above", "10", Verdict.ALLOW), ("ask_above", "10.001", Verdict.ASK),
        ("ask_above", None, Verdict.ASK), ("ask_above", "0", Verdict.ALLOW),
        ("never", "0.001", Verdict.REFUSE), ("never", None, Verdict.REFUSE),
        ("never", "0", Verdict.ALLOW),
    ],
)  # fmt: skip
def test_verdicts(mode: str, total: str | None, verdict: Verdict) -> None:
    guard = SpendingGuard(FakeSettings(mode=mode, ask_above=Decimal(10)))
    assert guard.decide(None if total is None else Decimal(total)).verdict is verdict


def test_the_text_names_both_numbers() -> None:
    guard = SpendingGuard(FakeSettings(mode="ask_above", ask_above=Decimal("2.5")))
    text = guard.decide(Decimal(12)).text.replace("\u00a0", " ")
    assert "12 CU" in text
    assert "2.5 CU" in text


def test_a_changed_setting_counts_at_once() -> None:
    settings = FakeSettings(mode="never")
    guard = SpendingGuard(settings)
    settings.spending.mode = "allow"
    assert guard.decide(Decimal(1)).verdict is Verdict.ALLOW

"""The lock bar: what it says in each state, and that whose the canvas is is never cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.services.canvas.lease import Lease, LostReason, Phase, Refusal
from scenario_desktop.ui.panels.canvas import words
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockBar, LockKind, LockState
from scenario_desktop.ui.theme import Theme, ThemeMode

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
SETTLED_MS = 10_000


def told(phase: Phase, left_s: float | None = 300.0, **values: Any) -> LockState:
    values.setdefault("until", NOW + timedelta(seconds=left_s or 0))
    rest = {name: values.pop(name) for name in ("has_draft", "saved_by") if name in values}
    lease = Lease(phase=phase, **values)
    return words.lock_state(lease, left_s, is_foreign=False, saved_at=NOW, **rest)


STATES = [
    told(Phase.VIEWING, until=None), told(Phase.VIEWING), told(Phase.ACQUIRING),
    told(Phase.HELD), told(Phase.HELD, is_offline=True), told(Phase.HELD, is_changed=True),
    told(Phase.LOST, lost=LostReason.FORCED, is_unsaved=True),
    told(Phase.REFUSED, refusal=Refusal.OTHERS), told(Phase.REFUSED, refusal=Refusal.OWN),
    told(Phase.REFUSED, refusal=Refusal.NO_ID), told(Phase.REFUSED, refusal=Refusal.OFFLINE),
]  # fmt: skip


@pytest.fixture
def bar(qapp: Any) -> Iterator[LockBar]:
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    bar = LockBar()
    column.addWidget(bar)
    window.show()
    yield bar
    window.close()
    window.deleteLater()


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [440, 560, 900])
def test_whose_it_is_is_never_cut(
    bar: LockBar, look: Theme, qapp: Any, qtbot: QtBot, scale: float, width: int
) -> None:
    def all_is_in_sight() -> None:
        label = bar._sentence
        assert label.heightForWidth(label.width()) <= label.height() <= bar.height() - 8
        assert label.geometry().right() <= bar.width()
        action = bar._action
        assert not state.action or action.geometry().right() <= bar.width()
        for part in (bar._note, bar._right):
            assert part.isHidden() or part.width() >= part.sizeHint().width()
        if bar._note.isHidden() and state.note:
            assert state.note.partition("'")[0] in bar.toolTip()

    look.apply(qapp, ThemeMode.LIGHT, scale)
    bar.window().resize(width, 200)
    for state in STATES:
        bar.set_state(state)
        qapp.processEvents()
        qtbot.waitUntil(all_is_in_sight, timeout=SETTLED_MS)


def test_a_wrong_clock_is_told() -> None:
    assert "2\u00a0h fast" in told(Phase.HELD, skew_s=-7200.0).note
    assert "45\u00a0s slow" in told(Phase.VIEWING, until=None, skew_s=45.0).note
    assert "2\u00a0h fast" in told(Phase.REFUSED, refusal=Refusal.OTHERS, skew_s=-7200.0).note


def test_only_the_last_minute_counts_down() -> None:
    assert told(Phase.HELD, 61.0).note == told(Phase.HELD, 300.0).note
    last = told(Phase.HELD, 42.0)
    assert last.is_ending
    assert last.note.startswith("42\u00a0s left")


def test_a_draft_waits_until_it_is_free() -> None:
    assert told(Phase.VIEWING, has_draft=True).action == words.CHECK_AGAIN
    assert told(Phase.VIEWING, until=None, has_draft=True).action == words.USE_DRAFT


def test_who_waits_is_told_so() -> None:
    state = told(Phase.REFUSED, refusal=Refusal.OTHERS, is_waiting=True)
    assert (state.kind, state.note) == (LockKind.OTHER, "You are told when it is free")


@pytest.mark.parametrize(
    ("state", "sentence", "action"),
    [
        (told(Phase.VIEWING, None), "Open for looking", ""),
        (told(Phase.VIEWING), "Locked until 13:05", words.CHECK_AGAIN),
        (told(Phase.VIEWING, None, is_offline=True), "Offline", words.CHECK_AGAIN),
        (told(Phase.ACQUIRING, None), "Asking for the lock…", ""),
        (told(Phase.HELD), "You hold this canvas until 13:05", words.RELEASE),
        (told(Phase.RENEWING, 150.0), "You hold this canvas until 13:02", words.RELEASE),
        (
            told(Phase.HELD, is_offline=True), "Offline. You hold this canvas until 13:05",
            words.CHECK_AGAIN,
        ),
        (
            told(Phase.LOST, None, lost=LostReason.EXPIRED), "Your lock has run out",
            words.TAKE_AGAIN,
        ),
        (
            told(Phase.LOST, lost=LostReason.FORCED), "Taken over by somebody else until 13:05",
            words.TAKE_AGAIN,
        ),
        (
            told(Phase.LOST, None, lost=LostReason.FORGOTTEN), "The server has forgotten your lock",
            words.TAKE_AGAIN,
        ),
        (told(Phase.LOST, None, lost=LostReason.DELETED), "This canvas was deleted", ""),
        (
            told(Phase.LOST, None, lost=LostReason.IDLE), "Your lock was given back",
            words.TAKE_AGAIN,
        ),
        (told(Phase.REFUSED, refusal=Refusal.OTHERS), "Locked until 13:05", words.CHECK_AGAIN),
        (
            told(Phase.REFUSED, 0.0, refusal=Refusal.OTHERS), "The lock ended at 13:00",
            words.CHECK_AGAIN,
        ),
        (told(Phase.REFUSED, None, refusal=Refusal.OFFLINE), "Offline", words.CHECK_AGAIN),
        (
            told(Phase.REFUSED, None, refusal=Refusal.FAILED), "The canvas could not be locked",
            words.TRY_AGAIN,
        ),
    ],
)  # fmt: skip
def test_each_state_says_what_is_the_matter_and_one_thing_to_do(
    state: LockState, sentence: str, action: str
) -> None:
    def local(found: re.Match[str]) -> str:
        return words.clock_time(NOW + timedelta(minutes=int(found[1])))

    assert (state.sentence, state.action) == (re.sub(r"13:(\d\d)", local, sentence), action)


def test_who_saved_last_is_told_where_nobody_tells_who_holds_it() -> None:
    state = told(Phase.REFUSED, refusal=Refusal.OTHERS, saved_by="ben@studio.example")
    assert state.note.startswith("Last saved by ben@studio.example. ")
    own = told(Phase.REFUSED, refusal=Refusal.OWN, saved_by="ben@studio.example")
    assert "ben" not in own.note + told(Phase.HELD, saved_by="ben@studio.example").note


def test_a_lease_that_ends_offline_is_told() -> None:
    state = told(Phase.RENEWING, 42.0, is_offline=True)
    assert state.kind is LockKind.OFFLINE
    assert state.is_ending
    assert state.note.startswith("42\u00a0s left")


def test_who_does_nothing_is_told_what_comes_of_it() -> None:
    assert "given back" in told(Phase.HELD, idle_asked_s=1.0).note


def test_what_is_the_matter_is_told_before_when_it_was_saved(
    bar: LockBar, look: Theme, qapp: Any
) -> None:
    bar.set_state(told(Phase.REFUSED, refusal=Refusal.OTHERS))
    width = 300
    while bar._note.isHidden():  # until there is room for one of the two
        width += 5
        bar.window().resize(width, 200)
        qapp.processEvents()
    assert bar._right.isHidden()
    bar.set_state(told(Phase.HELD))
    assert not bar._right.isHidden()

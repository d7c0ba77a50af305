"""The lease alone: events and times in, state and effects out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from scenario_desktop.services.canvas import lease_effects, lease_events
from scenario_desktop.services.canvas.lease import (
    Lease,
    LeaseTimes,
    LostReason,
    Moment,
    Phase,
    Refusal,
)
from scenario_desktop.services.canvas.lease_effects import Effect
from scenario_desktop.services.canvas.lease_events import Event
from scenario_desktop.services.canvas.lease_machine import next_due_s, step

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMES = LeaseTimes()


class Bench:
    """A lease with its clocks in hand."""

    def __init__(self) -> None:
        self.lease = Lease()
        self.at_s = 0.0
        self.wall_s = 0.0
        self.offset_s: float | None = 0.0
        self.effects: list[Effect] = []

    @property
    def phase(self) -> str:
        return self.lease.phase.value

    @property
    def now(self) -> Moment:
        return Moment(self.at_s, START + timedelta(seconds=self.wall_s), self.offset_s)

    def wait(self, seconds: float) -> None:
        self.at_s += seconds
        self.wall_s += seconds

    def feed(self, event: Event) -> tuple[Effect, ...]:
        self.lease, effects = step(self.lease, event, self.now, TIMES)
        self.effects += effects
        return effects

    def tick(self, seconds: float) -> tuple[Effect, ...]:
        self.wait(seconds)
        return self.feed(lease_events.Ticked())

    def until(self, seconds: float) -> datetime:
        return self.now.server + timedelta(seconds=seconds)

    def hold(self) -> None:
        self.feed(lease_events.Edited())
        self.feed(lease_events.LockGranted(self.lease.ask, "lock_1", self.until(300)))
        self.feed(lease_events.Compared(True))
        self.effects.clear()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_looking_asks_for_nothing_but_to_see_what_others_do(bench: Bench) -> None:
    assert bench.tick(3600) == ()
    assert bench.tick(30) == (lease_effects.Look(),)
    assert bench.tick(29) == ()
    assert bench.phase == Phase.VIEWING


def test_while_looking_it_is_known_whose_it_is(bench: Bench) -> None:
    assert bench.feed(lease_events.Looked(bench.until(120))) == ()
    assert (bench.phase, bench.lease.until) == (Phase.VIEWING, bench.until(120))
    assert bench.feed(lease_events.Looked(None)) == ()
    assert bench.lease.until is None


def test_what_was_refused_can_be_edited_once_it_is_free(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    bench.feed(lease_events.LockDenied(1, bench.until(10)))
    assert bench.feed(lease_events.Looked(None)) == ()
    assert bench.phase == Phase.REFUSED  # the strokes are still on their way into a draft
    bench.feed(lease_events.SetAside())
    assert bench.feed(lease_events.Looked(None)) == ()
    assert bench.phase == Phase.VIEWING


def test_a_deleted_canvas_is_not_looked_at(bench: Bench) -> None:
    bench.feed(lease_events.Vanished())
    bench.tick(0)
    assert bench.tick(3600) == ()


def test_a_lock_that_somebody_took_away_is_watched_until_it_is_free(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Denied(bench.until(100)))
    bench.feed(lease_events.WaitWanted(True))
    assert bench.tick(0) == (lease_effects.Look(),)
    assert bench.feed(lease_events.Looked(None)) == (lease_effects.TellFree(),)
    assert (bench.phase, bench.lease.until) == (Phase.LOST, None)


def test_what_is_discarded_is_looked_at_at_once(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Denied(None))
    bench.feed(lease_events.Discarded())
    assert bench.tick(0) == (lease_effects.Look(),)


def test_the_first_edit_asks_and_the_next_ones_do_not(bench: Bench) -> None:
    (effect,) = bench.feed(lease_events.Edited())
    assert effect == lease_effects.AskLock(1, bench.until(300))
    assert bench.phase == Phase.ACQUIRING
    assert bench.feed(lease_events.Edited()) == ()


def test_a_granted_lock_is_compared_first(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    effects = bench.feed(lease_events.LockGranted(1, "lock_1", bench.until(300)))
    assert effects == (lease_effects.Compare(),)
    assert bench.phase == Phase.HELD
    assert bench.lease.is_check_due
    assert "lock_1" not in repr(bench.lease)


def test_a_refusal_puts_the_strokes_aside_and_then_leaves_the_screen_free(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    assert bench.feed(lease_events.LockDenied(1, bench.until(120))) == (lease_effects.PutAside(),)
    assert bench.phase == Phase.REFUSED
    assert bench.lease.seconds_left(bench.now) == 120
    assert bench.feed(lease_events.Edited()) == ()  # on its way into the kept draft, too
    bench.feed(lease_events.SetAside())
    assert bench.feed(lease_events.Edited())[0] == lease_effects.AskLock(2, bench.until(300))


def test_a_lock_without_an_id_is_a_refusal(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    bench.feed(lease_events.LockGranted(1, "", bench.until(300)))
    assert (bench.phase, bench.lease.refusal) == (Phase.REFUSED, Refusal.NO_ID)


def test_it_is_renewed_at_half_life_and_only_once_at_a_time(bench: Bench) -> None:
    bench.hold()
    assert bench.tick(149) == ()
    assert bench.tick(1.5) == (lease_effects.Renew("lock_1", bench.until(300)),)
    assert bench.phase == Phase.RENEWING
    assert bench.tick(5) == ()
    assert bench.feed(lease_events.Renewed(bench.until(300))) == ()
    assert bench.phase == Phase.HELD
    assert next_due_s(bench.lease, bench.now, replace(TIMES, pulse_s=1e9)) == 150


def test_a_shorter_grant_is_renewed_sooner(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    bench.feed(lease_events.LockGranted(1, "lock_1", bench.until(60)))
    assert bench.tick(31) == (lease_effects.Renew("lock_1", bench.until(300)),)


def test_a_renewal_that_fails_is_tried_again_and_the_lease_ends_in_time(bench: Bench) -> None:
    bench.hold()
    bench.tick(151)
    bench.feed(lease_events.RenewFailed(is_offline=True))
    assert bench.phase == Phase.HELD
    assert bench.lease.is_offline
    for _ in range(14):
        assert bench.tick(10.1) != ()
        bench.feed(lease_events.RenewFailed(is_offline=True))
    assert [type(e) for e in bench.tick(8)] == [lease_effects.AskLock]
    assert (bench.phase, bench.lease.lost) == (Phase.LOST, LostReason.EXPIRED)


def test_a_lease_that_ran_out_is_taken_again_with_its_old_id(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Edited())
    bench.tick(151)
    bench.feed(lease_events.RenewFailed(is_offline=True))
    bench.wait(400)
    bench.feed(lease_events.Ticked())
    ask = bench.effects[-1]
    assert isinstance(ask, lease_effects.AskLock)
    assert ask.own_lock_id == "lock_1"
    assert bench.phase == Phase.LOST  # until somebody says otherwise
    effects = bench.feed(lease_events.LockGranted(bench.lease.ask, "lock_2", bench.until(300)))
    assert effects == (lease_effects.Compare(),)
    assert bench.phase == Phase.HELD


def test_a_lease_that_ran_out_with_nothing_unsaved_is_simply_over(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Saved(is_unsaved=False))
    bench.tick(151)
    bench.feed(lease_events.RenewFailed(is_offline=True))
    bench.wait(400)
    bench.feed(lease_events.Ticked())
    assert bench.phase == Phase.VIEWING


@pytest.mark.parametrize(
    ("until_s", "reason"), [(100, LostReason.FORCED), (None, LostReason.FORGOTTEN)]
)
def test_a_denied_renewal_is_a_loss(bench: Bench, until_s: int | None, reason: LostReason) -> None:
    bench.hold()
    bench.tick(151)
    bench.feed(lease_events.Denied(bench.until(until_s) if until_s else None))
    assert (bench.phase, bench.lease.lost) == (Phase.LOST, reason)
    assert bench.feed(lease_events.Edited()) == ()  # editing goes on, nothing is sent
    assert not bench.lease.can_send
    assert bench.tick(3600) == ()  # and nothing is taken back from somebody by itself


def test_after_a_loss_it_is_taken_again_only_when_asked(bench: Bench) -> None:
    bench.hold()
    bench.tick(151)
    bench.feed(lease_events.Denied(bench.until(100)))
    (ask,) = bench.feed(lease_events.TakeWanted())
    assert isinstance(ask, lease_effects.AskLock)
    bench.feed(lease_events.LockDenied(ask.ask, bench.until(50)))
    assert (bench.phase, bench.lease.lost) == (Phase.LOST, LostReason.FORCED)


def test_a_late_confirmation_wants_a_comparison(bench: Bench) -> None:
    bench.hold()
    bench.tick(151)
    bench.wait(200)
    assert bench.feed(lease_events.Renewed(bench.until(300))) == (lease_effects.Compare(),)


@pytest.mark.parametrize("jump_s", [-3600, 3600, 8 * 3600])
def test_a_jump_of_the_clock_renews_and_compares(bench: Bench, jump_s: float) -> None:
    bench.hold()
    bench.wall_s += jump_s
    assert [type(e) for e in bench.tick(1)] == [lease_effects.Renew]
    assert bench.lease.is_check_due
    bench.feed(lease_events.Denied(None))  # it had ended while the computer slept
    assert bench.lease.lost is LostReason.EXPIRED


def test_a_clock_that_is_simply_wrong_changes_nothing_but_is_told(bench: Bench) -> None:
    bench.wall_s, bench.offset_s = 7200.0, -7200.0
    bench.hold()
    assert bench.lease.skew_s == -7200
    assert bench.lease.seconds_left(bench.now) == 298
    assert bench.tick(149) == ()
    bench.offset_s = -20.0
    bench.feed(lease_events.Ticked())
    assert bench.lease.skew_s is None


def test_after_fifteen_idle_minutes_it_asks_and_then_gives_back(bench: Bench) -> None:
    bench.hold()
    for _ in range(6):
        bench.tick(151)
        bench.feed(lease_events.Renewed(bench.until(300)))
    assert lease_effects.AskIdle() in bench.effects
    assert bench.lease.is_idle_asked
    assert lease_effects.EndIdle() in bench.tick(61)
    effects = bench.feed(lease_events.ReleaseWanted(is_idle=True))
    assert effects == (lease_effects.Unlock("lock_1"),)
    assert bench.lease.lost is LostReason.IDLE  # there was something unsaved
    assert bench.tick(3600) == ()


def test_an_answer_or_a_stroke_ends_the_idle_question(bench: Bench) -> None:
    bench.hold()
    for event in (lease_events.IdleAnswered(), lease_events.Edited()):
        bench.lease = replace(bench.lease, touched_s=bench.at_s - 901, idle_asked_s=None)
        assert lease_effects.AskIdle() in bench.tick(0)
        bench.feed(event)
        assert not bench.lease.is_idle_asked
        assert lease_effects.EndIdle() not in bench.tick(61)


def test_a_lock_that_comes_after_the_user_has_left_is_given_back(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    bench.feed(lease_events.ReleaseWanted())
    assert bench.feed(lease_events.LockGranted(1, "lock_1", bench.until(300))) == (
        lease_effects.Unlock("lock_1"),
    )
    assert bench.phase == Phase.VIEWING


def test_waiting_looks_at_the_end_of_the_lock_and_tells_once(bench: Bench) -> None:
    bench.feed(lease_events.Edited())
    bench.feed(lease_events.LockDenied(1, bench.until(10)))
    bench.feed(lease_events.SetAside())
    bench.feed(lease_events.WaitWanted(True))
    assert bench.tick(0) == (lease_effects.Look(),)
    assert bench.feed(lease_events.Looked(bench.until(10))) == ()
    assert bench.tick(11.1) == (lease_effects.Look(),)
    assert bench.feed(lease_events.Looked(None)) == (lease_effects.TellFree(),)
    assert bench.phase == Phase.VIEWING
    bench.tick(3600)
    assert bench.feed(lease_events.Looked(None)) == ()


def test_a_change_by_somebody_else_stops_saving_until_it_is_resolved(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Compared(False))
    assert bench.lease.is_ours
    assert not bench.lease.can_send
    bench.feed(lease_events.Resolved())
    assert bench.lease.can_send


def test_a_draft_of_an_earlier_run_tries_its_own_lock_and_keeps_its_strokes(bench: Bench) -> None:
    (ask,) = bench.feed(lease_events.Resumed("lock_0"))
    assert isinstance(ask, lease_effects.AskLock)
    assert ask.own_lock_id == "lock_0"
    assert bench.feed(lease_events.LockDenied(ask.ask, bench.until(60))) == ()
    assert (bench.phase, bench.lease.lost) == (Phase.LOST, LostReason.FORCED)


def test_coming_back_online_renews_at_once(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Connected(False))
    bench.wait(20)
    bench.feed(lease_events.Connected(True))
    assert bench.lease.is_check_due
    assert bench.tick(0) == (lease_effects.Renew("lock_1", bench.until(300)),)


def test_a_canvas_that_was_deleted_is_a_loss(bench: Bench) -> None:
    bench.hold()
    bench.feed(lease_events.Vanished())
    assert bench.lease.lost is LostReason.DELETED


_EVENTS: list[Any] = [
    lease_events.Edited(),
    lease_events.Resumed("old"),
    lease_events.Ticked(),
    lease_events.Renewed(None),
    lease_events.Denied(None),
    lease_events.Denied(START + timedelta(hours=9)),
    lease_events.RenewFailed(True),
    lease_events.RenewFailed(False),
    lease_events.Vanished(),
    lease_events.Connected(True),
    lease_events.Connected(False),
    lease_events.Compared(True),
    lease_events.Compared(False),
    lease_events.Resolved(),
    lease_events.Saved(True),
    lease_events.Saved(False),
    lease_events.SetAside(),
    lease_events.Discarded(),
    lease_events.TakeWanted(),
    lease_events.ReleaseWanted(),
    lease_events.ReleaseWanted(is_idle=True),
    lease_events.IdleAnswered(),
    lease_events.WaitWanted(True),
    lease_events.Looked(None),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*_EVENTS, "grant", "deny", "fail"]),
            st.sampled_from([0.0, 1.0, 100.0, 301.0, 1000.0]),
            st.sampled_from([0.0, 0.0, 3600.0, -3600.0]),
        ),
        max_size=40,
    )
)
def test_any_order_of_events_makes_sense(order: list[tuple[Any, float, float]]) -> None:
    bench = Bench()
    for event, pause_s, jump_s in order:
        bench.wait(pause_s)
        bench.wall_s += jump_s
        if event == "grant":
            event = lease_events.LockGranted(bench.lease.ask, f"lock_{bench.lease.ask}", None)
        elif event == "deny":
            event = lease_events.LockDenied(bench.lease.ask, bench.until(50))
        elif event == "fail":
            event = lease_events.LockFailed(bench.lease.ask, Refusal.OFFLINE)
        effects = bench.feed(event)
        lease = bench.lease
        assert lease.is_ours <= bool(lease.lock_id and lease.ends_s is not None)
        assert (lease.phase is Phase.LOST) <= (lease.lost is not None)
        assert (lease.phase is Phase.ACQUIRING) <= lease.is_asking
        assert lease.can_send <= lease.is_ours
        assert sum(isinstance(effect, lease_effects.AskLock) for effect in effects) <= 1
        assert all(effect.lock_id for effect in effects if isinstance(effect, lease_effects.Renew))

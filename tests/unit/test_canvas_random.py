"""Canvas sessions in random orders of everything that may happen to them.

No order may lose a stroke that was on the screen for more than two seconds: it is on the server, in
a draft, or the user gave it up. And none may overwrite what somebody else saved, unless the user
compared that very version and chose the own one.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scenario_desktop.api.models.assets import AssetUpdate
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.services.canvas import working_draft
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.lease import LeaseTimes
from scenario_desktop.services.canvas.room import CanvasTimes
from tests.canvas_room import CANVAS, Studio, others_in
from tests.canvas_server import Fault, drain

#: How long a stroke may be on the screen before it must be safe, in seconds of a computer awake.
SAFE_AFTER_S = 2.0
#: Sequences of a normal run, the same each time; the environment asks for more, and for others
#: by ``--hypothesis-seed``.
SEQUENCES = int(os.environ.get("CANVAS_SEQUENCES", "200"))
IS_ALIKE = "CANVAS_SEQUENCES" not in os.environ
STEPS = int(os.environ.get("CANVAS_STEPS", "40"))

TIMES = CanvasTimes(lease=LeaseTimes(pulse_s=20.0))
METHODS = [
    "get_asset", "list_snapshots", "canvas_text", "lock_asset", "unlock_asset", "update_asset",
    "save", "create_asset", "create_canvas",
]  # fmt: skip
LAYERS = st.sampled_from(["sky", "sea", "sand"])
PAUSES_S = [0.3, 1.0, 2.6, 70.0]
#: In memory where there is such a folder: each sequence writes dozens of drafts.
_FAST = Path("/dev/shm")


class CanvasMachine(RuleBasedStateMachine):
    """Ann works at one computer with the program; Ben is somebody else on the same canvas.

    Attributes:
        draft_ids: what drafts are called, in the order in which they are made: drafts of one
            moment stand in the order of their ids, and a sequence must run alike each time.
    """

    draft_ids = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        type(self).draft_ids = itertools.count(1)
        self.runner = asyncio.Runner()
        base = str(_FAST) if _FAST.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="canvas-", dir=base))
        self.studio = Studio(self.folder, times=TIMES)
        self.world, self.server, self.ann = (
            self.studio.world, self.studio.server, self.studio.ann,
        )  # fmt: skip
        self.born: dict[str, float] = {}
        self.protected: set[str] = set()
        self.given_up: set[str] = set()
        self.marks: set[str] = set()
        self.replaced: set[str] = set()
        self.compared: set[str] = set()
        self.ben_lock = ""
        self.ben_at_s: float | None = None
        self.full_until_s = 0.0
        self.count = 0

    def teardown(self) -> None:
        if self.studio.session is not None:
            self.runner.run(self.studio.crash())
        self.runner.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @initialize(
        touches=st.booleans(), fences=st.sampled_from([True, True, False]),
        latency=st.sampled_from([0.0, 0.2, 3.0]), encode=st.sampled_from([0.0, 0.3, 0.8]),
        load=st.sampled_from([0.0, 0.0, 1.5, 70.0]),
        tells_ids=st.sampled_from([True] * 9 + [False]),
    )  # fmt: skip
    def begin(
        self, touches: bool, fences: bool, latency: float, encode: float, load: float = 0.0,
        tells_ids: bool = True,
    ) -> None:  # fmt: skip
        self.server.touches = touches
        self.server.fences = fences
        self.server.has_ids = tells_ids
        self.load_s = load
        # Where the server does not refuse the id of an old lock, nobody can do anything about a
        # save between our look and our own save: there they are one.
        self.ann.latency_s = latency if fences else 0.0
        self.encode_s = encode
        self.restart(None)

    # --- helpers ------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.studio.session is not None

    @property
    def session(self) -> Any:
        assert self.studio.session is not None
        return self.studio.session

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something that a user does; time passes as it needs."""

        async def watched() -> Any:
            task = asyncio.ensure_future(work)
            for number in range(600):
                await drain()
                if task.done():
                    break
                await self.world.advance(0.5, self.watch)
                if number == 300:  # somebody makes room: what waits for it has to go on
                    self.studio.disk.error = None
            assert task.done(), f"{work} never ends"
            with suppress(AppError):
                return await task
            return None

        return self.runner.run(watched())

    def watch(self) -> None:
        """Note which strokes have been on the screen long enough; Ben does not wait for us."""
        if self.ben_at_s is not None and self.world.true_s >= self.ben_at_s:
            self.ben_at_s = None
            self.ben_saves(False)
        if self.studio.session is None:
            return
        shown = self.studio.screen.strokes
        now = self.world.monotonic()
        if self.studio.disk.error is not None:
            self.full_until_s = now + TIMES.draft_retry_s + SAFE_AFTER_S
        new = {
            stroke
            for stroke in shown & self.born.keys() - self.protected
            if now - self.born[stroke] > SAFE_AFTER_S and now > self.full_until_s
        }
        for stroke in self.born.keys() - shown - self.protected:
            del self.born[stroke]  # off the screen before it counted
        if new:
            self.protected |= new
            self.check()

    @invariant()
    def check(self) -> None:
        missing = self.protected - self.given_up - self.studio.server_strokes()
        if missing:
            missing -= self.studio.kept_strokes()
        assert not missing, f"lost: {sorted(missing)}"
        gone = self.marks - self.replaced - others_in(self.studio.canvas.text)
        assert not gone, f"overwritten: {sorted(gone)}"

    # --- Ann ----------------------------------------------------------------------------------

    @precondition(lambda self: self.is_open)
    @rule(layer=LAYERS)
    def draw(self, layer: str) -> None:
        self.count += 1
        stroke = f"s{self.count}"
        self.born[stroke] = self.world.monotonic()

        async def work() -> None:
            self.studio.screen.draw(layer, stroke)
            if stroke not in self.studio.screen.strokes:
                del self.born[stroke]  # the screen could not be drawn on

        self.runner.run(work())

    @precondition(lambda self: self.is_open)
    @rule(layers=st.lists(LAYERS, min_size=1, max_size=3), seconds=st.sampled_from(PAUSES_S))
    def work(self, layers: list[str], seconds: float) -> None:
        for layer in layers:
            self.draw(layer)
            self.wait(seconds)

    @precondition(lambda self: self.is_open)
    @rule(seconds=st.sampled_from(PAUSES_S), is_snapshot=st.booleans())
    def work_and_save(self, seconds: float, is_snapshot: bool) -> None:
        self.work(["sky", "sea"], seconds)
        self.save(is_snapshot)

    @precondition(lambda self: self.is_open)
    @rule(
        method=st.sampled_from(METHODS), fault=st.sampled_from(list(Fault)),
        seconds=st.sampled_from(PAUSES_S), is_saved=st.booleans(),
    )  # fmt: skip
    def work_in_a_bad_network(
        self, method: str, fault: Fault, seconds: float, is_saved: bool
    ) -> None:
        self.break_network(method, fault)
        self.work(["sand"], seconds)
        if is_saved:
            self.save(True)
        self.ann.faults.clear()

    @precondition(lambda self: self.is_open)
    @rule(seconds=st.sampled_from(PAUSES_S))
    def save_late_and_again(self, seconds: float) -> None:
        self.break_network("save", Fault.LATE)
        self.work_and_save(seconds, False)
        self.ann.faults.clear()
        self.work_and_save(seconds, False)

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.1, 2.5, 5.0, 20.0, 61.0, 150.0, 290.0, 1000.0]))
    def wait(self, seconds: float) -> None:
        self.runner.run(self.world.advance(seconds, self.watch))

    @precondition(lambda self: self.is_open)
    @rule(is_snapshot=st.booleans())
    def save(self, is_snapshot: bool) -> None:
        self.do(self.session.save(is_snapshot=is_snapshot))

    @precondition(lambda self: self.is_open)
    @rule(how=st.sampled_from(["release", "take_again", "take_over", "theirs"]))
    def ask(self, how: str) -> None:
        found = self.do(getattr(self.session, how)())
        self.compared = others_in(found) if how == "theirs" and found else set()

    @precondition(lambda self: self.is_open and self.session._remote._theirs is not None)
    @rule(is_mine=st.booleans())
    def choose(self, is_mine: bool) -> None:
        if is_mine:
            theirs = others_in(self.session._remote._theirs[0])
            self.do(self.session.keep_mine())
            self.replaced |= theirs
            return
        self.do(self._then_show(self.session.adopt_theirs()))

    @precondition(lambda self: self.is_open and bool(self.studio.canvas.snapshots))
    @rule(index=st.integers(0, 3))
    def restore(self, index: int) -> None:
        snapshots = self.studio.canvas.snapshots
        snapshot = snapshots[min(index, len(snapshots) - 1)]
        # What the user saw is to give way, from the moment on that the server has it.
        wanted = others_in(self.session.text) - others_in(snapshot.raw_data) - self.replaced
        self.replaced |= wanted
        if self.do(self._then_show(self.session.restore(snapshot))) is None:
            self.replaced -= wanted & others_in(self.studio.canvas.text)

    async def _then_show(self, work: Coroutine[Any, Any, str]) -> str:
        text = await work
        self.studio.screen.load_later(text)
        return text

    @precondition(
        lambda self: self.is_open and self.session.is_unsaved and not self.studio.screen.is_loading
    )
    @rule()
    def discard(self) -> None:
        self.given_up |= self.studio.screen.strokes

        async def work() -> None:
            await self.session.discard()
            self.studio.screen.load_later(self.session.text)

        self.do(work())

    @precondition(lambda self: self.is_open)
    @rule()
    def copy(self) -> None:
        async def work() -> None:
            await self.session.save_as_copy("Copy")
            if not self.session.is_unsaved:
                self.studio.screen.load_later(self.session.text)

        self.do(work())

    @precondition(lambda self: self.is_open)
    @rule(how=st.sampled_from(["wait_until_free", "stay", "rename", "flush"]))
    def small_things(self, how: str) -> None:
        async def work() -> None:
            if how == "wait_until_free":
                self.session.wait_until_free(True)
            elif how == "stay":
                self.session.stay()
            elif how == "rename":
                await self.session.rename("Renamed")
            else:
                await self.session.flush()

        self.do(work())

    @precondition(lambda self: self.is_open)
    @rule(index=st.integers(0, 3))
    def resume(self, index: int) -> None:
        drafts = [d for d in self.studio.on_disk() if d.note.id != self.session.draft_id]
        if index < len(drafts):
            note = drafts[index].note

            async def work() -> None:
                found = await self.session.resume(note.id)
                if found is not None:
                    self.studio.screen.load_later(found.text, found.blobs)

            self.do(work())

    @precondition(lambda self: self.is_open)
    @rule()
    def close(self) -> None:
        session = self.session
        self.do(session.close())
        if session._is_closed:  # not while the disk is full
            self.studio.session = None

    @precondition(lambda self: not self.is_open)
    @rule(index=st.none() | st.integers(0, 2), is_tidy=st.booleans())
    def restart(self, index: int | None, is_tidy: bool = False) -> None:
        self.studio.restart()
        if is_tidy:
            self.do(Canvases(self.studio.room).tidy())
        drafts = self.studio.on_disk()
        chosen = drafts[index].note.id if index is not None and index < len(drafts) else None
        self.do(self.studio.open(chosen))
        if self.is_open:
            self.studio.screen.encode_s = self.encode_s
            self.studio.screen.load_s = self.load_s

    # --- what goes wrong ----------------------------------------------------------------------

    @precondition(lambda self: self.is_open)
    @rule(operations=st.none() | st.integers(1, 4), seconds=st.sampled_from([0.7, 1.5, 70.0]))
    def crash(self, operations: int | None, seconds: float) -> None:
        if operations is not None:
            self.studio.disk.left = operations
            self.runner.run(self._until_dead(seconds))
        self.runner.run(self.studio.crash())
        self.born.clear()

    async def _until_dead(self, seconds: float) -> None:
        end = self.world.monotonic() + seconds
        while self.world.monotonic() < end and not self.studio.disk.is_dead:
            await self.world.advance(0.1, self.watch)

    @rule(method=st.sampled_from(METHODS), fault=st.sampled_from(list(Fault)))
    def break_network(self, method: str, fault: Fault) -> None:
        can_be_late = method in ("lock_asset", "unlock_asset") or (
            method == "save" and self.server.fences
        )
        if fault is Fault.LATE and not can_be_late:
            fault = Fault.AFTER
        self.ann.faults.setdefault(method, []).append(fault)

    @rule(is_down=st.sampled_from([True, False, False]), seconds=st.sampled_from(PAUSES_S))
    def network(self, is_down: bool, seconds: float) -> None:
        self.ann.is_down = is_down
        self.wait(seconds)

    @rule()
    def late_arrivals(self) -> None:
        self.server.deliver()

    @rule(seconds=st.sampled_from([3.0, 100.0, 400.0, 8 * 3600.0]))
    def suspend(self, seconds: float) -> None:
        self.world.suspend(seconds)

    @rule(is_full=st.sampled_from([True, False, False]), seconds=st.sampled_from(PAUSES_S))
    def disk(self, is_full: bool, seconds: float) -> None:
        """While it is full only what was kept before is safe, and the user is told so."""
        full = OSError(errno.ENOSPC, "No space left on device")
        self.studio.disk.error = full if is_full else None
        self.wait(seconds)

    @rule(is_deleted=st.sampled_from([True, False, False]), seconds=st.sampled_from(PAUSES_S))
    def trash(self, is_deleted: bool, seconds: float) -> None:
        self.studio.canvas.deleted = is_deleted
        self.wait(seconds)

    @rule(wrong_s=st.sampled_from([0.0, 45.0, 7200.0, -7200.0]))
    def set_clock(self, wrong_s: float) -> None:
        self.world.wrong_s = wrong_s

    # --- Ben ----------------------------------------------------------------------------------

    @rule(is_forced=st.booleans())
    def ben_locks(self, is_forced: bool) -> None:
        with suppress(AppError):
            if is_forced:
                self.server.unlock(CANVAS, None, True)
            until = self.world.server_now.replace(microsecond=0)
            self.ben_lock = self.server.lock(CANVAS, until, "ben")

    @rule(seconds=st.sampled_from([60.0, 300.0, 1800.0]))
    def a_twin_locks(self, seconds: float) -> None:
        """Another computer with the keys of Ann, who may lock again what is hers."""
        with suppress(AppError):
            until = self.world.server_now.replace(microsecond=0) + timedelta(seconds=seconds)
            self.ben_lock = self.server.lock(CANVAS, until, "ann")

    @rule()
    def ben_unlocks(self) -> None:
        with suppress(AppError):
            self.server.unlock(CANVAS, self.ben_lock, False)

    @rule()
    def ben_forces(self) -> None:
        with suppress(AppError):
            self.server.unlock(CANVAS, None, True)

    @precondition(lambda self: self.server.fences)
    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 4.0, 7.0]))
    def ben_saves_later(self, seconds: float) -> None:
        """In the midst of whatever comes next."""
        self.ben_at_s = self.world.true_s + seconds

    @rule(is_snapshot=st.booleans())
    def ben_saves(self, is_snapshot: bool) -> None:
        canvas = self.studio.canvas
        held = self.server.live(canvas)
        if held is not None and held.id != self.ben_lock:
            return
        self.count += 1
        mark = f"ben{self.count}"
        body = json.loads(canvas.text)
        body["others"].append(mark)
        update = AssetUpdate(
            canvas=json.dumps(body, sort_keys=True), lock_id=held.id if held else None,
            disable_snapshot=None if is_snapshot else True,
        )  # fmt: skip
        with suppress(NotFound):  # in the trash
            self.server.update(CANVAS, update, "ben")
            self.marks.add(mark)


def name_drafts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        working_draft, "new_draft_id", lambda: f"{next(CanvasMachine.draft_ids):032x}"
    )


def test_a_look_under_way_does_not_answer_for_a_draft_resumed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sequence that the machine found: the draft was then saved over what Ben had saved."""
    name_drafts_alike(monkeypatch)
    machine = CanvasMachine()
    try:
        machine.begin(touches=True, fences=True, latency=0.2, encode=0.0, load=1.5)
        machine.ben_saves(is_snapshot=False)
        machine.draw(layer="sky")
        machine.close()
        machine.a_twin_locks(seconds=60.0)
        machine.restart(index=None)
        machine.work(layers=["sky"], seconds=2.6)
        machine.work_and_save(is_snapshot=False, seconds=2.6)
        machine.ben_forces()
        machine.copy()  # after it the canvas is looked at
        machine.resume(index=3)
        machine.disk(is_full=True, seconds=70.0)
        machine.check()
        assert "s2" in machine.studio.screen.strokes
        assert machine.session.lease.is_changed  # and Ann is asked
    finally:
        machine.teardown()


@pytest.mark.timeout(600)  # what it finds is made small before it is told
def test_no_order_of_events_loses_a_stroke_or_overwrites_a_save(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_drafts_alike(monkeypatch)
    if IS_ALIKE:  # constants of whatever modules are loaded would make other sequences
        monkeypatch.setattr(providers, "_get_local_constants", providers.Constants)
    run_state_machine_as_test(
        CanvasMachine,
        settings=settings(
            max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, database=None,
            print_blob=True, suppress_health_check=list(HealthCheck),
            derandomize=IS_ALIKE,
        ),
    )  # fmt: skip


def test_the_check_itself_notices_a_loss() -> None:
    machine = CanvasMachine()
    machine.begin(touches=True, fences=True, latency=0.0, encode=0.0)
    machine.draw("sky")
    machine.wait(2.5)
    assert machine.protected == {"s1"}
    shutil.rmtree(machine.folder)
    machine.server.canvases[CANVAS].text = json.dumps({"layers": {}, "others": []})
    with pytest.raises(AssertionError, match="s1"):
        machine.check()
    machine.teardown()

"""Stalls: how long the window does not react while a lot goes on behind it.

The real window on the real engine brings 200 files in, takes over 5,000 items that the engine has
already, and scrolls all the time. Meanwhile a timer of the Qt thread ticks every two milliseconds;
a tick that comes late was held up by something. Told in frames of 16.7 ms.

``busy_frames`` is the longest time that the Qt thread itself worked without a tick, and
``frames_unqueued`` (Linux) the longest delay without the time in which it could have run, but other
processes had all processors. On a machine that does nothing else the latter is ``frames``.
"""

from __future__ import annotations

import asyncio
import gc
import operator
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Qt, QTimer

from scenario_desktop import app, first_paint, paths
from scenario_desktop.store import first_look
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui import loop, theme
from tests.bench.sample_files import make_files
from tests.bench.seed_engine import seed

FILES = 200
ASSETS = 5_000
SIDE_PX = 1600
FRAME_MS = 1000 / 60
TICK_MS = 2
STEP_PX = 40
#: The whole may take so long, seconds.
LIMIT_S = 240.0


class Heartbeat(QObject):
    """Notes how late each tick of the Qt thread comes, milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self.busy_ms: list[float] = []
        self.queued_ms: list[float] = []
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self.last = 0.0
        self._last_busy = self._last_queued = 0.0
        self._statistics = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._can_see_queue = self._statistics.exists()

    def start(self) -> None:
        self.last, self._last_busy = time.perf_counter(), time.thread_time()
        self._last_queued = self._queued()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _on_tick(self) -> None:
        now, busy = time.perf_counter(), time.thread_time()
        self.late_ms.append((now - self.last) * 1000 - TICK_MS)
        self.busy_ms.append((busy - self._last_busy) * 1000)
        queued = self._queued()
        self.queued_ms.append(queued - self._last_queued)
        self.last, self._last_busy, self._last_queued = now, busy, queued

    def _queued(self) -> float:
        """Return the milliseconds that the Qt thread has waited for a processor so far."""
        if not self._can_see_queue:
            return 0.0
        return int(self._statistics.read_text().split()[1]) / 1e6


class Witness:
    """For finding causes: says where the Qt thread was while a tick was overdue. Needs POSIX.

    It looks on the Qt thread itself: a reference from elsewhere would keep painters alive.
    """

    def __init__(self, heart: Heartbeat, patience_ms: float = 20.0) -> None:
        self._heart, self._patience_ms = heart, patience_ms
        self._seen: list[str] = []
        self._tick = 0.0
        self.delays: list[tuple[float, list[str]]] = []

    def start(self) -> None:
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def tell(self, most: int = 12) -> None:
        for late_ms, seen in sorted(self.delays, reverse=True)[:most]:
            sys.stderr.write(f"\n=== {late_ms:.0f} ms\n")
            for text, count in Counter(seen).most_common(8):
                sys.stderr.write(f"{count:4d}  {text}\n")

    def _look(self, _number: int, frame: FrameType | None) -> None:
        if self._heart.last != self._tick:
            if self._heart.late_ms and self._heart.late_ms[-1] > self._patience_ms:
                self.delays.append((self._heart.late_ms[-1], self._seen))
            self._tick, self._seen = self._heart.last, []
        lines = [
            f"{inner.f_code.co_filename.rpartition('/')[2]}:{number} {inner.f_code.co_name}"
            for inner, number in traceback.walk_stack(frame)
        ]
        self._seen.append(" < ".join(lines[:7]))


async def drive(program: app.Program, pictures: Path, heart: Heartbeat) -> dict[str, Any]:
    """Import, sync and scroll until all of it is in the library; return what was there."""
    session = program.session
    if session is None:
        raise RuntimeError("the local workspace did not open")
    bench = program.workbench
    grid, gallery = bench.gallery.view.grid, bench.gallery.controller
    bar = grid.verticalScrollBar()
    heart.start()
    begin = time.perf_counter()
    bench.import_files([pictures])
    direction = 1
    frames = 0
    while gallery.count < ASSETS + FILES or bench.imports.run.is_busy:
        await asyncio.sleep(FRAME_MS / 1000)
        if bar.value() >= bar.maximum():
            direction = -1
        elif bar.value() <= 0:
            direction = 1
        # Mostly smooth, now and then a jump to somewhere else.
        step = STEP_PX if frames % 90 else bar.maximum() // 3
        bar.setValue(bar.value() + direction * step)
        frames += 1
        if time.perf_counter() - begin > LIMIT_S:
            raise RuntimeError(f"only {gallery.count} items came within {LIMIT_S:.0f} s")
    heart.stop()
    return {"seconds": round(time.perf_counter() - begin, 1), "items": gallery.count}


def run(*, has_witness: bool = False) -> dict[str, Any]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name:
        folder = Path(name)
        places = paths.under(folder / "program")
        places.make()
        seed(places.engine, ASSETS)
        pictures = folder / "pictures"
        make_files(pictures, FILES, SIDE_PX)
        theme.Theme().apply(theme.make_application(paths.APP_NAME), theme.ThemeMode.DARK)
        shell = first_paint.open_shell(places, first_look.Remembered())
        program = app.Program(places, SettingsStore(places.settings), theme.current(), shell)
        gc.freeze()
        heart = Heartbeat()
        witness = Witness(heart) if has_witness else None

        async def both() -> dict[str, Any]:
            running = asyncio.create_task(program.run())
            try:
                await program.ready.wait()
                if witness is not None:
                    witness.start()
                return await drive(program, pictures, heart)
            finally:
                if witness is not None:
                    witness.stop()
                program.leave()
                await running

        figures = loop.run(both())
    if witness is not None:
        witness.tell()
    late, busy = sorted(heart.late_ms), sorted(heart.busy_ms)
    unqueued = max(map(operator.sub, heart.late_ms, heart.queued_ms))
    return {
        "name": "stall",
        "frames": round(late[-1] / FRAME_MS, 2),
        "busy_frames": round(busy[-1] / FRAME_MS, 2),
        "frames_unqueued": round(unqueued / FRAME_MS, 2),
        "p99_ms": round(late[int(len(late) * 0.99)], 1),
        "p999_ms": round(late[int(len(late) * 0.999)], 1),
        "longest_ms": [round(value, 1) for value in late[-5:]],
        "longest_busy_ms": [round(value, 1) for value in busy[-5:]],
        "ticks": len(late),
        **figures,
    }


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.stdout.write(f"{run(has_witness=True)}\n")

"""Garbage is collected on the Qt thread only.

Python's own collector runs on whatever thread happens to allocate, and destroys there what it
finds. A Qt object in a ring of references may be among it; its timers cannot be stopped from
another thread, they fire later for an object that is gone, and the program crashes.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

#: How often it is looked whether something is to be collected, milliseconds.
SWEEP_MS = 250
#: A full collection is put off until so many times as long as the last one took has passed.
REST = 100


class Sweeper:
    """Collects when told to, by the thresholds that Python's own collector goes by."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._full_from = 0.0

    def sweep(self) -> None:
        """Collect as much as is due, on this thread."""
        is_due, is_middle_due, is_full_due = (
            count > threshold
            for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True)
        )
        if not is_due:
            return
        began = self._clock()
        if not is_full_due or began < self._full_from:
            gc.collect(1 if is_middle_due else 0)
            return
        gc.collect()
        ended = self._clock()
        self._full_from = ended + REST * (ended - began)


@contextmanager
def collected_here() -> Iterator[None]:
    """Collect on this thread, while its Qt loop runs, and on no other."""
    was_enabled = gc.isenabled()
    gc.disable()
    sweeper, timer = Sweeper(), QTimer(interval=SWEEP_MS)
    timer.timeout.connect(sweeper.sweep)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        if was_enabled:
            gc.enable()

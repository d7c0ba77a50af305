"""A start while the window before is still being put away."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from scenario_desktop.ui.one_window import OneWindow


def test_whoever_starts_while_the_first_leaves_waits_for_the_folder(
    qapp: Any, tmp_path: Path
) -> None:
    first, second = OneWindow(tmp_path), OneWindow(tmp_path)
    assert first.take()
    calls: list[bool] = []
    first.listen(lambda: calls.append(True))
    first.fall_silent()
    assert not second.call_first()
    assert not calls
    taken: list[bool] = []
    waiting = threading.Thread(target=lambda: taken.append(second.take(60_000)))
    waiting.start()
    first.release()
    waiting.join()
    assert taken == [True]
    second.release()

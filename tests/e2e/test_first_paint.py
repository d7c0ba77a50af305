"""The whole road: painted from what was left, then taken over by the program behind it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop import first_paint, paths
from scenario_desktop.app import Program
from scenario_desktop.store.first_look import read_settings
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui import theme
from tests.e2e.desk import PATIENCE_S, bring_in, desk, shown
from tests.e2e.hostile import encoded, noise
from tests.support import until

COUNT = 5


@pytest.fixture
def left(tmp_path: Path, qt_loop: Any) -> Path:
    """A data folder that was worked in and closed."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"picture {number}.png").write_bytes(encoded(noise(number, (400, 300))))

    async def work() -> None:
        async with desk(tmp_path / "d") as program:
            await bring_in(program, [folder])
            await shown(program, COUNT)
            grid = program.workbench.gallery.view.grid
            store = program.workbench.store
            await until(lambda: all(store.pixmap(k, grid.frame) for k in grid.visible_keys()))

    qt_loop(work())
    return tmp_path / "d"


def test_the_program_takes_over_what_was_painted(left: Path, qt_loop: Any) -> None:
    places = paths.under(left)
    shell = first_paint.open_shell(places, read_settings(places.settings))
    shell.store.finish(10)
    grid, store = shell.grid, shell.store
    assert len(shell.order) == COUNT

    def drawn() -> list[int]:
        found = [store.pixmap(key, grid.frame) for key in grid.visible_keys()]
        return [picture.cacheKey() for picture in found if picture is not None]

    before = drawn()
    assert len(before) == COUNT
    program = Program(places, SettingsStore(places.settings), theme.current(), shell)
    grid.choose(grid.visible_keys()[1])
    chosen = grid.chosen_keys()

    async def go_on() -> None:
        running = asyncio.create_task(program.run())
        await until(lambda: program.ready.is_set() or running.done(), timeout_s=PATIENCE_S)
        gallery = program.workbench.gallery
        assert gallery.view.grid is grid
        await until(lambda: not gallery.controller.load.is_busy)
        await until(lambda: program.workbench.inspector.keys == tuple(chosen))
        assert (gallery.controller.count, grid.chosen_keys()) == (COUNT, chosen)
        assert drawn() == before
        program.leave()
        await running

    qt_loop(go_on())


def test_nothing_is_imported_that_the_first_paint_does_not_need(left: Path) -> None:
    """Each of these takes as long as painting all cells."""
    heavy = ("asyncio", "ssl", "pydantic", "httpx", "numpy", "PIL", "importlib.metadata")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scenario_desktop import first_paint, paths\n"
        "from scenario_desktop.store.first_look import read_settings\n"
        "places = paths.under(Path(sys.argv[1]))\n"
        "remembered = read_settings(places.settings)\n"
        "first_paint._make_application(remembered)\n"
        "shell = first_paint.open_shell(places, remembered)\n"
        f"print(len(shell.order), [name for name in {heavy!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(left)], capture_output=True, text=True, check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.stdout.strip() == f"{COUNT} []"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_the_command_opens_and_ends_cleanly(left: Path) -> None:
    places = paths.under(left)
    catalogue = places.catalogue("local")
    open_mark = catalogue.with_name(f"{catalogue.name}-open")
    assert not open_mark.exists()
    window = subprocess.Popen(
        [sys.executable, "-m", "scenario_desktop", "--data", str(left)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    async def end() -> None:
        await until(lambda: open_mark.exists() or window.poll() is not None, timeout_s=PATIENCE_S)

    asyncio.run(end())
    window.send_signal(signal.SIGTERM)
    _, said = window.communicate(timeout=PATIENCE_S)
    assert (window.returncode, said) == (0, "")
    assert not open_mark.exists()

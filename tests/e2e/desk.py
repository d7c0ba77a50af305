"""The real program for journeys: its window, its engine process, a data folder of the test's own.

Everything is looked at and done as a user would: through what widgets show and take.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from scenario_desktop import paths
from scenario_desktop.app import Program
from scenario_desktop.items import Item, ItemQuery
from scenario_desktop.services.session import Session
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui import theme
from scenario_desktop.ui.notices import _ErrorCard, _Toast
from tests.support import until

W = TypeVar("W", bound=QWidget)

ROOT = Path(__file__).resolve().parents[2]
#: A machine that has much else to do may take this long for what a user waits for, seconds.
PATIENCE_S = 80.0


@asynccontextmanager
async def desk(folder: Path, *, waits: bool = True) -> AsyncIterator[Program]:
    """Run the program on a data folder and close it as its window would be closed.

    Args:
        waits: until the workspace is open or has failed to open.
    """
    places = paths.under(folder)
    places.make()
    program = Program(places, SettingsStore(places.settings), theme.current())
    running = asyncio.create_task(program.run(), name="program")
    try:
        if waits:
            await until(lambda: program.ready.is_set() or running.done(), timeout_s=PATIENCE_S)
        yield program
    finally:
        program.leave()
        await running


def session_of(program: Program) -> Session:
    assert program.session is not None, "no workspace is open"
    return program.session


async def shown(program: Program, count: int) -> None:
    """Wait until the gallery shows so many items."""
    gallery = program.workbench.gallery.controller
    await until(lambda: gallery.count == count, timeout_s=PATIENCE_S)


async def items(program: Program) -> list[Item]:
    """Return everything in the library, by name."""
    library = session_of(program).library
    found = await library.items(await library.keys(ItemQuery()))
    return sorted(found.values(), key=lambda item: item.name)


def drop(target: QWidget, files: Iterable[Path]) -> None:
    """Drop files from another program onto a widget."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    target.dragEnterEvent(enter)
    assert enter.isAccepted()
    target.dropEvent(QDropEvent(QPointF(50, 50), copy, data, left, none))


async def bring_in(program: Program, files: Iterable[Path]) -> None:
    """Drop files onto the page in front and wait for the end of the import."""
    bench = program.workbench
    page = bench.first_run if bench.window.page == "first_run" else bench.gallery.view
    drop(page, files)
    await until(lambda: not bench.imports.run.is_busy, timeout_s=PATIENCE_S)


def named(window: QWidget, kind: type[W], name: str) -> W:
    """Return the visible widget that assistive tools know by a name beginning so."""
    for widget in window.findChildren(kind):
        if widget.isVisible() and widget.accessibleName().startswith(name):
            return widget
    raise AssertionError(f"there is no {kind.__name__} called {name}: {texts(window)}")


def press(window: QWidget, name: str) -> None:
    """Click the visible button of this name."""
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and name in (button.text(), button.accessibleName()):
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            return
    raise AssertionError(f"there is no button called {name}: {texts(window)}")


def texts(window: QWidget) -> list[str]:
    """Return what the visible labels and buttons say."""
    said: Sequence[Any] = [
        *window.findChildren(QLabel), *window.findChildren(QAbstractButton),
    ]  # fmt: skip
    return [widget.text() for widget in said if widget.isVisible() and widget.text()]


def says(program: Program, text: str) -> bool:
    """Whether a label or button that can be seen says this somewhere."""
    return any(text in said for said in texts(program.window))


def toast(program: Program) -> str:
    """Return what the toast in front says; empty without one."""
    return _notice(program, _Toast)


def error_card(program: Program) -> str:
    """Return message and hint of the error in front; empty without one."""
    return _notice(program, _ErrorCard)


def _notice(program: Program, kind: type[QWidget]) -> str:
    for frame in program.window.findChildren(kind):
        if frame.isVisible():
            return " ".join(label.text() for label in frame.findChildren(QLabel) if label.text())
    return ""


def state_text(program: Program) -> str:
    """Return what the top bar says of the workspace."""
    return program.workbench.topbar_view.state.accessibleName()


class Apart:
    """A window in a process of its own, driven by ``tests.e2e.driver``, that may be killed.

    Attributes:
        said: every line that it has said so far, as values.
    """

    def __init__(
        self,
        data: Path,
        *words: str,
        prefix: Sequence[str] = (),
        before: Callable[[], None] | None = None,
    ) -> None:
        """
        Args:
            prefix: a command that runs the window's.
            before: called in the new process first.
        """
        command = [*prefix, sys.executable, "-m", "tests.e2e.driver", str(data), *words]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=before,
        )
        self.said: list[dict[str, Any]] = []
        self._rest = b""

    def wait_for(self, name: str, *, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Return the next line of this kind."""
        while True:
            line = self._line(timeout_s)
            assert line is not None, f"it ended without {name}: {self.said}"
            self.said.append(line)
            if line["is"] == name:
                return line

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def end(self) -> int:
        """Wait for its end, kill it if need be, and return the exit code."""
        try:
            return self.process.wait(timeout=PATIENCE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()

    def _line(self, timeout_s: float) -> dict[str, Any] | None:
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([pipe], [], [], timeout_s)
            assert ready, f"it says nothing: {self.said}"
            data = os.read(pipe, 65536)
            if not data:
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        value: dict[str, Any] = json.loads(line)
        return value


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def minds_being_ended(pid: int) -> bool:
    """Whether a process answers SIGTERM itself, as the window does from when its loop runs."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def below(pid: int) -> list[int]:
    """Return the processes that one has started, and those that they have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]

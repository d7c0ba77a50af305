"""What every test gets: a real loop, no network, no user folders, and loud failures."""

from __future__ import annotations

import gc
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from scenario_desktop.ui.garbage import Sweeper

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


# The same examples each time, and as much time for each as a busy machine takes.
settings.load_profile("ci")

_sweeper = Sweeper()


def pytest_configure() -> None:
    """Let no thread that a test started destroy what a test of widgets has left: see garbage."""
    gc.disable()


def pytest_runtest_logfinish() -> None:
    _sweeper.sweep()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run plain async tests under anyio; those that ask for ``qt_loop`` run on the Qt loop.

    What takes longest comes first, so that no process has it left when the others are done.
    """
    items.sort(key=lambda item: ("test_tour" not in item.nodeid, "e2e" not in item.path.parts))
    for item in items:
        function = getattr(item, "function", None)
        fixtures = getattr(item, "fixturenames", ())
        if inspect.iscoroutinefunction(function) and "qt_loop" not in fixtures:
            item.add_marker(pytest.mark.anyio)
            # Named here, or anyio's plugin replaces the test's own parameters by its backends.
            if "anyio_backend" not in fixtures:
                item.fixturenames.insert(0, "anyio_backend")  # type: ignore[attr-defined]


@pytest.fixture
def qt_loop(qapp: Any) -> Callable[[Any], Any]:
    """Mark an async test as one for the Qt loop. Never use ``qtbot.wait*`` inside it."""
    from scenario_desktop.ui.loop import run

    return run


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if "qt_loop" not in pyfuncitem.fixturenames:
        return None
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    run_on_qt: Any = pyfuncitem.funcargs["qt_loop"]
    run_on_qt(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(autouse=True)
def _no_unexpected_errors(caplog: pytest.LogCaptureFixture, request: Any) -> Iterator[None]:
    """Fail on a log record at ERROR unless the test says ``@pytest.mark.expects_errors``."""
    yield
    if request.node.get_closest_marker("expects_errors"):
        return
    records = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not records, "\n".join(record.getMessage() for record in records)

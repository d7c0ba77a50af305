"""Engines for contract tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.engine import work
from tests.contract.engine_support import EngineProcess, Local, local_engine


@pytest.fixture(scope="session")
def engine_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """One engine as a process, shared by all tests; make your own data in it."""
    engine = EngineProcess(tmp_path_factory.mktemp("engine") / "data", "--processes", "1")
    yield engine
    assert engine.stop() == 0


@pytest.fixture
def never_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let engines take work in and never begin it."""

    async def never(_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(work.WorkQueue, "_dispatch", never)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    """An engine of the test's own, empty, inside its loop."""
    async with local_engine(tmp_path / "engine") as local:
        yield local

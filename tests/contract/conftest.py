"""Engines for contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.engine_support import EngineProcess, Local, local_engine


@pytest.fixture(scope="session")
def engine_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """One engine as a process, shared by all tests; make your own data in it."""
    engine = EngineProcess(tmp_path_factory.mktemp("engine") / "data", "--processes", "1")
    yield engine
    assert engine.stop() == 0


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    """An engine of the test's own, empty, inside its loop."""
    async with local_engine(tmp_path / "engine") as local:
        yield local

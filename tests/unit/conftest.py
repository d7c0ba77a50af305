"""What several of the unit tests begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.canvas_room import Ann


@pytest.fixture
async def ann(tmp_path: Path) -> Any:
    """Somebody with a canvas open."""
    studio = Ann(tmp_path / "drafts")
    await studio.open()
    yield studio
    if studio.session is not None:
        await studio.crash()

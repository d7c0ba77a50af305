"""What all workspaces of a program share, for tests that open a session of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scenario_desktop import paths
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.services.session import Shared
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger
from scenario_desktop.store.thumbnails import ThumbnailCache
from tests.fakes import FakeSettings


@asynccontextmanager
async def shared_services(folder: Path) -> AsyncIterator[Shared]:
    """Open it in a folder, with one worker and no limit on spending."""
    places = paths.under(folder)
    places.make()
    cache = ThumbnailCache(places.thumbnails, 10**7)
    ledger = Ledger(places.ledger)
    await cache.open()
    await ledger.open()
    pool = WorkerPool(1)
    yield Shared(places, pool, cache, ledger, SpendingGuard(FakeSettings()))
    await pool.aclose()
    await ledger.aclose()
    await cache.aclose()

"""A catalogue of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from scenario_desktop.items import ItemQuery
from scenario_desktop.store.catalogue import Catalogue


@asynccontextmanager
async def open_catalogue(folder: Path) -> AsyncIterator[Catalogue]:
    """Open a new one in a folder."""
    catalogue = Catalogue(folder / "w.sqlite")
    await catalogue.open()
    yield catalogue
    await catalogue.aclose()


async def ids(catalogue: Catalogue, **query: Any) -> list[str]:
    """Return the ids that a query finds, in its order."""
    keys = await catalogue.ordered_keys(ItemQuery(**query))
    items = await catalogue.items(keys)
    return [items[key].id for key in keys]

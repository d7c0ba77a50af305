"""What the catalogue remembers of the second service's sync. Light: every session asks for it."""

from __future__ import annotations

from typing import Final

from scenario_desktop.items import Source
from scenario_desktop.store.catalogue import Catalogue

#: Meta: whose generations the catalogue holds.
PLACE: Final = "sartiq.place"
#: Meta: how far the first walk came; ``ALL`` once it has seen the end.
REACHED: Final = "sartiq.sync.reached"
ALL: Final = "all"
#: Meta: how many records the rounds of tidying have passed.
TIDIED: Final = "sartiq.sync.tidied"


async def forget(catalogue: Catalogue) -> None:
    """Take all that was synced out of a catalogue, for a workspace that has left the service."""
    if await catalogue.get_meta(PLACE) is not None:
        await catalogue.purge_source(Source.SARTIQ)
        for name in (PLACE, REACHED, TIDIED):
            await catalogue.set_meta(name, None)

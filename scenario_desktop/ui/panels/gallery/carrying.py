"""What is chosen, carried over into a new order of the gallery.

Apart from the selection itself, which the first paint needs and which therefore knows no asyncio.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.selection import Selection, kept, spelled_out


class Chooser(Protocol):
    """Where something is chosen in an order."""

    @property
    def order(self) -> KeyOrder: ...

    @property
    def selection(self) -> Selection: ...


async def chosen_in(order: KeyOrder, grid: Chooser, *, is_same: bool) -> set[int] | None:
    """Return what stays chosen in a new order, None where it can stay as it is.

    Args:
        is_same: the new order has the same items as the one before.
    """
    while True:
        selection = grid.selection
        changes = selection.changes
        chosen = await _kept_in(order, grid.order, selection, is_same=is_same)
        if selection is grid.selection and selection.changes == changes:
            return chosen  # else somebody chose anew meanwhile


async def _kept_in(
    order: KeyOrder, before: KeyOrder, selection: Selection, *, is_same: bool
) -> set[int] | None:
    if not len(selection):
        return None
    if selection.is_all:
        if is_same:
            return None
        chosen = await asyncio.to_thread(spelled_out, selection, before)
        return await asyncio.to_thread(kept, chosen, order)
    return await asyncio.to_thread(kept, selection.few(), order)

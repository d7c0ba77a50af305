"""Deleting items of either service: to the trash where there is one, else for good."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from scenario_desktop.errors import Unauthorised
from scenario_desktop.items import Source
from scenario_desktop.services.library import Library
from scenario_desktop.services.sartiq.deletion import (
    DeleteOutcome,
    DeletePlan,
    Deletion,
    OnDeleted,
)

__all__ = ["DeleteOutcome", "DeletePlan", "Deleting"]


class HasDeletion(Protocol):
    """The part of the second half that is used here."""

    @property
    def deletion(self) -> Deletion: ...


class Deleting:
    """Says what a deletion takes, and does it once that was agreed to."""

    def __init__(self, library: Library, half: HasDeletion | None) -> None:
        self._library = library
        self._half = half

    async def plan(self, keys: Collection[int]) -> DeletePlan:
        """Return what deleting items takes; ask the user where ``is_final``."""
        found = await self._library.items(keys)
        items = [found[key] for key in keys if key in found]
        assets = tuple(item for item in items if item.source is Source.SCENARIO)
        theirs = [item for item in items if item.source is Source.SARTIQ]
        if not theirs:
            return DeletePlan(assets=assets)
        return replace(await self._deletion().plan(theirs), assets=assets)

    async def run(self, plan: DeletePlan, *, on_progress: OnDeleted | None = None) -> DeleteOutcome:
        """Delete what a plan names; assets go to the trash, with undo.

        Args:
            on_progress: told between requests how many of how many are done; False ends it there.

        Returns:
            What became of predictions and refines.

        Raises:
            AppError: a server cannot be reached or has refused; what is gone by then is gone here.
        """
        if plan.assets:
            await self._library.delete([item.key for item in plan.assets])
        if not plan.is_final:
            return DeleteOutcome()
        return await self._deletion().run(plan, on_progress=on_progress)

    async def delete_generation(self, generation_id: str) -> None:
        """Delete a generation with everything in it, for good.

        Raises:
            AppError: it was not deleted.
        """
        await self._deletion().delete_generation(generation_id)

    async def plan_generation(self, generation_id: str) -> DeletePlan:
        """Return what deleting a whole generation takes."""
        return await self._deletion().plan_generation(generation_id)

    def _deletion(self) -> Deletion:
        if self._half is None:
            raise Unauthorised(
                "There is no connection to Sartiq.",
                hint="Add it to this workspace in the settings, then try again.",
            )
        return self._half.deletion

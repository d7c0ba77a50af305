"""Deleting predictions and refines: planned first, because it is final and may take more along.

The service keeps no trash. It does not let the last prediction of a generation go alone: either the
generation goes as a whole, or the prediction stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    Conflict,
    NotFound,
    Offline,
    Refused,
    TimedOut,
    Unauthorised,
)
from scenario_desktop.items import Item
from scenario_desktop.services.words import counted
from scenario_desktop.store.catalogue import Catalogue

if TYPE_CHECKING:  # the models take some 50 ms to import
    from scenario_desktop.api.models.sartiq.answers import BulkDeleteResponse, Message
    from scenario_desktop.services.sartiq.library import SartiqLibrary

#: Predictions in one request; the service names no limit.
BATCH: Final = 100
#: Generations that are read anew before it is said what goes; the library's word for the rest.
MOST_ASKED: Final = 200
#: So long the question whether to delete waits for the service, seconds.
ASK_S: Final = 6.0
#: Failures that all further requests would meet as well.
_ENDING: Final = (Offline, TimedOut, Unauthorised)


#: Told between requests (done, all of them); False ends it there.
OnDeleted = Callable[[int, int], bool]


class DeletionClient(Protocol):
    """The part of the API client that is used here."""

    async def delete_prediction(self, prediction_id: str) -> Message: ...
    async def delete_predictions(self, prediction_ids: Iterable[str]) -> BulkDeleteResponse: ...
    async def delete_refine(self, refine_id: str) -> Message: ...
    async def delete_generation(self, generation_id: str) -> Message: ...


@dataclass(frozen=True, slots=True)
class WholeGeneration:
    """A generation that goes with all its predictions."""

    id: str
    name: str
    predictions: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """What deleting some items takes.

    Attributes:
        assets: Scenario's, which go to its trash and can be brought back.
        predictions: those that go alone; their generation keeps others.
        refines: those that go alone; their prediction stays.
        whole_generations: those that lose their last prediction and so go themselves.
        is_told: the service has just said what these generations hold; else there may be more.
    """

    assets: tuple[Item, ...] = ()
    predictions: tuple[Item, ...] = ()
    refines: tuple[Item, ...] = ()
    whole_generations: tuple[WholeGeneration, ...] = ()
    is_told: bool = True

    @property
    def final_count(self) -> int:
        """How many predictions and refines go for good."""
        whole = sum(len(one.predictions) for one in self.whole_generations)
        return len(self.predictions) + len(self.refines) + whole

    @property
    def is_final(self) -> bool:
        """Whether something of it cannot be brought back: ask first."""
        return bool(self.predictions or self.refines or self.whole_generations)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What will happen, for who is asked."""
        said: list[str] = []
        whole = self.whole_generations
        its, their = ("its", "their") if self.is_told else ("at least", "at least")
        if self.predictions:
            verb = "is" if len(self.predictions) == 1 else "are"
            said.append(f"{_which(self.predictions, 'prediction')} {verb} deleted for good.")
        if len(whole) == 1:
            held = len(whole[0].predictions)
            count = f"{its} {counted(held, 'prediction')} and " if held else ""
            said.append(
                f"The generation “{whole[0].name}” goes as a whole, with {count}what was "
                "uploaded for it."
            )
        elif whole:
            count = counted(sum(len(one.predictions) for one in whole), "prediction")
            said.append(
                f"{len(whole):,} generations go as a whole, with {their} {count} and what was "
                "uploaded for them."
            )
        if self.refines:
            verb = "is" if len(self.refines) == 1 else "are"
            said.append(f"{_which(self.refines, 'refine')} {verb} deleted for good.")
        if self.predictions or whole:
            is_one = len(self.predictions) == 1 and not whole
            said.append("Its refines go with it." if is_one else "Their refines go with them.")
        if self.is_final:
            said.append("Sartiq has no trash: this cannot be undone.")
        if self.assets:
            verb = "moves" if len(self.assets) == 1 else "move"
            said.append(f"{_which(self.assets, 'item')} of Scenario {verb} to the trash.")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class FailedDelete:
    """An item that stays.

    Attributes:
        generation: where only that stands in the way: the whole that could be deleted instead.
    """

    item: Item
    error: AppError
    generation: WholeGeneration | None = None


@dataclass(frozen=True, slots=True)
class DeleteOutcome:
    """What became of a plan.

    Attributes:
        deleted: how many items are gone, predictions and refines.
        left: how many were not tried, because it was stopped.
    """

    deleted: int = 0
    failed: tuple[FailedDelete, ...] = ()
    left: int = 0


@dataclass(slots=True)
class _Work:
    """What one run has done so far; ``gone`` are generations."""

    count: int = 0
    failed: list[FailedDelete] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    total: int = 0
    on_progress: OnDeleted | None = None

    @property
    def is_stopped(self) -> bool:
        """Tell how far it is; whether it is to end here."""
        done = self.count + len(self.failed)
        return self.on_progress is not None and not self.on_progress(done, self.total)


class Deletion:
    """Plans and carries out deletions."""

    def __init__(self, client: DeletionClient, catalogue: Catalogue, items: SartiqLibrary) -> None:
        self._client = client
        self._catalogue = catalogue
        self._items = items

    async def plan(self, items: Sequence[Item]) -> DeletePlan:
        """Return what deleting these items of Sartiq takes, by the service's own word if it can."""
        groups = list(dict.fromkeys(item.group_id for item in items if item.group_id))
        is_told = await self._ask(groups)
        members: dict[str, list[Item]] = {}
        for member in await self._catalogue.group_items(groups):
            if member.is_prediction and member.group_id:
                members.setdefault(member.group_id, []).append(member)
        wanted = {item.id for item in items}
        whole = tuple(
            WholeGeneration(group, found[0].name, tuple(found))
            for group, found in members.items()
            if all(member.id in wanted for member in found)
        )
        going = {member.id for one in whole for member in one.predictions}
        alone = tuple(i for i in items if i.is_prediction and i.id not in going)
        going |= {item.id for item in alone}
        refines = tuple(i for i in items if i.is_refine and i.parent_id not in going)
        return DeletePlan(
            predictions=alone, refines=refines, whole_generations=whole, is_told=is_told
        )

    async def plan_generation(self, generation_id: str) -> DeletePlan:
        """Return what deleting a generation with all it holds takes."""
        is_told = await self._ask([generation_id])
        members = await self._catalogue.group_items([generation_id])
        predictions = tuple(member for member in members if member.is_prediction)
        name = predictions[0].name if predictions else generation_id[:8]
        whole = WholeGeneration(generation_id, name, predictions)
        return DeletePlan(whole_generations=(whole,), is_told=is_told)

    async def _ask(self, generation_ids: Sequence[str]) -> bool:
        """Read what generations hold by now; whether all of it was told.

        Others may have made more of it, or taken some away, since the library looked.
        """
        asked = list(generation_ids)[:MOST_ASKED]
        try:
            async with asyncio.timeout(ASK_S):
                brought = await self._items.read_generations(asked)
        except (AppError, TimeoutError):  # the question can be asked without: it says so
            return False
        await self._items.absorb(brought.generations)
        await self._items.drop(brought.gone)
        return len(asked) == len(generation_ids)

    async def run(self, plan: DeletePlan, *, on_progress: OnDeleted | None = None) -> DeleteOutcome:
        """Delete what a plan names, Scenario's assets aside; what fails stays and is told.

        Args:
            on_progress: told between requests; may end it there.

        Raises:
            AppError: the server cannot be reached or wants a new login. What is gone by then is
                gone here, too.
        """
        work = _Work(total=plan.final_count, on_progress=on_progress)
        touched = {item.group_id for item in (*plan.predictions, *plan.refines) if item.group_id}
        touched |= {one.id for one in plan.whole_generations}
        try:
            for refine in plan.refines:
                if work.is_stopped:
                    break
                await self._one(work, refine, self._client.delete_refine)
            if len(plan.predictions) == 1:
                await self._one(work, plan.predictions[0], self._client.delete_prediction)
            else:
                for start in range(0, len(plan.predictions), BATCH):
                    if work.is_stopped:
                        break
                    await self._batch(work, plan.predictions[start : start + BATCH])
            await self._whole(work, plan.whole_generations)
        finally:
            await self._items.drop(sorted(work.gone))
            # The server's word on the rest: answers may be incomplete, or may not have come.
            with contextlib.suppress(AppError):  # the next pass of the sync will see
                await self._items.bring(sorted(touched - work.gone))
        left = max(0, work.total - work.count - len(work.failed))
        return DeleteOutcome(work.count, tuple(work.failed), left)

    async def delete_generation(self, generation_id: str) -> None:
        """Delete a generation with everything in it.

        Raises:
            AppError: it was not deleted.
        """
        with contextlib.suppress(NotFound):  # as wished
            await self._client.delete_generation(generation_id)
        await self._items.drop([generation_id])

    async def _one(
        self, work: _Work, item: Item, delete: Callable[[str], Awaitable[object]]
    ) -> None:
        try:
            await delete(item.id)
        except NotFound:  # somebody was faster
            work.count += 1
        except _ENDING:
            raise
        except AppError as error:
            whole = await self._generation_of(item) if isinstance(error, Conflict) else None
            work.failed.append(FailedDelete(item, error, whole))
        else:
            work.count += 1

    async def _generation_of(self, item: Item) -> WholeGeneration | None:
        """Return the generation that could go in a prediction's place."""
        if not item.is_prediction or not item.group_id:
            return None
        await self._ask([item.group_id])
        members = await self._catalogue.group_items([item.group_id])
        predictions = tuple(member for member in members if member.is_prediction)
        return WholeGeneration(item.group_id, item.name, predictions)

    async def _whole(self, work: _Work, whole: Sequence[WholeGeneration]) -> None:
        """Delete whole generations; small ones by naming all they have, many at once."""
        small: list[Item] = []
        for one in whole:
            if not small and work.is_stopped:
                return
            if len(whole) == 1 or len(one.predictions) > BATCH:
                await self._generation(work, one)
                continue
            if len(small) + len(one.predictions) > BATCH:
                await self._batch(work, small)
                small = []
                if work.is_stopped:
                    return
            small += one.predictions
        if small:
            await self._batch(work, small)

    async def _generation(self, work: _Work, one: WholeGeneration) -> None:
        try:
            await self.delete_generation(one.id)
        except _ENDING:
            raise
        except AppError as error:
            work.failed += [FailedDelete(item, error) for item in one.predictions]
        else:
            work.count += len(one.predictions)
            work.gone.add(one.id)

    async def _batch(self, work: _Work, items: Sequence[Item]) -> None:
        try:
            answer = await self._client.delete_predictions([item.id for item in items])
        except _ENDING:
            raise
        except AppError as error:
            work.failed += [FailedDelete(item, error) for item in items]
            return
        reasons = {one.prediction_id: one.error for one in answer.failed_predictions}
        work.gone.update(answer.deleted_generations)
        for item in items:
            is_told = item.id in answer.deleted_predictions or item.group_id in work.gone
            if item.id in reasons:
                work.failed.append(FailedDelete(item, _refused(item, reasons[item.id])))
            elif is_told or not answer.failed_count:
                work.count += 1
            else:
                doubt = BadAnswer(f"Sartiq did not say whether “{item.name}” was deleted.")
                work.failed.append(FailedDelete(item, doubt))


def _refused(item: Item, reason: str) -> Refused:
    return Refused(
        f"“{item.name}” was not deleted.",
        hint="It may be used by a shot, or belong to somebody else.",
        details=reason,
    )


def _which(items: Sequence[Item], noun: str) -> str:
    return f"“{items[0].name}”" if len(items) == 1 else counted(len(items), noun)

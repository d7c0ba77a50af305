"""A generation as a whole: what was asked, what came of it, what differs from the last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from scenario_desktop.api.models.sartiq.answers import (
    GenerationPublic,
    GenerationStats,
    ShotRevisionPublic,
)
from scenario_desktop.api.models.sartiq.requests import GenerationUpdate
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobView
from scenario_desktop.services.sartiq.library import Brought
from scenario_desktop.services.sartiq.pictures import PictureRef, slots_of
from scenario_desktop.services.sartiq.run_jobs import AGENTIC, GENERATION, REFINE, run_id
from scenario_desktop.services.sartiq.run_kinds import MODELS, Op

#: How far back the one before is looked for, days; a step that finds one ends it.
_STEPS_DAYS: Final = (1, 7, 60)
#: So many of one step are looked at.
_MOST: Final = 200
#: A tool's word, without case and strokes → the kind of run that it is of.
_TOOLS: Final = {
    "edit": Op.EDIT, "subjectswap": Op.EDIT, "productenhancement": Op.EDIT, "video": Op.VIDEO,
    "imageadjuster": Op.ADJUST, "backgroundfix": Op.BACKGROUND, "facefixer": Op.FACES,
    "refine": Op.REFINE,
}  # fmt: skip
#: Names of a request's fields that an answer has under another name.
_ANSWERED: Final = {"workflow": "generation_type", "prompt": "extra_prompt"}


class GenerationsClient(Protocol):
    """The part of the API client that is used here."""

    async def generation_stats(self, generation_id: str) -> GenerationStats: ...
    async def update_generation(
        self, generation_id: str, update: GenerationUpdate
    ) -> GenerationPublic: ...
    async def list_revisions(self, prediction_id: str) -> Sequence[ShotRevisionPublic]: ...


class Generations(Protocol):
    """The part of the second half's library that is used here."""

    async def absorb(self, generations: Sequence[GenerationPublic]) -> None: ...
    async def drop(self, generation_ids: Iterable[str]) -> None: ...
    async def generation(self, generation_id: str) -> GenerationPublic | None: ...
    async def generations_of(self, prediction_ids: Iterable[str]) -> dict[str, str]: ...
    async def read_generations(self, ids: Sequence[str]) -> Brought: ...


class Kept(Protocol):
    """Which generations are known here."""

    async def generations_between(
        self, oldest: datetime | None = None, newest: datetime | None = None
    ) -> list[str]: ...


class GroupItems(Protocol):
    """The items of a generation."""

    async def generation_items(self, generation_id: str) -> list[Item]: ...


class Sent(Protocol):
    """What was sent from here."""

    @property
    def rows(self) -> Sequence[JobView]: ...


class Drafts(Protocol):
    """What a row was made from."""

    def draft_of(
        self, row_id: str
    ) -> tuple[Op, dict[str, Any], Mapping[str, Sequence[PictureRef]]]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a generation was asked for.

    Attributes:
        body: field to value, as it goes over the wire; no pictures.
        pictures: known only of what was sent from here.
        is_whole: it was sent from here: nothing is missing.
    """

    op: Op
    body: Mapping[str, Any]
    pictures: Mapping[str, Sequence[PictureRef]]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A generation with its items.

    Attributes:
        error: why it is shown as it was known here, and not read anew.
    """

    generation: GenerationPublic
    items: tuple[Item, ...]
    asked: Asked
    stats: GenerationStats | None = None
    previous: Asked | None = None
    error: AppError | None = None


class RunGenerations:
    """Reads generations, and changes what can be changed of them."""

    def __init__(
        self,
        client: GenerationsClient,
        generations: Generations,
        kept: Kept,
        items: GroupItems,
        sent: Sent,
        drafts: Drafts,
    ) -> None:
        self._client, self._generations, self._kept = client, generations, kept
        self._items, self._sent, self._drafts = items, sent, drafts

    async def read(self, generation_id: str) -> Whole:
        """Return a generation, read anew where the service can be reached.

        Raises:
            NotFound: the service does not have it any more; it is gone here, too.
            AppError: it could not be read, and nothing is known of it here.
        """
        trouble: AppError | None = None
        stats: GenerationStats | None = None
        found: GenerationPublic | None = None
        try:
            brought = await self._generations.read_generations([generation_id])
            if not brought.generations:
                await self._generations.drop([generation_id])
                raise NotFound("This generation is no longer in Sartiq.")
            found = brought.generations[0]
            await self._generations.absorb([found])
            stats = await self._client.generation_stats(generation_id)
        except NotFound:
            raise
        except AppError as error:
            trouble = error
            found = found or await self._generations.generation(generation_id)
            if found is None:
                raise
        items = await self._items.generation_items(generation_id)
        previous = await self.previous(found)
        return Whole(
            found,
            tuple(items),
            self.asked(found),
            stats,
            self.asked(previous) if previous is not None else None,
            trouble,
        )

    async def of_job(self, job_id: str) -> str:
        """Return the generation that a job is of; empty where that is not known."""
        found = run_id(job_id)
        if found is None:
            return ""
        if found.kind == REFINE:
            return (await self._generations.generations_of([found.other])).get(found.other, "")
        return {GENERATION: found.id, AGENTIC: found.other}.get(found.kind, "")

    async def previous(self, generation: GenerationPublic) -> GenerationPublic | None:
        """Return the last one of the same kind before a generation, as far as it is known here."""
        newest = generation.created_at
        if newest is None:
            return None
        kind = op_of(generation)
        for days in _STEPS_DAYS:
            oldest = newest - timedelta(days=days)
            ids = await self._kept.generations_between(oldest, newest)
            found: list[GenerationPublic] = []
            for one in ids[-_MOST:]:
                known = await self._generations.generation(one) if one != generation.id else None
                is_before = known is not None and known.created_at and known.created_at <= newest
                if known is not None and is_before and op_of(known) is kind:
                    found.append(known)
                await asyncio.sleep(0)
            if found:
                return max(found, key=lambda g: (g.created_at or oldest, g.id))
        return None

    def asked(self, generation: GenerationPublic) -> Asked:
        """Return what a generation was asked for: exactly where it was sent from here."""
        for row in self._sent.rows:
            found = run_id(row.job_id) if row.job_id else None
            is_it = found is not None and generation.id in (found.id, found.other)
            if is_it and found is not None and found.kind in (GENERATION, AGENTIC):
                op, body, pictures = self._drafts.draft_of(row.id)
                if op is not Op.REFINE:
                    return Asked(op, body, pictures, True)
        return _told(generation)

    async def set_revised(self, generation_id: str, is_revised: bool) -> GenerationPublic:
        """Set or clear the mark "revised".

        Raises:
            AppError: it could not be changed.
        """
        return await self._client.update_generation(
            generation_id, GenerationUpdate(revised=is_revised)
        )

    async def revisions(self, prediction_id: str) -> Sequence[ShotRevisionPublic]:
        """Return the versions of shots that use a prediction.

        Raises:
            AppError: they could not be read.
        """
        return await self._client.list_revisions(prediction_id)


def op_of(generation: GenerationPublic) -> Op:
    """Tell the kind of run that a generation is of, by its tool's word or what it holds."""
    tool = "".join(letter for letter in (generation.tool or "").casefold() if letter.isalpha())
    if tool in _TOOLS:
        return _TOOLS[tool]
    if generation.generation_type.casefold() == "agentic":
        return Op.AGENTIC
    is_video = any(p.video_url for p in generation.predictions)
    return Op.VIDEO if is_video else Op.GENERATE


def _told(generation: GenerationPublic) -> Asked:
    """Return what an answer repeats of the request; addresses of pictures expire and are left."""
    op = op_of(generation)
    model = MODELS[op]
    skipped = {*slots_of(model), "status", "organization_id"}
    said = generation.model_fields_set
    body: dict[str, Any] = {}
    for name in model.model_fields:
        source = _ANSWERED.get(name, name) if not hasattr(generation, name) else name
        value = getattr(generation, source, None)
        if name not in skipped and source in said and value is not None:
            body[name] = list(value) if isinstance(value, tuple) else value
    # What equals the default need not be told; what the model refuses is no field of a form.
    defaults = {name: field.default for name, field in model.model_fields.items()}
    kept = {name: value for name, value in body.items() if defaults.get(name) != value}
    return Asked(op, kept, {}, False)

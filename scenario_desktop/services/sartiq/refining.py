"""What is to be refined, sorted into the three roads that the service has, and told in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scenario_desktop.items import PREDICTION, REFINE, Item, Source
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.words import counted


class Road(StrEnum):
    """How the service takes an input."""

    UPLOAD = "upload"
    PREDICTION = "prediction"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class RefineInput:
    """One thing to refine.

    Attributes:
        picture: what is handed over; None for predictions and refines, which the service has.
        prediction_id: of a prediction, or that a refine belongs to.
        refine_id: of a refine that is refined again.
        item_id: the library's item; empty for a file.
        width: pixels before; None where unknown. height likewise.
    """

    name: str
    road: Road
    picture: PictureRef | None = None
    prediction_id: str = ""
    refine_id: str = ""
    item_id: str = ""
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, source: Item | Path) -> RefineInput:
        """Return how an item or a file is refined.

        What cannot be refined, such as a video, is the caller's to keep out.
        """
        if isinstance(source, Path):
            return cls(source.name, Road.UPLOAD, picture=PictureRef.of(source))
        road, prediction, refine = Road.UPLOAD, "", ""
        if source.source is Source.SARTIQ and source.type == PREDICTION:
            road, prediction = Road.PREDICTION, source.id
        elif source.source is Source.SARTIQ and source.type == REFINE and source.parent_id:
            road, prediction, refine = Road.CHAIN, source.parent_id, source.id
        return cls(
            source.name, road,
            picture=PictureRef.of(source) if road is Road.UPLOAD else None,
            prediction_id=prediction, refine_id=refine, item_id=source.id,
            width=source.width, height=source.height,
        )  # fmt: skip

    def size_after(self, settings: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return the result's width and height in pixels; None where that cannot be told."""
        width, height = settings.get("width"), settings.get("height")
        if width and height:
            return int(width), int(height)
        scale = settings.get("scale_factor")
        if not scale or self.width is None or self.height is None:
            return None
        return round(self.width * scale), round(self.height * scale)


@dataclass(frozen=True, slots=True)
class RefinePlan:
    """What a refine request will do, before it does it.

    Attributes:
        inputs: in the order chosen, each once.
        settings: size, prompt and model as they go over the wire, without what is refined.
    """

    inputs: tuple[RefineInput, ...]
    settings: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The plan in words: "3 pictures are uploaded, 2 predictions refined, 1 refine chained"."""
        counts = {road: sum(i.road is road for i in self.inputs) for road in Road}
        parts: list[str] = []
        if uploads := counts[Road.UPLOAD]:
            verb = "is" if uploads == 1 else "are"
            parts.append(f"{counted(uploads, 'picture')} {verb} uploaded")
        if predictions := counts[Road.PREDICTION]:
            verb = "" if parts else "is " if predictions == 1 else "are "
            parts.append(f"{counted(predictions, 'prediction')} {verb}refined")
        if chained := counts[Road.CHAIN]:
            verb = "" if parts else "is " if chained == 1 else "are "
            parts.append(f"{counted(chained, 'refine')} {verb}refined again")
        return ", ".join(parts)

    def groups(self, limit: int) -> list[list[int]]:
        """Return which inputs leave together, by their places.

        A request names a prediction once, so two refines of one prediction leave in two requests.

        Args:
            limit: inputs in one request.
        """
        groups: list[list[int]] = []
        taken: list[set[str]] = []
        for place, each in enumerate(self.inputs):
            key = each.prediction_id
            for group, names in zip(groups, taken, strict=True):
                if len(group) < limit and key not in names:
                    group.append(place)
                    break
            else:
                groups.append(group := [place])
                taken.append(names := set())
            if key:
                names.add(key)
        return groups


def plan_refine(sources: Sequence[Item | Path], settings: Mapping[str, Any]) -> RefinePlan:
    """Sort what was chosen into the service's roads; whatever stands there twice counts once."""
    inputs = dict.fromkeys(RefineInput.of(source) for source in sources)
    return RefinePlan(tuple(inputs), dict(settings))

"""What is done with pictures here, and what is said of work that needs a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenario_desktop.engine.sartiq.words import Operation
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import edit_tasks
from scenario_desktop.imaging.edit_tasks import EditedFile


class NeedsModel(BadInput):
    """Work that no engine does without a learned model."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function for a worker, and what it is called with."""

    function: Callable[..., EditedFile]
    arguments: Sequence[Any]


_NEED_A_MODEL = {
    Operation.CREATE: "Making pictures from text",
    Operation.AGENTIC: "Making and judging pictures",
    Operation.EDIT: "Editing by words",
    Operation.VIDEO: "Making videos",
}
_INSTEAD = (
    "Here you can refine, resize, recolour backgrounds and mend faces; use a cloud workspace for"
    " the rest."
)


def needs_model(what: str) -> NeedsModel:
    return NeedsModel(
        f"{what} needs a learned model, and the engine on this computer has none.", hint=_INSTEAD
    )


def call_of(
    operation: Operation, parameters: Mapping[str, Any], sources: Sequence[Path], target: Path
) -> Call:
    """Return the work of one prediction or refine.

    Args:
        sources: the pictures it is made from, the one worked on first.

    Raises:
        NeedsModel: there is no such work here.
        BadInput: a picture that it is made from is missing.
    """
    if operation in _NEED_A_MODEL:
        raise needs_model(_NEED_A_MODEL[operation])
    if not sources:
        raise BadInput(
            "The picture it starts from has been removed.", hint="Choose another one and try again."
        )
    if operation is Operation.REFINE:
        return Call(edit_tasks.refine_file, (sources[0], target, dict(parameters)))
    if operation is Operation.IMAGE_ADJUSTER:
        return Call(edit_tasks.adjust_file, (sources[0], target, dict(parameters), *sources[1:2]))
    if operation is Operation.BACKGROUND_FIX:
        return Call(edit_tasks.background_file, (sources[0], target, sources[1]))
    return Call(edit_tasks.face_file, (sources[0], target))

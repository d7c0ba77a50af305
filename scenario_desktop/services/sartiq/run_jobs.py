"""Generations, refines, agentic runs and tasks as jobs, so that one list follows them all.

A job's id says what it is of: ``generation:G``, ``refine:P:R``, ``agentic:S:G``, ``task:T``,
``training:T``, ``refine-task:T``, with the service's own ids behind the colons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scenario_desktop.api.models.jobs import Job, JobMetadata
from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotStatus,
    ExperimentalTaskPublic,
    GenerationPublic,
    PredictionPublic,
    RefinePublic,
)
from scenario_desktop.api.models.sartiq.facts import (
    End,
    agentic_end,
    experimental_end,
    generation_end,
    prediction_end,
    refine_end,
)
from scenario_desktop.services.words import counted

GENERATION: Final = "generation"
REFINE: Final = "refine"
AGENTIC: Final = "agentic"
TASK: Final = "task"
TRAINING: Final = "training"
REFINE_TASK: Final = "refine-task"
#: Kinds that are not followed: what is asked for is done once they are started.
STARTED: Final = frozenset({TRAINING, REFINE_TASK})

_STATUS: Final = {End.RUNNING: "in-progress", End.DONE: "success", End.FAILED: "failure"}
_WAITING_WORDS: Final = frozenset({"pending", "queued", "waiting", "created"})


@dataclass(frozen=True, slots=True)
class RunId:
    """What a job's id is made of.

    Attributes:
        kind: GENERATION, REFINE, AGENTIC, TASK, TRAINING or REFINE_TASK.
        id: of the generation, the refine, the orchestrated shot or the task; of what was started
            it is empty where the answer named none.
        other: for a refine its prediction, for an agentic run its generation; else empty.
    """

    kind: str
    id: str
    other: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "refine":
                return f"{REFINE}:{self.other}:{self.id}"
            case "agentic":
                return f"{AGENTIC}:{self.id}:{self.other}"
        return f"{self.kind}:{self.id}"


def run_id(job_id: str) -> RunId | None:
    """Return the parts of a job's id; None for one that is not of this service."""
    match job_id.split(":"):
        case ["refine", prediction, refine]:
            return RunId(REFINE, refine, prediction)
        case ["agentic", shot, generation]:
            return RunId(AGENTIC, shot, generation)
        case ["generation" | "task" as kind, one]:
            return RunId(kind, one)
        case ["training" | "refine-task" as kind, *rest]:
            return RunId(kind, ":".join(rest))
    return None


def job_of_generation(generation: GenerationPublic) -> Job:
    """Return a generation's state; its results are the predictions that are good."""
    predictions = generation.predictions
    ends = [prediction_end(prediction) for prediction in predictions]
    failed = [p for p, end in zip(predictions, ends, strict=True) if end is End.FAILED]
    done = [p.id for p, end in zip(predictions, ends, strict=True) if end is End.DONE]
    error = next((p.error_message for p in failed if p.error_message), None)
    total = max(len(predictions), generation.batch_size or 0)
    end = generation_end(generation)
    status = _STATUS[end]
    if end is End.RUNNING and not (done or failed) and _all_wait(predictions):
        status = "pending"
    some_failed = counted(len(failed), "picture") if failed and done else ""
    return Job(
        job_id=str(RunId(GENERATION, generation.id)), job_type=GENERATION, status=status,
        progress=(len(done) + len(failed)) / total if total else 0.0,
        created_at=generation.created_at, updated_at=generation.updated_at,
        metadata=JobMetadata(
            asset_ids=tuple(done),
            error=error if not done else None,
            hint=f"{some_failed} failed: {error or 'no reason given'}" if some_failed else None,
            input=_echo_of_generation(generation),
        ),
    )  # fmt: skip


def job_of_refine(refine: RefinePublic) -> Job:
    """Return a refine's state; its result is itself."""
    end = refine_end(refine)
    status = _STATUS[end]
    if end is End.RUNNING and refine.status.casefold() in _WAITING_WORDS:
        status = "pending"
    echo = {
        "prediction_id": refine.prediction_id, "refines_refine_id": refine.refines_refine_id,
        "scale_factor": refine.scale_factor, "width": refine.width, "height": refine.height,
    }  # fmt: skip
    return Job(
        job_id=str(RunId(REFINE, refine.id, refine.prediction_id)), job_type=REFINE, status=status,
        progress=0.0 if end is End.RUNNING else 1.0,
        created_at=refine.created_at, updated_at=refine.updated_at,
        metadata=JobMetadata(
            asset_ids=(refine.id,) if end is End.DONE else (),
            error=refine.error_message if end is End.FAILED else None,
            input={name: value for name, value in echo.items() if value is not None},
        ),
    )  # fmt: skip


def job_of_agentic(status: AgenticShotStatus, generation: GenerationPublic | None) -> Job:
    """Return an agentic run's state; its results are its generation's good predictions."""
    end = agentic_end(status)
    made = job_of_generation(generation) if generation is not None else None
    tried = len([a for a in status.attempts if a.completed_at or a.image_url or a.error_message])
    error = status.error_message
    if end is End.FAILED and not error:
        tries = counted(status.total_attempts or len(status.attempts), "attempt")
        error = f"It ended after {tries} without a picture."
    generation_id = generation.id if generation is not None else ""
    return Job(
        job_id=str(RunId(AGENTIC, status.shot_id, generation_id)), job_type=AGENTIC,
        status=_STATUS[end],
        progress=1.0 if end is not End.RUNNING else min(0.95, tried / max(1, status.max_attempts)),
        created_at=status.started_at, updated_at=status.completed_at or status.started_at,
        metadata=JobMetadata(
            asset_ids=made.metadata.asset_ids if made is not None and end is End.DONE else (),
            error=error if end is End.FAILED else None,
        ),
    )  # fmt: skip


def job_of_task(task: ExperimentalTaskPublic) -> Job:
    """Return an experimental task's state. Its picture has an address only, and no id."""
    end = experimental_end(task)
    return Job(
        job_id=str(RunId(TASK, task.id)), job_type=TASK, status=_STATUS[end],
        progress=0.0 if end is End.RUNNING else 1.0,
        metadata=JobMetadata(
            error=f"The task ended with “{task.status}”." if end is End.FAILED else None
        ),
    )  # fmt: skip


def job_of_started(one: RunId) -> Job:
    """Return something that was started and is not followed: as a job it is done."""
    return Job(job_id=str(one), job_type=one.kind, status="success", progress=1.0)


def _all_wait(predictions: Sequence[PredictionPublic]) -> bool:
    return all(prediction.status.casefold() in _WAITING_WORDS for prediction in predictions)


def _echo_of_generation(generation: GenerationPublic) -> dict[str, object]:
    """Return what an answer repeats of its request; enough to tell two of them apart mostly."""
    names = (
        "subject_id", "product_id", "product2_id", "style_id", "extra_prompt", "negative_prompt",
        "lighting", "framing", "perspective", "background", "tone", "pose", "tool", "batch_size",
        "seed",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(generation, name)) is not None}

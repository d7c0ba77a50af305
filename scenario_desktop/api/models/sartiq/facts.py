"""Whether work has ended, told by what an answer holds.

The service's words for running, done and failed are not published. A result or an error ends a
piece of work whatever its status says. A word counts only where nothing speaks against it: "failed"
beside neither result nor error is believed, "completed" without a result is not. Work of which no
fact ever comes is for the caller's deadline.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from scenario_desktop.api.models.sartiq.answers import (
    AgenticShotStatus,
    ExperimentalTaskPublic,
    GenerationPublic,
    GenerationStats,
    PredictionPublic,
    RefinePublic,
)

_FAILED_WORDS: Final = frozenset({
    "failed", "failure", "error", "errored", "cancelled", "canceled", "aborted", "rejected",
})  # fmt: skip
_DONE_WORDS: Final = frozenset({
    "completed", "complete", "done", "succeeded", "success", "finished",
})  # fmt: skip


class End(StrEnum):
    """Where a piece of work stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def prediction_end(prediction: PredictionPublic) -> End:
    """Tell a prediction's end: a picture or video is done, an error failed."""
    has_result = bool(prediction.image_url or prediction.video_url)
    return _end(has_result, _has_error(prediction), prediction.status)


def refine_end(refine: RefinePublic) -> End:
    """Tell a refine's end."""
    return _end(bool(refine.image_url), _has_error(refine), refine.status)


def stats_end(stats: GenerationStats) -> End:
    """Tell a generation's end by its counts; FAILED when not one prediction is good.

    Counts that never add up read as RUNNING for ever.
    """
    if stats.total <= 0 or stats.completed + stats.error != stats.total:
        return End.RUNNING
    return End.DONE if stats.completed > 0 else End.FAILED


def generation_end(generation: GenerationPublic) -> End:
    """Tell a generation's end by its predictions; FAILED when not one is good."""
    ends = [prediction_end(prediction) for prediction in generation.predictions]
    if not ends or End.RUNNING in ends or len(ends) < (generation.batch_size or 0):
        return End.RUNNING
    return End.DONE if End.DONE in ends else End.FAILED


def agentic_end(status: AgenticShotStatus) -> End:
    """Tell the end of an agentic run; one that ended without a picture has FAILED.

    Its words are the only ones that the service prints (processing, completed, failed).
    """
    has_ended = status.completed_at is not None or _word(status.status) in _DONE_WORDS
    is_failed = bool(status.error_message) or has_ended
    return _end(bool(status.final_image_url), is_failed, status.status)


def experimental_end(task: ExperimentalTaskPublic) -> End:
    """Tell the end of an experimental task: its picture; a failure only by its word."""
    return _end(bool(task.image_url), False, task.status)


def _end(has_result: bool, has_error: bool, status: str) -> End:
    if has_result:
        return End.DONE
    if has_error or _word(status) in _FAILED_WORDS:
        return End.FAILED
    return End.RUNNING


def _has_error(work: PredictionPublic | RefinePublic) -> bool:
    return bool(work.error_message or work.error_category)


def _word(status: str) -> str:
    return status.strip().casefold()

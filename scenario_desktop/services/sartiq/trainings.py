"""The trainings of the second service: read as they are, started by the door of what may bill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from scenario_desktop.services.words import one_line

#: Names under which a training's id is looked for in an answer.
IDS: Final = ("task_id", "id", "training_id", "taskId", "trainingId", "uuid")


class TrainingClient(Protocol):
    """The part of the API client that is used here."""

    async def list_trainings(self) -> Any: ...
    async def get_training(self, training_id: str) -> Any: ...
    async def training_status(self, task_id: str) -> Any: ...
    async def cancel_training(self, training_id: str) -> Any: ...


class Trainings:
    """What a server has of trainings; no answer of theirs has a documented shape."""

    def __init__(
        self,
        client: TrainingClient,
        *,
        start: Callable[[Mapping[str, Any]], Awaitable[Any]],
    ) -> None:
        """
        Args:
            start: the door of what may bill: writes a body down, sends it once, returns the answer.
        """
        self._client, self._start = client, start

    async def list_trainings(self) -> Any:
        return await self._client.list_trainings()

    async def get_training(self, training_id: str) -> Any:
        return await self._client.get_training(training_id)

    async def training_status(self, task_id: str) -> Any:
        return await self._client.training_status(task_id)

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        """Start one. Sent once, after it was written down.

        Raises:
            SpendingRefused: the spending limit says no; nothing was sent.
            StoreFailed: it could not be written down; nothing was sent.
            AppError: it was not started, or it is not known whether it was.
        """
        return await self._start(body)

    async def cancel_training(self, training_id: str) -> Any:
        return await self._client.cancel_training(training_id)


def id_of(answer: Any) -> str:
    """Return the id of what was started; empty where the answer has none."""
    return first_text(answer, IDS) if isinstance(answer, Mapping) else ""


def first_text(entry: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first word or number that stands under one of these names."""
    for name in names:
        value = entry.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return one_line(str(value), 120)
    return ""

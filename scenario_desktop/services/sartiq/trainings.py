"""The trainings of the second service: read as they are, and started only within the limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class TrainingClient(Protocol):
    """The part of the API client that is used here."""

    async def list_trainings(self) -> Any: ...
    async def get_training(self, training_id: str) -> Any: ...
    async def training_status(self, task_id: str) -> Any: ...
    async def start_training(self, body: Mapping[str, Any]) -> Any: ...
    async def cancel_training(self, training_id: str) -> Any: ...


class Trainings:
    """What a server has of trainings; no answer of theirs has a documented shape."""

    def __init__(self, client: TrainingClient, *, check_spending: Callable[[], object]) -> None:
        """
        Args:
            check_spending: raises where nothing may be billed now.
        """
        self._client, self._check_spending = client, check_spending

    async def list_trainings(self) -> Any:
        return await self._client.list_trainings()

    async def get_training(self, training_id: str) -> Any:
        return await self._client.get_training(training_id)

    async def training_status(self, task_id: str) -> Any:
        return await self._client.training_status(task_id)

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        """Start one. Sent once.

        Raises:
            SpendingRefused: the spending limit says no; nothing was sent.
            AppError: it was not started, or it is not known whether it was.
        """
        self._check_spending()
        return await self._client.start_training(body)

    async def cancel_training(self, training_id: str) -> Any:
        return await self._client.cancel_training(training_id)

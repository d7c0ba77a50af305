"""The server's own list of refine tasks, where it has one, and the refines of one prediction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import ValidationError

from scenario_desktop.api.models.sartiq.answers import RefinePublic
from scenario_desktop.errors import BadAnswer, NotFound, NotOffered
from scenario_desktop.items import Item

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.models.sartiq.answers import PredictionPublic, RefinesPublic
    from scenario_desktop.api.sartiq.capabilities import Capabilities

#: Names under which an answer may hold its list.
_LISTS: Final = ("data", "refines", "items", "results", "tasks")


class TasksClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def capabilities(self) -> Capabilities: ...
    async def list_refine_tasks(self) -> Any: ...
    async def get_refine_task(self, task_id: str) -> Any: ...
    async def get_prediction(self, prediction_id: str) -> PredictionPublic: ...
    async def list_refines(
        self, prediction_id: str, *, skip: int = ..., limit: int = ...
    ) -> RefinesPublic: ...


class Groups(Protocol):
    """Reads generations into the library."""

    async def bring(self, generation_ids: Iterable[str]) -> list[Item]: ...


class RefineTasks:
    """Lists, reads and starts them; the answers have no documented shape."""

    def __init__(
        self,
        client: TasksClient,
        groups: Groups,
        *,
        start: Callable[[Mapping[str, Any]], Awaitable[Any]],
    ) -> None:
        """
        Args:
            start: the door of what may bill: writes a body down, sends it once, returns the answer.
        """
        self._client, self._groups = client, groups
        self._start = start

    @property
    def has_list(self) -> bool | None:
        """Whether the server has the list; None before that was tried."""
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._client.capabilities.offers(Operation.LIST_REFINE_TASKS)

    @property
    def may_start(self) -> bool:
        """Whether a button to start one makes sense."""
        from scenario_desktop.api.sartiq.capabilities import Operation

        return bool(self.has_list) and self._client.capabilities.may(Operation.CREATE_REFINE_TASK)

    async def look(self) -> bool:
        """Try whether the server has the list, once per server.

        Raises:
            AppError: that could not be told now.
        """
        if self.has_list is None:
            try:
                await self._client.list_refine_tasks()
            except NotOffered:  # noted by the client
                return False
        return bool(self.has_list)

    async def tasks(self) -> list[RefinePublic]:
        """Return what the server lists, in its order; what has no id is left out.

        Raises:
            AppError: it could not be read.
        """
        answer = await self._client.list_refine_tasks()
        entries = answer
        if isinstance(answer, Mapping):
            lists = (answer[name] for name in _LISTS if isinstance(answer.get(name), list))
            entries = next(lists, [])
        found = [_task(entry) for entry in (entries if isinstance(entries, list) else [])]
        return [task for task in found if task is not None]

    async def read(self, task_id: str) -> tuple[RefinePublic | None, Any]:
        """Return one anew, as far as it can be read, and the whole answer.

        Raises:
            AppError: it could not be read.
        """
        try:
            answer = await self._client.get_refine_task(task_id)
        except NotOffered:
            return None, None
        return _task(answer), answer

    async def start(self, body: Mapping[str, Any]) -> tuple[RefinePublic | None, Any]:
        """Start one by a body that is documented nowhere. Sent once, after it was written down.

        Raises:
            SpendingRefused: the spending limit says no; nothing was sent.
            StoreFailed: it could not be written down; nothing was sent.
            AppError: it was not started, or it is not known whether it was.
        """
        answer = await self._start(body)
        return _task(answer), answer

    async def of_prediction(self, prediction_id: str) -> Sequence[RefinePublic]:
        """Return the refines of a prediction; documented, so every server has it.

        Raises:
            AppError: they could not be read.
        """
        from scenario_desktop.api.sartiq.paging import skip_pages

        async def fetch(skip: int) -> RefinesPublic:
            return await self._client.list_refines(prediction_id, skip=skip)

        found: dict[str, RefinePublic] = {}
        try:
            async for page in skip_pages(fetch):
                found |= {refine.id: refine for refine in page.data}
        except BadAnswer:
            if not found:
                raise
        return list(found.values())  # of a server without pages: its only one

    async def bring(self, task: RefinePublic) -> Item:
        """Read what a task is of into the library, and return its refine.

        Raises:
            NotFound: it is gone, or the answer does not say what it is of.
            AppError: it could not be read.
        """
        if not task.prediction_id:
            raise NotFound("The server does not say what this refine is of.")
        prediction = await self._client.get_prediction(task.prediction_id)
        if not prediction.generation_id:
            raise BadAnswer("The server does not say which generation this refine is of.")
        items = await self._groups.bring([prediction.generation_id])
        found = next((item for item in items if item.id == task.id), None)
        if found is None:
            raise NotFound("This refine is not in its generation any more.")
        return found


def _task(entry: Any) -> RefinePublic | None:
    try:
        return RefinePublic.model_validate(entry)
    except ValidationError:  # no refine that is known here
        return None

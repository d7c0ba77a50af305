"""Deleting many predictions where a server takes only so many at once, and never says how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from scenario_desktop.api.models.sartiq.answers import BulkDeleteResponse
from scenario_desktop.api.parsing import parse
from scenario_desktop.api.sartiq.connection import Connection
from scenario_desktop.api.transport import BILLED_S
from scenario_desktop.errors import AppError, Invalid, Refused

_PATH: Final = "/predictions/bulk-delete"
_MOST_AT_ONCE: Final = 100


class BulkDelete:
    """Deletes in parts, and remembers what length the server was seen to refuse."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._most = _MOST_AT_ONCE

    async def run(
        self, prediction_ids: Iterable[str], on_part: Callable[[BulkDeleteResponse], None] | None
    ) -> BulkDeleteResponse:
        """Send part after part; one that was taken is never sent again.

        Raises:
            AppError: as for any request; the parts told of before it are gone.
        """
        left = list(dict.fromkeys(prediction_ids))
        most = self._most
        total = BulkDeleteResponse()
        while left:
            part = left[:most]
            try:
                answer = await self._connection.send(
                    "POST", _PATH, body={"prediction_ids": part}, deadline_s=BILLED_S
                )
            except Refused as error:
                if len(part) == 1 or not _is_too_many(error):
                    raise
                most = len(part) // 2
                continue
            self._most = most  # only now it is known that the length was what it refused
            said = parse(BulkDeleteResponse, answer.body)
            if on_part is not None:
                on_part(said)
            total = _added(total, said)
            left = left[len(part) :]
        return total


def _is_too_many(error: AppError) -> bool:
    """Whether a list was refused for its length, before anything was deleted.

    The list is never empty here, so of the reasons documented for a 400 only this one is left.
    """
    if isinstance(error, Invalid):
        return set(error.fields) == {"prediction_ids"}
    return error.status in (400, 413)


def _added(one: BulkDeleteResponse, two: BulkDeleteResponse) -> BulkDeleteResponse:
    return BulkDeleteResponse(
        success_count=one.success_count + two.success_count,
        failed_count=one.failed_count + two.failed_count,
        failed_predictions=one.failed_predictions + two.failed_predictions,
        deleted_generations=one.deleted_generations + two.deleted_generations,
        deleted_predictions=one.deleted_predictions + two.deleted_predictions,
    )

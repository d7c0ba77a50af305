"""Marking a result as the chosen one of its generation, where the server has that.

The service names the operation and says no more. A server may tell the mark with its predictions;
where it does not, what was chosen from here is remembered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from psygnal import Signal

from scenario_desktop.errors import AppError, BadInput, NotOffered
from scenario_desktop.items import Item
from scenario_desktop.store.catalogue import Catalogue

if TYPE_CHECKING:  # the models and the client take some 90 ms to import
    from scenario_desktop.api.models.sartiq.answers import GenerationPublic, PredictionPublic
    from scenario_desktop.api.sartiq.capabilities import Capabilities

#: Meta: generation → its chosen prediction, as JSON, the last chosen at the end.
META: Final = "sartiq.chosen"
#: So many are remembered.
MOST: Final = 1_000


class ChoosingClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def capabilities(self) -> Capabilities: ...
    async def select_prediction(self, prediction_id: str) -> Any: ...


class Groups(Protocol):
    """Reads generations into the library."""

    async def bring(self, generation_ids: Iterable[str]) -> list[Item]: ...


class Choosing:
    """Marks results, and knows which are marked.

    Signals:
        changed: what is offered has changed.
    """

    changed = Signal()

    def __init__(self, client: ChoosingClient, catalogue: Catalogue, groups: Groups) -> None:
        self._client, self._catalogue, self._groups = client, catalogue, groups
        self._chosen: dict[str, str] = {}

    async def load(self) -> None:
        """Read what is remembered; what cannot be read is forgotten."""
        self._chosen = _read(await self._catalogue.get_meta(META))

    @property
    def is_offered(self) -> bool:
        """Whether a button makes sense: the server has it, or was not asked yet."""
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._client.capabilities.may(Operation.SELECT_PREDICTION)

    def of(self, generation: GenerationPublic) -> str:
        """Return the id of a generation's chosen prediction; empty for none that is known."""
        if any(_tells(prediction) for prediction in generation.predictions):
            return next((p.id for p in generation.predictions if p.selected), "")
        return self._chosen.get(generation.id, "")

    async def choose(self, item: Item) -> None:
        """Mark a prediction; another one of its generation may lose the mark.

        Raises:
            BadInput: it is no prediction.
            NotOffered: the server does not have that.
            AppError: it was not marked.
        """
        if not item.is_prediction or not item.group_id:
            raise BadInput("Only results of a generation can be marked as chosen.")
        try:
            await self._client.select_prediction(item.id)
        except NotOffered:
            self.changed.emit()
            raise
        self._chosen.pop(item.group_id, None)
        self._chosen[item.group_id] = item.id
        for old in list(self._chosen)[:-MOST]:
            del self._chosen[old]
        await self._catalogue.set_meta(META, json.dumps(self._chosen))
        try:
            await self._groups.bring([item.group_id])
        except AppError:  # it is marked: the next pass of the sync brings what is told of it
            return


def _tells(prediction: PredictionPublic) -> bool:
    return "selected" in prediction.model_fields_set


def _read(text: str | None) -> dict[str, str]:
    try:
        values = json.loads(text) if text else {}
    except ValueError:  # a mark can be set again
        return {}
    if not isinstance(values, dict):
        return {}
    return {str(group): str(chosen) for group, chosen in values.items()}

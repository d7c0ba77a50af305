"""What a server has of trainings, beyond the status that all have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_desktop.api.sartiq.capabilities import Capabilities


class TrainingOffers:
    """What may be offered: a list until it was tried, the rest once the list was seen."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def may_list(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._capabilities.may(Operation.LIST_TRAININGS)

    def may_read(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._capabilities.may(Operation.GET_TRAINING)

    def may_start(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._has_list and self._capabilities.may(Operation.START_TRAINING)

    def may_cancel(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._has_list and self._capabilities.may(Operation.CANCEL_TRAINING)

    @property
    def _has_list(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self._capabilities.offers(Operation.LIST_TRAININGS) is True

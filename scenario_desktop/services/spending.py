"""The user's own limit on spending, asked in one place before anything billed is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from scenario_desktop.errors import SpendingRefused
from scenario_desktop.services.words import units


class Verdict(StrEnum):
    """What may happen with a billed request."""

    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason; both numbers stand in the text."""

    verdict: Verdict
    text: str = ""


#: What can be done about a refusal.
WAY_ON: Final = "Change the spending limit in the settings."


class Limits(Protocol):
    """The spending part of the settings: mode is "allow", "ask_above" or "never"."""

    @property
    def mode(self) -> str: ...
    @property
    def ask_above(self) -> Decimal: ...


class _Settings(Protocol):
    @property
    def spending(self) -> Limits: ...


class HasSettings(Protocol):
    """Where the settings of this moment are read from."""

    @property
    def settings(self) -> _Settings: ...


class SpendingGuard:
    """Holds a price against the limit in the settings.

    ``check`` stands at the one door through which requests leave; ``decide`` is for telling before.
    """

    def __init__(self, settings: HasSettings) -> None:
        self._settings = settings

    def decide(self, total: Decimal | None) -> Decision:
        """Decide about a total in Creative Units; None means that the service gave no price.

        What costs nothing is always allowed. Without a price, "ask above" asks: it may be above.
        """
        limits = self._settings.settings.spending
        if total == 0:
            return Decision(Verdict.ALLOW)
        cost = "This has no price" if total is None else f"This costs {units(total)}"
        if limits.mode == "never":
            return Decision(
                Verdict.REFUSE, f"{cost}, and spending is switched off in the settings."
            )
        if limits.mode != "ask_above":
            return Decision(Verdict.ALLOW)
        if total is None or total > limits.ask_above:
            return Decision(
                Verdict.ASK, f"{cost}. You want to be asked above {units(limits.ask_above)}."
            )
        return Decision(Verdict.ALLOW)

    def check(self, prices: Sequence[Decimal | None], *, is_confirmed: bool) -> None:
        """Let requests pass or not.

        Args:
            prices: of all that leave together; one without a price leaves the total unknown.
            is_confirmed: the user has agreed to what the limit asks about.

        Raises:
            SpendingRefused: the limit says no, or wants to ask first; its hint is the way on.
        """
        known = [price for price in prices if price is not None]
        total = sum(known, Decimal(0)) if len(known) == len(prices) else None
        decision = self.decide(total)
        if decision.verdict is Verdict.REFUSE:
            raise SpendingRefused(decision.text, hint=WAY_ON)
        if decision.verdict is Verdict.ASK and not is_confirmed:
            raise SpendingRefused(decision.text, hint="Confirm to go on.")

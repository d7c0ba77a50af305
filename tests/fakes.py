"""Stand-ins for what a service needs of its collaborators, scripted by attributes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class FakeKeyring:
    """A keyring in memory.

    Attributes:
        error: raised by every call.
        is_forgetful: accepts everything and keeps nothing.
        gate: a call waits for it, as behind an unlock prompt.
    """

    error: Exception | None = None
    is_forgetful: bool = False
    gate: threading.Event | None = None
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: int = 0
    threads: set[int] = field(default_factory=set)

    def _enter(self) -> None:
        self.calls += 1
        self.threads.add(threading.get_ident())
        if self.gate is not None:
            self.gate.wait(5)
        if self.error is not None:
            raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter()
        if not self.is_forgetful:
            self.kept[(service, username)] = password

    def get_password(self, service: str, username: str) -> str | None:
        self._enter()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        self._enter()
        del self.kept[(service, username)]


@dataclass
class FakeLimits:
    """The spending part of the settings."""

    mode: str = "allow"
    ask_above: Decimal = Decimal(10)


class FakeSettings:
    """Settings that hold a spending limit only."""

    def __init__(self, mode: str = "allow", ask_above: Decimal = Decimal(10)) -> None:
        self.spending = FakeLimits(mode, ask_above)

    @property
    def settings(self) -> FakeSettings:
        return self

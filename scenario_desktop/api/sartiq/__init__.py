"""The client of the second service."""

from __future__ import annotations

from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.api.sartiq.client import SartiqClient
from scenario_desktop.api.sartiq.login import PasswordLogin, Token, TokenSource, TokenStore
from scenario_desktop.api.sartiq.paging import skip_pages

__all__ = [
    "Capabilities",
    "Operation",
    "PasswordLogin",
    "SartiqClient",
    "Token",
    "TokenSource",
    "TokenStore",
    "skip_pages",
]

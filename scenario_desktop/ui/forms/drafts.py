"""Unsent forms, remembered as plain dicts in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class SettingsAccess(Protocol):
    """Where settings are read and changed; a change is saved by itself a moment later."""

    @property
    def settings(self) -> Any: ...
    def update(self, **changes: Any) -> Any: ...


class SettingsDrafts:
    """Loads and saves drafts by the name of their form."""

    def __init__(self, settings: SettingsAccess) -> None:
        self._settings = settings

    def load(self, name: str) -> Mapping[str, Any]:
        """Return a draft, empty where there is none. Its reader skips what it does not know."""
        found: Mapping[str, Any] = self._settings.settings.drafts.get(name, {})
        return found

    def save(self, name: str, draft: Mapping[str, Any]) -> None:
        drafts = self._settings.settings.drafts
        if drafts.get(name) != draft:
            self._settings.update(drafts={**drafts, name: dict(draft)})

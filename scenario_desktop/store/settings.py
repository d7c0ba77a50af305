"""What the user chose: one small file, read at start, saved a moment after each change.

A wrong value falls back to its default alone; the file it stood in is kept as a copy. What this
version does not know survives. Keys and tokens are never in here.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenario_desktop.errors import NewerFile, StoreFailed
from scenario_desktop.store.files import read_bytes, write_atomic

log = logging.getLogger(__name__)

VERSION: Final = 1
_DELAY_S: Final = 0.8


class ThemeMode(StrEnum):
    """Which colours: those of the system, or always the same."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


class SpendingMode(StrEnum):
    """What happens before something bills."""

    ALLOW = "allow"
    ASK_ABOVE = "ask_above"
    NEVER = "never"


class WorkspaceKind(StrEnum):
    """Which server a workspace talks to."""

    LOCAL = "local"
    SCENARIO = "scenario"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", validate_default=False)


class WorkspaceRecord(_Part):
    """A place to work: a Scenario half, a Sartiq half, or both.

    Keys and passwords lie in the keyring under the references, never here.

    Attributes:
        id: ours, names its catalogue file too.
        base_url: the API's address; empty for the local engine, which tells its own at start.
        project_id: None leaves it to the key.
        sartiq_url: the address of its API; empty without a Sartiq half.
        sartiq_token_url: where to sign in; empty: where its framework has it.
        organisation_id: whose generations; None for the user's own.
        is_signed_out: the user has had the password of the Sartiq half forgotten.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    name: str = ""
    kind: WorkspaceKind = WorkspaceKind.SCENARIO
    base_url: str = ""
    project_id: str | None = None
    project_name: str = ""
    team_id: str | None = None
    credentials_ref: str = ""
    team_credentials_ref: str = ""
    sartiq_url: str = ""
    sartiq_token_url: str = ""
    sartiq_username: str = ""
    organisation_id: str | None = None
    sartiq_credentials_ref: str = ""
    is_signed_out: bool = False

    @property
    def has_scenario(self) -> bool:
        """Whether it has a Scenario half."""
        return self.kind is WorkspaceKind.LOCAL or bool(self.credentials_ref)

    @property
    def has_sartiq(self) -> bool:
        """Whether it has a Sartiq half."""
        return self.kind is WorkspaceKind.LOCAL or bool(self.sartiq_credentials_ref)


class Spending(_Part):
    """Limits on what bills; ``ask_above`` in Creative Units."""

    mode: SpendingMode = SpendingMode.ASK_ABOVE
    ask_above: Decimal = Field(Decimal(20), ge=0, le=1_000_000)
    monthly_budget: Decimal | None = Field(None, ge=0, le=1_000_000_000)
    #: The month that was warned about, "2026-11", so that it is done once.
    warned_month: str = ""


class CanvasSettings(_Part):
    """How canvases are edited."""

    #: How long the lock of a canvas lasts without being renewed; what servers grant.
    lease_minutes: int = Field(5, ge=1, le=60)


class WindowState(_Part):
    """Where the window and its parts were; what ui writes is not looked into."""

    geometry: str = ""
    panels: dict[str, Any] = Field(default_factory=dict)
    widths: dict[str, int] = Field(default_factory=dict)
    pages: dict[str, Any] = Field(default_factory=dict)


class GallerySettings(_Part):
    """How the gallery was left. ``cell_px`` is the long side of a cell at 100 %."""

    cell_px: int = Field(120, ge=48, le=1024)
    sort: str = "created"
    is_descending: bool = True
    filter: dict[str, Any] = Field(default_factory=dict)
    fit: str = "fill"


class Settings(_Part):
    """All of it, frozen; change it through ``SettingsStore.update``.

    Attributes:
        text_scale: 1.0 to 2.0.
        thumbnail_cache_mib: how large the cache on disk may grow.
        drafts: unsent forms by name; loading them skips what they no longer know.
    """

    version: int = VERSION
    theme: ThemeMode = ThemeMode.SYSTEM
    text_scale: float = Field(1.0, ge=1.0, le=2.0)
    thumbnail_cache_mib: int = Field(1024, ge=16, le=1_048_576)
    spending: Spending = Spending()
    canvas: CanvasSettings = CanvasSettings()
    workspaces: tuple[WorkspaceRecord, ...] = ()
    active_workspace: str | None = None
    window: WindowState = WindowState()
    gallery: GallerySettings = GallerySettings()
    drafts: dict[str, dict[str, Any]] = Field(default_factory=dict)


class SettingsStore:
    """The settings file.

    Attributes:
        settings: as they are now.
        changed: called with the new settings after each change.
        failed: called when a delayed save did not succeed.
        notice: what to tell the user if the file could not be read in full; None otherwise.
    """

    def __init__(self, path: Path, *, delay_s: float = _DELAY_S) -> None:
        """Read the file, which is small.

        Raises:
            NewerFile: made by a later version; left untouched.
            StoreFailed: it is there but cannot be read.
        """
        self.path = path
        self.notice: StoreFailed | None = None
        self.failed: Callable[[StoreFailed], None] | None = None
        self.changed: Callable[[Settings], None] | None = None
        self._delay_s = delay_s
        self._saving: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._is_dirty = False
        self.settings = self._load()

    def update(self, **changes: Any) -> Settings:
        """Change fields and save soon; values are checked.

        Raises:
            pydantic.ValidationError: a value is out of its range; nothing was changed.
        """
        unknown = changes.keys() - Settings.model_fields.keys()
        if unknown:
            raise TypeError(f"not settings: {sorted(unknown)}")
        former = self.settings
        values = {name: getattr(former, name) for name in Settings.model_fields}
        values |= former.model_extra or {}
        self.settings = Settings.model_validate({**values, **changes})
        if self.settings != former:
            self._is_dirty = True
            self._save_soon()
            if self.changed is not None:
                self.changed(self.settings)
        return self.settings

    async def save(self) -> None:
        """Save now if anything changed; the file is on the disk when this returns.

        Raises:
            StoreFailed: disk full or not writable; the old file stands, another try follows the
                next change.
        """
        async with self._lock:  # one save at a time: the later one holds the later settings
            if not self._is_dirty:
                return
            self._is_dirty = False
            data = self.settings.model_dump_json(indent=1).encode()
            try:
                await asyncio.to_thread(write_atomic, self.path, data)
            except StoreFailed:
                self._is_dirty = True
                raise

    async def aclose(self) -> None:
        """Save what is not saved yet. May be called twice.

        Raises:
            StoreFailed: it could not be saved.
        """
        task, self._saving = self._saving, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.save()

    def _save_soon(self) -> None:
        if self._saving is None or self._saving.done():
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # before the loop runs: aclose or the next change saves it
            self._saving = loop.create_task(self._save_later())

    async def _save_later(self) -> None:
        while self._is_dirty:  # also what changed while the file was being written
            await asyncio.sleep(self._delay_s)
            # Once begun, it ends: aclose waits for it rather than tear it in half.
            try:
                await asyncio.shield(self.save())
            except StoreFailed as error:
                log.warning("settings were not saved: %s", error.details or error.message)
                if self.failed is not None:
                    self.failed(error)
                return

    def _load(self) -> Settings:
        data = read_bytes(self.path)
        if data is None:
            return Settings()
        try:
            values = json.loads(data)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            self._keep_copy(data)
            return Settings()
        version = values.get("version")
        if isinstance(version, int) and version > VERSION:
            raise NewerFile(
                f"{self.path.name} was made by a later version of this program and was left "
                "untouched.",
                hint="Install the latest version, or move the file away to begin anew.",
                details=str(self.path),
            )
        return self._read(values, data)

    def _read(self, values: dict[str, Any], data: bytes) -> Settings:
        values["version"] = VERSION
        is_mended = False
        for up in range(4):
            try:
                settings = Settings.model_validate(values)
            except ValidationError as error:
                places = [part["loc"] for part in error.errors(include_url=False)]
            else:
                if is_mended:
                    self._keep_copy(data)
                return settings
            is_mended = True
            for place in reversed(places):
                _remove(values, place[: max(1, len(place) - up)])
        self._keep_copy(data)
        return Settings()

    def _keep_copy(self, data: bytes) -> None:
        copy = self.path.with_name(f"{self.path.name}.bad")
        write_atomic(copy, data)
        self.notice = StoreFailed(
            "Some settings could not be read and are back at their defaults.",
            hint="The former file is kept.",
            details=str(copy),
        )
        log.warning("settings could not be read in full; the former file is %s", copy)


def _remove(values: Any, place: tuple[int | str, ...]) -> None:
    """Remove the value at a place, or the innermost there is on the way to it."""
    parent, key = values, place[0]
    for part in place:
        known = part in parent if isinstance(parent, dict) else (
            isinstance(parent, list) and isinstance(part, int) and part < len(parent)
        )  # fmt: skip
        if not known:
            break
        key, holder = part, parent
        parent = parent[part]
    else:
        del holder[key]
        return
    if parent is not values:
        del holder[key]

"""Builds every object, runs, and puts everything away: the only module that sees all layers.

The window is on the screen before this is imported: see ``first_paint``.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import shutil
import sys
from contextlib import AsyncExitStack
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from typing_extensions import override

from scenario_desktop import paths as places
from scenario_desktop.errors import AppError, StoreFailed
from scenario_desktop.services.engine_process import (
    EngineAddress,
    EngineProcess,
    EngineState,
    EngineStatus,
    check_identity,
)
from scenario_desktop.store.settings import SettingsStore, WorkspaceKind, WorkspaceRecord
from scenario_desktop.ui import loop, theme
from scenario_desktop.ui.actions import AsyncAction, Overlap, cancel_all
from scenario_desktop.ui.theme import Theme
from scenario_desktop.ui.workbench.shell import Shell
from scenario_desktop.ui.workbench.workbench import Workbench, WorkbenchPorts

if TYPE_CHECKING:
    from scenario_desktop.services.halves import Halves
    from scenario_desktop.services.session import Session, Shared
    from scenario_desktop.services.workspaces import AccountClient, SartiqAccountClient
    from scenario_desktop.store.thumbnails import ThumbnailCache
    from scenario_desktop.ui.panels.workspaces.state import Half

log = logging.getLogger(__name__)

LOG_BYTES, LOG_FILES = 2**20, 3
_MIB = 2**20
#: Seconds after the first workspace is open.
WARM_UP_AFTER_S = 3.0
#: Takes some 100 ms to import.
_SECOND_HALF = "scenario_desktop.services.sartiq.half"
_REBUILT = "The index of this library was damaged. It is read anew; your pictures are safe."


def run(paths: places.Paths, shell: Shell, engine: EngineProcess) -> int:
    """Run the program in a window that is open until it is closed.

    Args:
        engine: not started, or only spawned so far.
    """
    try:
        settings = SettingsStore(paths.settings)
    except AppError as error:
        print(f"scenario-desktop: {error}", file=sys.stderr)
        closed = asyncio.Event()
        return loop.run(_explain(shell, engine, error, closed), on_signal=closed.set)
    log_to_file(paths.logs / "scenario-desktop.log")
    program = Program(paths, settings, theme.current(), shell, engine)
    return loop.run(program.run(), on_signal=program.leave)


class _PrivateLog(RotatingFileHandler):
    """A log that only its owner can read: it names files and accounts."""

    @override
    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding=self.encoding)


async def _explain(
    shell: Shell, engine: EngineProcess, error: AppError, closed: asyncio.Event
) -> int:
    """Say in the window why nothing can be opened, until it is closed."""
    await engine.aclose()
    shell.window.close_requested.connect(closed.set)
    shell.window.notices.report(error)
    await closed.wait()
    shell.close()
    return 1


def log_to_file(path: Path) -> None:
    """Log warnings into a small rotating file; keys and addresses are taken out on the way."""
    from scenario_desktop.api import redaction

    handler = _PrivateLog(
        path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    redaction.install()
    logging.getLogger().addHandler(handler)


class Program(QObject):
    """The running program: what all workspaces share, and the one that is open.

    Attributes:
        session: the open workspace, None between two.
        ready: set once the first workspace is open or has failed to open.
    """

    def __init__(
        self,
        paths: places.Paths,
        settings: SettingsStore,
        theme: Theme,
        shell: Shell | None = None,
        engine: EngineProcess | None = None,
    ) -> None:
        """
        Args:
            shell: the window, where it is on the screen already.
            engine: likewise, where it is being started already.
        """
        super().__init__()
        self.paths, self.settings, self.theme = paths, settings, theme
        self.engine = engine or EngineProcess(log_file=paths.engine_log, check=check_identity)
        if shell is None:
            was = settings.settings
            shell = Shell(panels=was.window.panels, gallery=was.gallery.model_dump())
        self.workbench = Workbench(WorkbenchPorts(settings, paths.cache / "drag"), shell)
        self.session: Session | None = None
        self.ready = asyncio.Event()
        self._engine_error: object = None
        self._ended = asyncio.Event()
        self._stack = AsyncExitStack()
        self._shared: Shared | None = None
        self._address: EngineAddress | None = None
        self.window = self.workbench.window
        self._leaving = AsyncAction(self._leave_safely, parent=self)
        self._leaving.failed.connect(self.leave)
        self.window.close_requested.connect(self._leaving.trigger)
        self._switching = AsyncAction(self._open_active, parent=self, overlap=Overlap.RESTART)
        self._switching.failed.connect(self._on_open_failed)
        self._warming = AsyncAction(self._warm_up, parent=self)

    def leave(self) -> None:
        """End the program, tidily."""
        self._ended.set()

    async def _leave_safely(self) -> None:
        """Leave once what was drawn is on the disk, or is to be lost."""
        if await self.workbench.canvas.keep():
            self.leave()

    async def run(self) -> int:
        """Show the window, open the workspace, and wait for the end."""
        self.window.show()
        async with self._stack:
            self._stack.push_async_callback(self._save_settings)
            self._stack.push_async_callback(self.engine.aclose)
            try:
                await self._build()
            except AppError as error:  # nothing can be opened, but the window can say why
                self._on_open_failed(error)
            else:
                self._switching.trigger()
            await self._ended.wait()
            await self._put_away()
        return 0

    async def _build(self) -> None:
        """Open what all workspaces share. Imports that the first paint need not wait for."""
        from scenario_desktop.imaging.pool import WorkerPool
        from scenario_desktop.services.credentials import Credentials
        from scenario_desktop.services.session import Shared
        from scenario_desktop.services.spending import SpendingGuard
        from scenario_desktop.services.workspaces import Workspaces
        from scenario_desktop.store.ledger import Ledger
        from scenario_desktop.store.thumbnails import ThumbnailCache

        shutil.rmtree(self.paths.cache / "drag", ignore_errors=True)
        stack, settings = self._stack, self.settings
        pool = WorkerPool()
        stack.push_async_callback(pool.aclose)
        cache = ThumbnailCache(self.paths.thumbnails, settings.settings.thumbnail_cache_mib * _MIB)
        stack.push_async_callback(cache.aclose)
        await cache.open()
        ledger = Ledger(self.paths.ledger)
        stack.push_async_callback(ledger.aclose)
        await ledger.open()
        self._tell_damage(settings.notice, ledger.notice)
        self._shared = Shared(self.paths, pool, cache, ledger, SpendingGuard(settings))
        self.credentials = Credentials()
        stack.push_async_callback(self.credentials.aclose)
        self.workspaces = Workspaces(
            settings,
            self.credentials,
            _make_account_client,
            make_sartiq=_make_sartiq_client,
            forget=self._forget,
        )
        self.engine.state_changed.connect(self._on_engine_changed)
        self.workspaces.active_changed.connect(self._on_active_changed)
        self.workspaces.changed.connect(self._show_workspaces)
        self._make_dialogs(cache)
        self._show_workspaces()

    def _tell_damage(self, *notices: AppError | None) -> None:
        """Tell what could not be read in full; the one that matters most comes last."""
        self.settings.failed = self.workbench.notices.report
        for notice in filter(None, notices):
            self.workbench.notices.report(notice)

    async def _save_settings(self) -> None:
        try:
            await self.settings.aclose()
        except StoreFailed as error:  # nobody is left to be told; what was saved before stands
            log.warning("settings were not saved: %s", error.details or error.message)

    def _make_dialogs(self, cache: ThumbnailCache) -> None:
        from scenario_desktop.ui.workbench.settings_room import SettingsRoom

        bench = self.workbench
        self.rooms = SettingsRoom(
            self.window,
            settings=self.settings,
            theme=self.theme,
            thumbnails=cache,
            data_folder=self.paths.data,
            workspaces=self.workspaces,
            credentials=self.credentials,
        )
        bench.settings_requested.connect(self.rooms.open_settings)
        bench.spending_requested.connect(self.rooms.open_spending)
        self.rooms.closed.connect(bench.detect.look_again)
        self.rooms.closed.connect(bench.refine.look_again)
        self.rooms.closed.connect(bench.usage.look_again)
        self.rooms.closed.connect(bench.spend.look_again)
        self.rooms.closed.connect(bench.canvas.look_again)
        self.rooms.closed.connect(bench.runs.look_again)
        self.rooms.account_edited.connect(self._on_account_edited)
        bench.connect_requested.connect(self.rooms.connect_account)
        bench.sartiq_requested.connect(self._connect_sartiq)
        bench.retry_requested.connect(self._retry)
        bench.keys_requested.connect(self._edit_keys)
        bench.topbar_view.workspace_chosen.connect(self.rooms.open_workspace)
        bench.topbar_view.manage_requested.connect(self.rooms.open_workspaces)

    # Workspaces

    async def _open_active(self) -> None:
        """Close the open workspace and open the one that is active now."""
        from scenario_desktop.services.session import ENGINE_TIMES, Session

        await self._close_session()
        record = self.workspaces.active
        is_local = record.kind is WorkspaceKind.LOCAL
        self.workbench.topbar.show_starting(
            "Starting the local engine" if is_local else f"Opening {record.name}"
        )
        halves = await self._halves(record)
        if self._shared is None:
            raise RuntimeError("open what is shared first")
        session = await Session.open(
            record.id,
            halves.scenario,
            self._shared,
            sartiq=halves.sartiq,
            left=halves.left,
            times=ENGINE_TIMES if is_local else None,
        )
        self.session = session
        self.workbench.bind(session, is_local=is_local)
        if session.was_rebuilt:
            self.workbench.notices.toast(_REBUILT)
        for trouble in (*halves.troubles, *session.troubles):
            self.workbench.notices.report(trouble)
        self.ready.set()
        self._warming.trigger()

    async def _warm_up(self) -> None:
        """Have the workers ready before the first preview, once the start is over."""
        await asyncio.sleep(WARM_UP_AFTER_S)
        if self._shared is not None:
            await self._shared.pool.warm_up()

    async def _halves(self, record: WorkspaceRecord) -> Halves:
        from scenario_desktop.services.halves import halves_of, local_halves

        if record.kind is not WorkspaceKind.LOCAL:
            return await halves_of(record, self.workspaces)
        status = self.engine.status
        if status.state is EngineState.READY and status.address is not None:
            address = status.address
        else:
            # Loaded beside the engine's start, which takes longer.
            loading = asyncio.to_thread(importlib.import_module, _SECOND_HALF)
            address, _ = await asyncio.gather(self.engine.start(self.paths.engine), loading)
        self._address = address
        return local_halves(address)

    async def _close_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            self.workbench.unbind()
            try:
                await cancel_all(self.window)
            finally:
                await session.aclose()

    async def _forget(self, workspace_id: str) -> None:
        """Remove what is kept here of a workspace that was removed."""
        if self.session is not None and self.session.workspace_id == workspace_id:
            await self._close_session()
        for path in (self.paths.catalogue(workspace_id), self.paths.outbox(workspace_id)):
            for file in path.parent.glob(f"{path.name}*"):
                await asyncio.to_thread(file.unlink, missing_ok=True)
        for folder in (self.paths.originals / workspace_id, self.paths.usage(workspace_id)):
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _on_engine_changed(self, status: EngineStatus) -> None:
        """Follow an engine that died under the open workspace; ``_open_active`` tells the rest."""
        topbar, session = self.workbench.topbar, self.session
        if status.state is EngineState.READY:
            self.workbench.notices.withdraw(self._engine_error)
        if session is None or self.workspaces.active.kind is not WorkspaceKind.LOCAL:
            return
        if status.state is EngineState.RESTARTING:
            topbar.show_starting("Restarting the local engine")
        elif status.state is EngineState.FAILED:
            self._engine_error = status.error
            topbar.show_started()
            self.workbench.notices.report(status.error)
            session.sync.request()
        elif status.state is EngineState.READY and status.address != self._address:
            self._switching.trigger()
        elif status.state is EngineState.READY:
            topbar.show_started()
            session.sync.request()

    def _on_account_edited(self, workspace_id: str) -> None:
        if workspace_id == self.workspaces.active.id:
            self._switching.trigger()

    def _connect_sartiq(self) -> None:
        """Add the second service to the open account; the one on this computer stays as it is."""
        from scenario_desktop.ui.panels.workspaces.state import Half

        active = self.workspaces.active
        if active.kind is WorkspaceKind.LOCAL:
            self.rooms.connect_sartiq()
        else:
            self.rooms.edit_account(active.id, Half.SARTIQ)

    def _edit_keys(self) -> None:
        active = self.workspaces.active
        if active.kind is WorkspaceKind.LOCAL:
            self._switching.trigger()  # the engine has its own keys, which are read anew
        else:
            self.rooms.edit_account(active.id, self._refused_half())

    def _refused_half(self) -> Half | None:
        """Return the half whose keys are to be looked at first."""
        from scenario_desktop.services.sync_loop import SyncState
        from scenario_desktop.ui.panels.workspaces.state import Half

        half = self.session.sartiq if self.session is not None else None
        is_refused = half is not None and half.sync.status.state is SyncState.UNAUTHORISED
        return Half.SARTIQ if is_refused else None

    def _retry(self) -> None:
        is_engine_dead = self.engine.status.state is EngineState.FAILED
        is_local = self.workspaces.active.kind is WorkspaceKind.LOCAL
        if self.session is not None and not (is_local and is_engine_dead):
            self.session.sync.request()
        else:
            self._switching.trigger()

    def _on_active_changed(self, _record: object) -> None:
        self._show_workspaces()
        self._switching.trigger()

    def _on_open_failed(self, error: object) -> None:
        self.workbench.show_unopened(error)
        self.ready.set()

    def _show_workspaces(self, _records: object = None) -> None:
        from scenario_desktop.ui.panels.topbar.view import WorkspaceEntry

        active = self.workspaces.active.id
        self.workbench.topbar.set_workspaces(
            [
                WorkspaceEntry(
                    record.id,
                    record.name,
                    record.project_name if record.kind is not WorkspaceKind.LOCAL else "",
                    record.id == active,
                )
                for record in self.workspaces.records
            ]
        )

    async def _put_away(self) -> None:
        """Stop all actions, close the workspace, then the window. The stack closes the rest.

        A server that does not answer may take seconds of it.
        """
        self.window.vanish()
        for action in (self._switching, self._warming):
            action.cancel()
            await action.settle()
        await cancel_all(self.window)
        await self._close_session()
        await cancel_all(self.workbench)
        self.workbench.store.close()
        self.window.close_now()
        self.window.deleteLater()


def _make_account_client(
    base_url: str, key: str, secret: str, project_id: str | None
) -> AccountClient:
    from scenario_desktop.api.client import ScenarioClient

    return ScenarioClient(base_url, key, secret, project_id=project_id)


def _make_sartiq_client(
    base_url: str,
    username: str,
    password: str,
    token_url: str | None,
    organisation_id: str | None,
) -> SartiqAccountClient:
    from scenario_desktop.api.sartiq.client import SartiqClient

    return SartiqClient.with_password(
        base_url, username, password, token_url=token_url, organization_id=organisation_id
    )

"""Everything that is bound to one open workspace, built together and closed together.

What all workspaces share (worker processes, thumbnail cache, ledger, spending limit) is passed in
and outlives a session.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scenario_desktop.canvas.format import is_ours
from scenario_desktop.errors import AppError, BadInput, NotFound
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Source
from scenario_desktop.paths import Paths
from scenario_desktop.services.absent import absent_scenario
from scenario_desktop.services.all_jobs import AllJobs
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.drafts import DraftStore
from scenario_desktop.services.canvas.room import Room
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.deleting import Deleting
from scenario_desktop.services.detect import KIND as DETECT
from scenario_desktop.services.detect import Detect, DetectKind
from scenario_desktop.services.downloads import Downloads
from scenario_desktop.services.imports import Imports
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.library import Library
from scenario_desktop.services.originals import Originals
from scenario_desktop.services.outbox import Outbox
from scenario_desktop.services.people import People
from scenario_desktop.services.plan import PlanUnits, plan_units
from scenario_desktop.services.previews import Previews
from scenario_desktop.services.sartiq import marks
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.sync import Sync, SyncTimes, forget
from scenario_desktop.services.sync_both import BothSyncs
from scenario_desktop.services.thumbnails import Thumbnails
from scenario_desktop.services.uploads import Uploads
from scenario_desktop.services.videos import Videos
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.ledger import Ledger
from scenario_desktop.store.outbox import OutboxStore
from scenario_desktop.store.thumbnails import ThumbnailCache

if TYPE_CHECKING:
    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.api.files import FileFetcher
    from scenario_desktop.services.sartiq.half import SartiqConnection, SartiqHalf
    from scenario_desktop.services.usage.usage import Usage

#: The local engine answers at once and costs nothing: look more often.
ENGINE_TIMES = SyncTimes(idle_s=5.0, tidy_s=60.0, first_wait_s=0.5, longest_wait_s=10.0)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a workspace is reached. The keys stay out of the repr.

    Attributes:
        team_key, team_secret: of a team's administrator, for its usage; empty where there is none.
    """

    base_url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    project_id: str | None = None
    team_key: str = field(default="", repr=False)
    team_secret: str = field(default="", repr=False)


async def _forget(left: Collection[Source], catalogue: Catalogue) -> None:
    if Source.SCENARIO in left:
        await forget(catalogue)
    if Source.SARTIQ in left:
        await marks.forget(catalogue)


def _scenario(connection: Connection | None, transport: Any) -> ScenarioClient:
    from scenario_desktop.api.client import ScenarioClient

    if connection is None:
        raise BadInput("This workspace has no account.", hint="Add one in the settings.")
    return ScenarioClient(
        connection.base_url,
        connection.key,
        connection.secret,
        project_id=connection.project_id,
        transport=transport,
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """What sessions use and do not own."""

    paths: Paths
    pool: WorkerPool
    thumbnail_cache: ThumbnailCache
    ledger: Ledger
    guard: SpendingGuard


class Session:
    """One open workspace. Made by ``open`` only.

    Attributes:
        workspace_id: whose it is.
        was_rebuilt: its catalogue was damaged, was set aside, and is being read anew.
        has_scenario: it has a Scenario half; without one whatever needs it is refused.
        sartiq: its Sartiq half, None where it has none or that could not be opened.
        troubles: why a half could not be opened; the other one works all the same.
        sync: how both halves stand to their servers.
        jobs: those of both halves.
        people: who is behind the ids of the Scenario half.
    """

    def __init__(
        self,
        workspace_id: str,
        client: ScenarioClient,
        files: FileFetcher,
        catalogue: Catalogue,
        outbox: Outbox,
        shared: Shared,
        times: SyncTimes | None,
    ) -> None:
        self.workspace_id = workspace_id
        self.client = client
        self.files = files
        self.catalogue = catalogue
        self.outbox = outbox
        self.was_rebuilt = catalogue.was_rebuilt
        self.guard = shared.guard
        self._ledger = shared.ledger
        self._usage_folder = shared.paths.usage(workspace_id)
        self._team: ScenarioClient | None = None
        self._own_keys: tuple[str, ...] = ()
        self.has_scenario = bool(client.base_url)
        self.troubles: tuple[AppError, ...] = ()
        self.sartiq: SartiqHalf | None = None
        self.library = Library(client, catalogue, outbox)
        self._own_sync = Sync(client, catalogue, self.library, times=times)
        self.sync: Sync | BothSyncs = self._own_sync
        self.deleting = Deleting(self.library, None)
        self.thumbnails = Thumbnails(client, files, shared.thumbnail_cache, shared.pool)
        self.originals = Originals(client, files)
        self.previews = Previews(self.originals, shared.pool, shared.paths.originals / workspace_id)
        self.videos = Videos(self.previews)
        self.downloads = Downloads(self.originals)
        self.imports = Imports(
            client, catalogue, self.library, shared.pool, keep_thumbnail=self.thumbnails.put
        )
        self._own_jobs = Jobs(
            client,
            shared.ledger,
            shared.guard,
            workspace_id=workspace_id,
            kinds={DETECT: DetectKind(client)},
            on_results=self._on_results,
            owns=lambda kind: not kind.startswith(Source.SARTIQ),
        )
        self.jobs: Jobs | AllJobs = self._own_jobs
        self.detect = Detect(client, self._own_jobs, pool=shared.pool, picture_of=self._picture_of)
        self.canvases = Canvases(
            Room(
                client,
                Uploads(client),
                DraftStore(shared.paths.drafts(workspace_id)),
                is_ours,
                Clock(),
            )
        )
        self.people = People(client)
        self._stack = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        workspace_id: str,
        connection: Connection | None,
        shared: Shared,
        *,
        sartiq: SartiqConnection | None = None,
        left: Collection[Source] = (),
        times: SyncTimes | None = None,
        transport: Callable[[], Any] | None = None,
    ) -> Self:
        """Open a workspace's files and connections, take up its jobs, and begin to sync.

        What is in the catalogue can be shown at once, with or without network. A half that cannot
        be opened does not keep the other one from it: see ``troubles``.

        Args:
            connection: None for a workspace without a Scenario half.
            left: services that the workspace does not have (any more): their items go.
            transport: for tests; makes an httpx transport, once per connection pool.

        Raises:
            BadInput: the address or the keys cannot be used, and there is no other half.
            StoreFailed: its files cannot be opened; nothing is left open.
        """
        from scenario_desktop.api.files import FileFetcher

        def pipe() -> Any:
            return transport() if transport is not None else None

        troubles: list[AppError] = []
        async with AsyncExitStack() as stack:
            client = absent_scenario()
            try:
                if connection is not None or sartiq is None:
                    client = _scenario(connection, pipe())
            except BadInput as error:
                if sartiq is None:
                    raise
                troubles.append(error)
            stack.push_async_callback(client.aclose)
            files = FileFetcher(base_url=client.base_url, transport=pipe())
            stack.push_async_callback(files.aclose)
            catalogue = Catalogue(shared.paths.catalogue(workspace_id))
            stack.push_async_callback(catalogue.aclose)
            await catalogue.open()
            await _forget(left, catalogue)
            outbox = Outbox(OutboxStore(shared.paths.outbox(workspace_id)), client)
            stack.push_async_callback(outbox.aclose)
            await outbox.open()
            session = cls(workspace_id, client, files, catalogue, outbox, shared, times)
            if connection is not None:
                session.people = People(
                    client, key=connection.key, project_id=connection.project_id or ""
                )
                session._own_keys = (connection.key, connection.team_key or "")
            if connection is not None and connection.team_key:
                team = Connection(connection.base_url, connection.team_key, connection.team_secret)
                session._team = _scenario(team, pipe())
                stack.push_async_callback(session._team.aclose)
            stack.push_async_callback(session.thumbnails.aclose)
            stack.push_async_callback(session.videos.aclose)
            stack.push_async_callback(session.canvases.aclose)
            stack.push_async_callback(session._own_jobs.aclose)
            await session._own_jobs.start()
            stack.push_async_callback(session._own_sync.aclose)
            if session.has_scenario:
                session._own_sync.start()
            if sartiq is not None:
                try:
                    await session._attach(sartiq, shared, stack, times, transport)
                except AppError as error:
                    troubles.append(error)
            session.troubles = tuple(troubles)
            session._stack = stack.pop_all()
            return session

    async def _attach(
        self,
        connection: SartiqConnection,
        shared: Shared,
        stack: AsyncExitStack,
        times: SyncTimes | None,
        transport: Callable[[], Any] | None,
    ) -> None:
        """Open the Sartiq half and let everything know of it."""
        from scenario_desktop.services.sartiq.half import Desk, SartiqHalf

        desk = Desk(
            self.workspace_id,
            self.catalogue,
            self.library,
            shared.ledger,
            shared.guard,
            self.previews.original,
        )
        half = await SartiqHalf.open(connection, desk, times=times, transport=transport)
        stack.push_async_callback(half.aclose)
        self.sartiq = half
        self.library.sartiq = half.items
        self.thumbnails.sartiq = self.originals.sartiq = half
        self.outbox.mark_favourite = half.mark_favourite
        self.deleting = Deleting(self.library, half)
        self.sync = BothSyncs([*([self._own_sync] if self.has_scenario else []), half.sync])
        self.jobs = AllJobs([self._own_jobs, half.runs.jobs])
        await half.start()

    @cached_property
    def usage(self) -> Usage:
        """What was used and spent here; made when it is first asked for."""
        from tzlocal import get_localzone

        from scenario_desktop.services.usage.keeping import ReportCache
        from scenario_desktop.services.usage.usage import Usage

        usage = Usage(
            self.client,
            self._ledger,
            ReportCache(self._usage_folder),
            workspace_id=self.workspace_id,
            zone=get_localzone(),
            team=self._team,
            own_keys=self._own_keys,
            titles={DETECT: "Detect"},
        )
        self._stack.push_async_callback(usage.aclose)
        return usage

    async def plan_units(self) -> PlanUnits | None:
        """Return what the account's plan gives and what is used; None where that is not known."""
        return await plan_units(self.client) if self.has_scenario else None

    async def spent_since(self, since: datetime) -> Decimal:
        """Return the Creative Units of what was sent from this workspace since then."""
        return await self._ledger.spent_since(since, self.workspace_id)

    async def aclose(self) -> None:
        """Stop everything and close all files. May be called twice."""
        await self._stack.aclose()

    async def _on_results(self, asset_ids: Sequence[str]) -> None:
        """Bring a job's results into the library; a server may list them a moment late."""
        if asset_ids and not await self.library.bring(asset_ids):
            raise NotFound("The results are not there yet.")

    async def _picture_of(self, item: Item) -> Path | bytes:
        """Return a picture for local previews: the original, or the thumbnail without network."""
        try:
            return await self.previews.original(item)
        except AppError:
            return await self.thumbnails.get(item)

"""The second service's half of an open workspace, built together and closed together."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from scenario_desktop.errors import StoreFailed
from scenario_desktop.items import Item
from scenario_desktop.services.library import Library
from scenario_desktop.services.sartiq.choosing import Choosing
from scenario_desktop.services.sartiq.deletion import Deletion
from scenario_desktop.services.sartiq.handover import Handover
from scenario_desktop.services.sartiq.library import SartiqLibrary
from scenario_desktop.services.sartiq.marks import PLACE, forget
from scenario_desktop.services.sartiq.remembered import Remembered
from scenario_desktop.services.sartiq.sync import SartiqSync
from scenario_desktop.services.sartiq.trainings import Trainings
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.services.sync_loop import SyncTimes
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.ledger import Ledger

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.files import FileFetcher
    from scenario_desktop.api.models.assets import Asset
    from scenario_desktop.api.sartiq.capabilities import Capabilities
    from scenario_desktop.api.sartiq.client import SartiqClient
    from scenario_desktop.api.sartiq.login import TokenStore

log = logging.getLogger(__name__)

#: Meta: what was learnt of each server's operations, as JSON.
CAPABILITIES: Final = "sartiq.capabilities"


@dataclass(frozen=True, slots=True)
class SartiqConnection:
    """Where the second service is reached. The password stays out of the repr.

    Attributes:
        token_url: where to sign in; None: where the service's framework has it.
        organisation_id: whose generations are read and made; None for the user's own.
        tokens: keeps the token from one start to the next; None: for this session only.
        is_local: this computer's own engine: nothing is billed, and its port changes.
    """

    base_url: str
    username: str
    password: str = field(repr=False)
    token_url: str | None = None
    organisation_id: str | None = None
    tokens: TokenStore | None = field(default=None, repr=False)
    is_local: bool = False

    @property
    def server(self) -> str:
        """Return the server's name, the same on every start."""
        return "local" if self.is_local else urlsplit(self.base_url).netloc

    @property
    def place(self) -> str:
        """Return what says whose generations are read here."""
        return json.dumps([self.server, self.username, self.organisation_id or ""])


@dataclass(frozen=True, slots=True)
class Desk:
    """What of the open workspace a half works with, and does not own.

    Attributes:
        original: an item's file on this computer, fetched where needed.
    """

    workspace_id: str
    catalogue: Catalogue
    library: Library
    ledger: Ledger
    guard: SpendingGuard
    original: Callable[[Item], Awaitable[Path]]


class SartiqHalf:
    """One open connection to the second service. Made by ``open`` only.

    Attributes:
        client: its API.
        files: reads files at the addresses that it tells.
        organisation_id: whose generations these are; None for the user's own.
        capabilities: which of the announced operations the server has; kept once learnt.
        items: brings generations into the library and reads single items anew.
        deletion: plans and carries out deletions.
        door: hands pictures over to the service.
        runs: sends requests and follows what comes of them; started by the session.
        sync: keeps the catalogue like the server; started by the session.
        remembered: ids that were used before.
        choosing: marks results as chosen; refine_tasks: the server's own list of them.
        trainings: what the server has of them.
    """

    def __init__(
        self,
        client: SartiqClient,
        files: FileFetcher,
        connection: SartiqConnection,
        desk: Desk,
        times: SyncTimes | None,
    ) -> None:
        from scenario_desktop.services.sartiq.refine_tasks import RefineTasks
        from scenario_desktop.services.sartiq.runs import Runs, RunsPlace
        from scenario_desktop.services.sartiq.starts import Start

        catalogue, library = desk.catalogue, desk.library
        self.client = client
        self.files = files
        self.organisation_id = connection.organisation_id
        self.is_local = connection.is_local
        self.items = SartiqLibrary(client, catalogue, library)
        self.deletion = Deletion(client, catalogue, self.items)
        self.sync = SartiqSync(client, catalogue, library, self.items, times=times)
        self.remembered = Remembered(catalogue)
        self.choosing = Choosing(client, catalogue, self.items)
        self.door = Handover(
            client, find=library.item, fresh_url=library.fresh_url, original=desk.original
        )
        self.runs = Runs(
            client,
            desk.ledger,
            desk.guard,
            place=RunsPlace(desk.workspace_id, connection.is_local, self._can_cancel),
            door=self.door,
            library=self.items,
        )
        begin = self.runs.starts.start
        self.refine_tasks = RefineTasks(client, self.items, start=partial(begin, Start.REFINE_TASK))
        self.trainings = Trainings(client, start=partial(begin, Start.TRAINING))
        self._catalogue = catalogue
        self._connection = connection
        self._keeping: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    @property
    def capabilities(self) -> Capabilities:
        return self.client.capabilities

    @classmethod
    async def open(
        cls,
        connection: SartiqConnection,
        desk: Desk,
        *,
        times: SyncTimes | None = None,
        transport: Callable[[], Any] | None = None,
    ) -> Self:
        """Open the connection; nothing is sent yet.

        Args:
            transport: for tests; makes an httpx transport, once per connection pool.

        Raises:
            BadInput: the address, the name or the password cannot be used.
            StoreFailed: the catalogue cannot be read.
        """
        from scenario_desktop.api.files import FileFetcher
        from scenario_desktop.api.sartiq.capabilities import Capabilities
        from scenario_desktop.api.sartiq.client import SartiqClient

        def pipe() -> Any:
            return transport() if transport is not None else None

        learnt = await _learnt(desk.catalogue)
        async with AsyncExitStack() as stack:
            client = SartiqClient.with_password(
                connection.base_url,
                connection.username,
                connection.password,
                token_url=connection.token_url,
                store=connection.tokens,
                organization_id=connection.organisation_id,
                capabilities=Capabilities(learnt.get(connection.server)),
                transport=pipe(),
            )
            stack.push_async_callback(client.aclose)
            files = FileFetcher(base_url=client.base_url, transport=pipe())
            stack.push_async_callback(files.aclose)
            half = cls(client, files, connection, desk, times)
            client.capabilities.on_change = half._on_learnt
            await half._settle_in()
            stack.push_async_callback(half._settle)
            stack.push_async_callback(half.runs.aclose)
            stack.push_async_callback(half.sync.aclose)
            half._stack = stack.pop_all()
        return half

    async def aclose(self) -> None:
        """Stop everything. May be called twice."""
        await self._stack.aclose()

    async def start(self) -> None:
        """Take up the runs that were in flight, and begin to sync.

        Raises:
            StoreFailed: the ledger cannot be read.
        """
        await self.runs.start()
        self.sync.start()

    async def handover(self, item: Item) -> str:
        """Return an address of any item that the service can read now.

        Raises:
            AppError: it has no file, or could not be handed over.
        """
        return await self.door.handover(item)

    async def read(self, item: Item) -> Asset:
        """Read an item from the server now; its addresses are good.

        Raises:
            AppError: it could not be read.
        """
        return await self.items.read(item)

    async def read_soon(self, item: Item) -> Asset:
        """As ``read``, but an address told a moment ago will do."""
        return await self.items.read_soon(item)

    async def mark_favourite(self, prediction_id: str, is_favourite: bool) -> None:
        """Tell the server; may be repeated."""
        await self.client.set_favourite(prediction_id, is_favourite)

    def _can_cancel(self) -> bool:
        from scenario_desktop.api.sartiq.capabilities import Operation

        return self.capabilities.may(Operation.CANCEL_GENERATION)

    async def _settle_in(self) -> None:
        """Begin anew where the catalogue holds another account's generations."""
        await self.remembered.load()
        await self.choosing.load()
        former = await self._catalogue.get_meta(PLACE)
        if former == self._connection.place:
            return
        await forget(self._catalogue)
        await self._catalogue.set_meta(PLACE, self._connection.place)

    def _on_learnt(self) -> None:
        task = asyncio.create_task(self._keep_capabilities(), name="capabilities")
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _settle(self) -> None:
        """Wait for what is being kept."""
        self.capabilities.on_change = None
        if self._keeping:
            await asyncio.wait(self._keeping)

    async def _keep_capabilities(self) -> None:
        """Keep what was learnt of this server."""
        try:
            learnt = await _learnt(self._catalogue)
            learnt[self._connection.server] = self.capabilities.known
            await self._catalogue.set_meta(CAPABILITIES, json.dumps(learnt))
        except StoreFailed as error:  # it is learnt again
            log.warning("what the server offers was not kept: %s", error.message)


async def _learnt(catalogue: Catalogue) -> dict[str, dict[str, bool]]:
    try:
        learnt = json.loads(await catalogue.get_meta(CAPABILITIES) or "{}")
    except ValueError:  # it is learnt again
        return {}
    return learnt if isinstance(learnt, dict) else {}

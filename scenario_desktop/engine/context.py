"""What one running engine consists of; handlers get it from their request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from scenario_desktop.engine.assets import AssetStore
from scenario_desktop.engine.canvas import CANVAS, CanvasStore
from scenario_desktop.engine.collections import CollectionStore
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.exports import ExportStore
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.folders import clean_up, prepare_folders
from scenario_desktop.engine.jobs import JOB_MIGRATIONS, JobRunner
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.requests import Query
from scenario_desktop.engine.sartiq.context import Sartiq, build
from scenario_desktop.engine.sartiq.schema import SARTIQ
from scenario_desktop.engine.schema import ASSETS
from scenario_desktop.engine.times import now_ms
from scenario_desktop.engine.upkeep import tidy
from scenario_desktop.engine.uploads import UploadStore
from scenario_desktop.engine.usage import USAGE, UsageLog
from scenario_desktop.errors import Forbidden
from scenario_desktop.imaging.pool import WorkerPool

#: Seconds after the start that the workers are got ready, when nothing has asked for them before.
WARM_UP_AFTER_S = 2.0
#: All steps of the schema in the order they were ever shipped.
MIGRATIONS = (ASSETS, *JOB_MIGRATIONS, CANVAS, USAGE, SARTIQ)


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts of one running engine."""

    config: EngineConfig
    keys: Keys
    database: Database
    pool: WorkerPool
    links: Links
    thumbnails: ContentFolder
    contents: ContentFolder
    assets: AssetStore
    canvases: CanvasStore
    collections: CollectionStore
    uploads: UploadStore
    exports: ExportStore
    usage: UsageLog
    jobs: JobRunner
    sartiq: Sartiq


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


def user_of(request: Request) -> str:
    """Return the id of the user whose keys the request came with."""
    user_id: str = request.scope["user_id"]
    return user_id


def own_project(request: Request) -> Query:
    """Read the query, and refuse a project that is not this engine's one.

    Raises:
        Forbidden: it names another project or team.
    """
    query, keys = Query(request), engine_of(request).keys
    if query.text("projectId") not in (None, keys.project_id):
        raise Forbidden("These keys have no access to that project.")
    if query.text("teamId") not in (None, keys.team_id):
        raise Forbidden("These keys have no access to that team.")
    return query


@asynccontextmanager
async def running(config: EngineConfig, keys: Keys) -> AsyncIterator[Engine]:
    """Open everything, and close it in the opposite order.

    Raises:
        NewerFile: a later version made the data; it was not touched.
        StoreFailed: the data folder is damaged, missing its index, or not writable.
    """
    started_ms = now_ms()
    prepare_folders(config)
    async with AsyncExitStack() as stack:
        database = Database(config.database, MIGRATIONS)
        stack.push_async_callback(database.aclose)
        await database.open()
        await asyncio.to_thread(clean_up, config)
        pool = WorkerPool(config.processes)
        stack.push_async_callback(pool.aclose)
        links = Links(keys.signing_key, lifetime_s=config.url_lifetime_s, origin=config.origin)
        contents = ContentFolder(config.contents, config.staging)
        thumbnails = ContentFolder(config.thumbnails, config.staging)
        assets = AssetStore(
            database, contents=contents, thumbnails=thumbnails, links=links, pool=pool, keys=keys,
            clock=config.clock,
        )  # fmt: skip
        collections = CollectionStore(database, links=links, keys=keys)
        usage = UsageLog(database)
        canvases = CanvasStore(
            database, contents=contents, thumbnails=thumbnails, pool=pool, clock=config.clock
        )
        uploads = UploadStore(config, database, assets=assets, links=links, keys=keys)
        exports = ExportStore(config, database, assets=assets, links=links, pool=pool)
        jobs = JobRunner(database=database, assets=assets, usage=usage, pool=pool, keys=keys)
        sartiq = build(
            config, keys, database, contents=contents, links=links, pool=pool, usage=usage
        )
        for part in (uploads, exports, jobs, sartiq):
            stack.push_async_callback(part.stop)
            await part.start()
        for task in (tidy(config, database, started_ms), _warm_up(pool)):
            stack.push_async_callback(_cancelled, asyncio.create_task(task))
        yield Engine(
            config=config, keys=keys, database=database, pool=pool, links=links,
            thumbnails=thumbnails, contents=contents, assets=assets, canvases=canvases,
            collections=collections, uploads=uploads, exports=exports, usage=usage, jobs=jobs,
            sartiq=sartiq,
        )  # fmt: skip


async def _warm_up(pool: WorkerPool) -> None:
    """Have the workers ready before the first job, but not while the window is still starting."""
    await asyncio.sleep(WARM_UP_AFTER_S)
    await pool.warm_up()


async def _cancelled(task: asyncio.Task[None]) -> None:
    """End a task that need not end; a failure of its own still shows."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

"""What one running engine consists of; handlers get it from their request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from scenario_desktop.engine.assets import AssetStore
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder, store_failure
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.schema import ASSETS
from scenario_desktop.engine.usage import UsageLog
from scenario_desktop.errors import StoreFailed
from scenario_desktop.imaging.pool import WorkerPool

try:
    from scenario_desktop.engine.jobs import JOB_MIGRATIONS, JobRunner
except ImportError:
    JOB_MIGRATIONS = ()

    class JobRunner:
        def __init__(self, **_): ...
        async def start(self): ...
        async def stop(self): ...


#: All steps of the schema in the order they were ever shipped.
MIGRATIONS = (ASSETS, *JOB_MIGRATIONS)


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
    usage: UsageLog
    jobs: JobRunner


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


@asynccontextmanager
async def running(config: EngineConfig, keys: Keys) -> AsyncIterator[Engine]:
    """Open everything, and close it in the opposite order.

    Raises:
        NewerFile: a later version made the data; it was not touched.
        StoreFailed: the data folder is damaged, missing its index, or not writable.
    """
    make_folders(config)
    _refuse_lost_index(config)
    async with AsyncExitStack() as stack:
        database = Database(config.database, MIGRATIONS)
        stack.push_async_callback(database.aclose)
        await database.open()
        _empty(config.staging)
        pool = WorkerPool(config.processes)
        stack.push_async_callback(pool.aclose)
        links = Links(keys.signing_key, lifetime_s=config.url_lifetime_s, origin=config.origin)
        contents = ContentFolder(config.contents, config.staging)
        thumbnails = ContentFolder(config.thumbnails, config.staging)
        assets = AssetStore(
            database, contents=contents, thumbnails=thumbnails, links=links, pool=pool, keys=keys
        )
        usage = UsageLog(database)
        jobs = JobRunner(database=database, assets=assets, usage=usage, pool=pool, keys=keys)
        stack.push_async_callback(jobs.stop)
        await jobs.start()
        yield Engine(
            config=config, keys=keys, database=database, pool=pool, links=links,
            thumbnails=thumbnails, contents=contents, assets=assets, usage=usage, jobs=jobs,
        )  # fmt: skip


def make_folders(config: EngineConfig) -> None:
    """Make the data folder and what is in it, readable by their owner only.

    Raises:
        StoreFailed: it cannot be made.
    """
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.data.chmod(0o700)
        for folder in config.folders:
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise store_failure(error) from error


def _refuse_lost_index(config: EngineConfig) -> None:
    """Refuse to start empty over files that an index must have known."""
    is_lost = not config.database.exists() or config.database.stat().st_size == 0
    if is_lost and any(config.contents.iterdir()):
        raise StoreFailed(
            f"{config.database.name} is missing, but pictures are stored beside it.",
            hint="Put it back from a copy, or choose another data folder.",
        )


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()

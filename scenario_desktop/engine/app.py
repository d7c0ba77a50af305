"""The engine as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Router

from scenario_desktop.engine import keys as engine_keys
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import make_folders, running
from scenario_desktop.engine.failures import HANDLERS
from scenario_desktop.engine.guard import Guard
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.routes import assets, files

try:
    from scenario_desktop.engine.routes import generate, jobs

    EXTRA = [*generate.ROUTES, *jobs.ROUTES]
except ImportError:
    EXTRA = []

#: Everything under /v1.
CLOUD_ROUTES = [*assets.ROUTES, *EXTRA]


def create_app(config: EngineConfig, keys: Keys | None = None) -> Starlette:
    """Build the application; its lifespan opens and closes the data folder.

    Args:
        keys: as read from the data folder, which is done here when they are not given.

    Raises:
        StoreFailed: the data folder cannot be made or its keys cannot be read.
    """
    if keys is None:
        make_folders(config)
        keys = engine_keys.load_or_create(config.data / engine_keys.FILE_NAME)
    known = keys

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(config, known) as engine:
            app.state.engine = engine
            yield

    app = Starlette(
        routes=[
            Mount("/v1", app=Router(CLOUD_ROUTES, redirect_slashes=False)),
            *files.ROUTES,
        ],
        middleware=[Middleware(Guard, config=config, keys=known)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.keys = known
    return app

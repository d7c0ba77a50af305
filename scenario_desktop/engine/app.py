"""The engine as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Router

from scenario_desktop.engine import keys as engine_keys
from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import running
from scenario_desktop.engine.failures import HANDLERS
from scenario_desktop.engine.folders import make_folders
from scenario_desktop.engine.guard import Guard
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.routes import (
    accounts,
    assets,
    canvas,
    collections,
    exports,
    files,
    generate,
    jobs,
    models,
    search,
    uploads,
    usage,
)
from scenario_desktop.engine.routes.recording import recorded
from scenario_desktop.engine.sartiq import router as sartiq

#: Everything under /v1. Exports stand first: an asset id matches "download" too.
CLOUD_ROUTES = recorded([
    *exports.ROUTES, *assets.ROUTES, *canvas.ROUTES, *collections.ROUTES, *uploads.ROUTES,
    *search.ROUTES, *generate.ROUTES, *jobs.ROUTES, *accounts.ROUTES, *models.ROUTES,
    *usage.ROUTES,
])  # fmt: skip
#: What is reached without keys, by signed or public addresses.
FILE_ROUTES = [*files.ROUTES, *uploads.PART_ROUTES, *sartiq.FILE_ROUTES]


def create_app(config: EngineConfig, keys: Keys | None = None) -> Starlette:
    """Build the application; its lifespan opens and closes the data folder.

    Args:
        keys: as read from the data folder, which is done here when they are not given.

    Raises:
        StoreFailed: the data folder cannot be made or its keys cannot be read.
    """
    if keys is None:
        make_folders(config)
        keys = engine_keys.load_or_create(
            config.data / engine_keys.FILE_NAME, has_second_user=config.has_second_user
        )
    known = keys

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(config, known) as engine:
            app.state.engine = engine
            yield

    app = Starlette(
        routes=[
            Mount("/v1", app=Router(CLOUD_ROUTES, redirect_slashes=False)),
            sartiq.mount(),
            *FILE_ROUTES,
        ],
        middleware=[Middleware(Guard, config=config, keys=known)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.keys = known
    return app

"""All routes under /api/v1, behind the door, with failures told as this half tells them."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Mount, Router

from scenario_desktop.engine.sartiq.failures import HANDLERS
from scenario_desktop.engine.sartiq.login import PREFIX, Door
from scenario_desktop.engine.sartiq.routes import (
    generations,
    login,
    predictions,
    refines,
    tools,
    trials,
    uploads,
)

#: Fixed paths stand before those with an id in the same place.
ROUTES = [
    *login.ROUTES, *uploads.ROUTES, *tools.ROUTES, *refines.ROUTES, *trials.ROUTES,
    *generations.ROUTES, *predictions.ROUTES,
]  # fmt: skip
#: Reached without a token, by signed addresses.
FILE_ROUTES = uploads.FILE_ROUTES


def mount() -> Mount:
    """Return what the application mounts."""
    return Mount(
        PREFIX,
        app=Router(
            ROUTES,
            redirect_slashes=False,
            middleware=[Middleware(ExceptionMiddleware, handlers=HANDLERS), Middleware(Door)],
        ),
    )

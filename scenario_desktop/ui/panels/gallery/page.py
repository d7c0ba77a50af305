"""Puts the gallery page together."""

from __future__ import annotations

from dataclasses import dataclass

from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.gallery import accessible
from scenario_desktop.ui.panels.gallery.cache import ItemCache
from scenario_desktop.ui.panels.gallery.controller import GalleryController
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.menus import gallery_commands
from scenario_desktop.ui.panels.gallery.prefs import GalleryPrefs
from scenario_desktop.ui.panels.gallery.view import GalleryView


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """The page and who runs it. The controller lives as long as its view."""

    view: GalleryView
    controller: GalleryController


def make_gallery(
    store: PictureStore,
    *,
    notices: Reports,
    commands: CommandRegistry | None = None,
    prefs: GalleryPrefs | None = None,
    cache: ItemCache | None = None,
    grid: GridView | None = None,
) -> GalleryPage:
    """Make the page, and add its commands to the registry.

    Args:
        cache, grid: where a grid is on the screen already, with the items it paints from.
    """
    accessible.install()
    cache = ItemCache() if cache is None else cache
    view = GalleryView(store, cache.get, grid=grid)
    controller = GalleryController(
        view, store, cache, notices=notices, commands=commands, prefs=prefs
    )
    if commands is not None:
        commands.add(*gallery_commands(view, controller))
    return GalleryPage(view, controller)

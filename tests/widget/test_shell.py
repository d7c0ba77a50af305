"""The window before the program is there: painted from files, and taken over in place."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop import first_paint, paths
from scenario_desktop.items import ItemQuery, Section, picture_version
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.first_look import Remembered, read_settings
from scenario_desktop.store.thumbnails import ThumbnailCache
from scenario_desktop.ui.panels.gallery.page import GalleryPage, make_gallery
from scenario_desktop.ui.panels.gallery.prefs import GalleryPlace, GalleryPrefs
from scenario_desktop.ui.workbench.shell import Shell
from tests.bench.catalogue_seed import seed
from tests.bench.gallery_bench import CatalogueLibrary, ReadyThumbnails, Silent, jpeg
from tests.support import until

COUNT = 400


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Path:
    """A data folder with items and thumbnails, as it is left behind."""
    folder = tmp_path_factory.mktemp("shell") / "data"
    places = paths.under(folder)
    places.make()
    seed(places.catalogue("local"), COUNT)
    asyncio.run(_fill_cache(places))
    return folder


@pytest.fixture
def places(template: Path, tmp_path: Path) -> paths.Paths:
    return paths.under(Path(shutil.copytree(template, tmp_path / "data")))


async def _fill_cache(places: paths.Paths) -> None:
    catalogue = Catalogue(places.catalogue("local"))
    cache = ThumbnailCache(places.thumbnails, 2**26)
    await catalogue.open()
    await cache.open()
    keys = await catalogue.ordered_keys(ItemQuery())
    for item in (await catalogue.items(keys[:150])).values():
        version = picture_version(item.type, item.status, item.created_at, item.updated_at)
        await cache.put(item.id, version, jpeg(item.key % 5))
    await cache.aclose()
    await catalogue.aclose()


@pytest.fixture
def opened(places: paths.Paths) -> Any:
    shell = first_paint.open_shell(places, read_settings(places.settings))
    shell.store.finish(10)
    yield shell
    shell.close()


def pictures(shell: Shell) -> list[int]:
    """Return which pictures are drawn, by Qt's number for each."""
    grid = shell.grid
    found = [shell.store.pixmap(key, grid.frame) for key in grid.visible_keys()]
    return [picture.cacheKey() for picture in found if picture is not None]


def test_it_shows_what_was_shown_last(opened: Shell) -> None:
    assert len(opened.order) == COUNT
    assert opened.grid.isVisible()
    assert opened.grid.visible_keys()[0] == COUNT
    assert len(pictures(opened)) == len(opened.grid.visible_keys())


def test_blocks_stand_where_pictures_are_missing(places: paths.Paths) -> None:
    places.thumbnails.unlink()
    shell = first_paint.open_shell(places, Remembered())
    image = shell.grid.viewport().grab().toImage()
    box = shell.grid._box(0)
    assert image.pixelColor(box.x + 20, box.y + 20) != image.pixelColor(2, 2)
    shell.close()


def test_without_a_catalogue_the_window_comes_all_the_same(tmp_path: Path) -> None:
    places = paths.under(tmp_path)
    places.make()
    shell = first_paint.open_shell(places, Remembered())
    assert shell.window.isVisible()
    assert shell.query is None
    shell.close()


@pytest.mark.parametrize("odd", ["x", None, -5, 10**9, [1], {"a": 1}, True])
def test_odd_settings_are_no_reason_not_to_open(tmp_path: Path, odd: object) -> None:
    names = ("geometry", "page", "sidebar", "jobs_height", "jobs_open", "pages")
    parts = ("cell_px", "sort", "is_descending", "fit", "filter")
    places = paths.under(tmp_path)
    places.make()
    place = dict.fromkeys(("section", "collection", "chosen", "current"), odd)
    values = {
        "window": {"panels": dict.fromkeys(names, odd), "pages": {"local": place}},
        "gallery": dict.fromkeys(parts, odd),
        "theme": odd, "text_scale": odd, "active_workspace": odd,
    }  # fmt: skip
    places.settings.write_text(json.dumps(values))
    shell = first_paint.open_shell(places, read_settings(places.settings))
    assert shell.window.isVisible()
    shell.close()


def take_over(shell: Shell) -> GalleryPage:
    page = make_gallery(
        shell.store, notices=Silent(), prefs=shell.prefs, cache=shell.cache, grid=shell.grid
    )
    shell.window.add_page("gallery", page.view)
    assert shell.query is not None
    page.controller.adopt(shell.query, shell.order)
    shell.drop_blanks()
    return page


async def test_the_session_takes_it_over_without_a_trace(
    opened: Shell, places: paths.Paths, qt_loop: Callable[[Any], Any]
) -> None:
    catalogue = Catalogue(places.catalogue("local"))
    await catalogue.open()
    grid, bar = opened.grid, opened.grid.verticalScrollBar()
    page = take_over(opened)
    bar.setValue(130)
    chosen = grid.visible_keys()[3]
    page.controller.show_key(chosen)
    before = (bar.value(), pictures(opened), grid.geometry().size())
    page.controller.open(CatalogueLibrary(catalogue), ReadyThumbnails(), keeps=True)
    assert (bar.value(), pictures(opened), grid.geometry().size()) == before
    shown: list[int] = []
    page.controller.shown.connect(shown.append)
    await until(lambda: shown)
    assert (bar.value(), grid.geometry().size()) == (before[0], before[2])
    assert set(before[1]) <= set(pictures(opened))
    assert page.controller.chosen_keys() == [chosen]
    page.controller.open(None)
    await page.controller.supply.fetch.settle()
    await catalogue.aclose()


async def test_another_workspace_replaces_it(
    opened: Shell, tmp_path: Path, qt_loop: Callable[[Any], Any]
) -> None:
    other = tmp_path / "other.sqlite"
    await asyncio.to_thread(_seed_other, other)
    catalogue = Catalogue(other)
    await catalogue.open()
    page = take_over(opened)
    page.controller.open(CatalogueLibrary(catalogue), ReadyThumbnails())
    assert page.controller.count == 0
    assert not pictures(opened)
    await until(lambda: page.controller.count == 7)
    page.controller.open(None)
    await page.controller.supply.fetch.settle()
    await catalogue.aclose()


def _seed_other(path: Path) -> None:
    seed(path, 7)


def test_a_remembered_order_is_shown(places: paths.Paths) -> None:
    gallery = GalleryPrefs(is_descending=False).to_dict()
    shell = first_paint.open_shell(places, Remembered(gallery=gallery))
    assert shell.grid.visible_keys()[0] == 1
    shell.close()


def test_a_remembered_place_is_gone_back_to(places: paths.Paths) -> None:
    place = GalleryPlace(chosen=(12, 11), current=12).to_dict()
    shell = first_paint.open_shell(places, Remembered(place=place))
    shell.store.finish(10)
    assert shell.grid.chosen_keys() == [12, 11]
    assert 12 in shell.grid.visible_keys()
    assert shell.cache.get(12) is not None
    part = GalleryPlace(section=Section.CONTROL_MAPS).to_dict()
    other = first_paint.open_shell(places, Remembered(place=part))
    assert 0 < len(other.order) < COUNT
    for opened in (shell, other):
        opened.close()


def test_a_remembered_filter_is_left_to_the_session(places: paths.Paths) -> None:
    gallery = GalleryPrefs(filter={"kinds": ("video",)}).to_dict()
    shell = first_paint.open_shell(places, Remembered(gallery=gallery))
    assert shell.query is None
    shell.close()

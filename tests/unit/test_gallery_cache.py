"""Items near what is in view."""

from __future__ import annotations

from scenario_desktop.ui.panels.gallery.area import MAX_AROUND
from scenario_desktop.ui.panels.gallery.cache import MAX_ITEMS, ItemCache
from tests.widget.gallery_support import item


def test_what_was_asked_for_and_is_gone_is_not_asked_again() -> None:
    cache = ItemCache()
    cache.put([1, 2], {1: item(1)})
    assert cache.missing([1, 2, 3]) == [3]
    assert cache.get(2) is None
    assert [one.key for one in cache] == [1]


def test_the_oldest_go_first() -> None:
    cache = ItemCache(max_items=2)
    cache.put([1, 2], {1: item(1), 2: item(2)})
    cache.put([1, 3], {1: item(1), 3: item(3)})
    assert cache.missing([1, 2, 3]) == [2]


def test_forgotten_items_are_told_as_they_were() -> None:
    cache = ItemCache()
    cache.put([1, 2], {1: item(1, name="before")})
    assert {key: one.name for key, one in cache.forget([1, 2, 9]).items()} == {1: "before"}
    assert cache.missing([1]) == [1]


def test_all_around_a_view_fits_into_what_is_kept() -> None:
    assert MAX_AROUND < MAX_ITEMS

"""Items near what is in view, by key; bounded, so that a walk through millions keeps its size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from scenario_desktop.items import Item

#: Some kilobyte each. More than any screen shows at once, with what lies around it.
MAX_ITEMS = 8000


class ItemCache:
    """The items last looked at. A key that turned out to have no item is remembered, too."""

    def __init__(self, max_items: int = MAX_ITEMS) -> None:
        self._max_items = max_items
        self._items: OrderedDict[int, Item | None] = OrderedDict()

    def get(self, key: int) -> Item | None:
        """Return an item, None where it is unknown or gone. Called for every cell painted."""
        return self._items.get(key)

    def __iter__(self) -> Iterator[Item]:
        return (item for item in self._items.values() if item is not None)

    def missing(self, keys: Iterable[int]) -> list[int]:
        """Return the keys that nothing is known of."""
        return [key for key in keys if key not in self._items]

    def put(self, asked: Iterable[int], found: Mapping[int, Item]) -> None:
        """Keep the answer to a question; what was asked for and not found is gone."""
        for key in asked:
            self._items[key] = found.get(key)
            self._items.move_to_end(key)
        while len(self._items) > self._max_items:
            self._items.popitem(last=False)

    def forget(self, keys: Iterable[int]) -> dict[int, Item]:
        """Drop items that are different now; return what they were."""
        old = ((key, self._items.pop(key, None)) for key in keys)
        return {key: item for key, item in old if item is not None}

    def clear(self) -> None:
        self._items.clear()

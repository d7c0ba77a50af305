"""Which items are chosen, by key, so that inserts and new orders do not disturb it.

Everything but one cell of a million is two small facts here ("all", and the exceptions), because a
set of a million keys takes 60 ms and 60 MB to make.
"""

from __future__ import annotations

from collections.abc import Iterable

from scenario_desktop.ui.panels.gallery.order import KeyOrder

_CHUNK = 20_000
#: So few are looked up one by one in a long order.
_FEW = 64


class Selection:
    """Chosen keys, the current one, and the one a Shift range starts from.

    Attributes:
        current: the key that has the keyboard, None before there is any.
        start: where a range begins.
        changes: counts the changes of what is chosen, so that a slow reader can notice them.
    """

    def __init__(self) -> None:
        self.current: int | None = None
        self.start: int | None = None
        self.changes = 0
        self._keys: set[int] = set()
        self._is_all = False  # then ``_keys`` are the exceptions
        self._total = 0

    def __contains__(self, key: int) -> bool:
        return key > 0 and (key in self._keys) != self._is_all

    def __len__(self) -> int:
        return self._total - len(self._keys) if self._is_all else len(self._keys)

    @property
    def is_all(self) -> bool:
        """Whether it is kept as "all but"."""
        return self._is_all

    def keys(self, order: KeyOrder, limit: int | None = None) -> list[int]:
        """Return the chosen keys as they stand in an order; those it lacks come last.

        Args:
            limit: how many at most; the first ones are found without looking at all of an order.
        """
        wanted = len(self) if limit is None else min(limit, len(self))
        if not self._is_all and len(self._keys) <= _FEW and len(order) > _FEW * _FEW:
            places = {key: order.index_of(key) for key in self._keys}
            return sorted(places, key=lambda key: (places[key] < 0, places[key]))[:wanted]
        found: list[int] = []
        for start in range(0, len(order), _CHUNK):
            if len(found) >= wanted:
                break
            found += [key for key in order.part(start, start + _CHUNK) if key in self]
        if len(found) < wanted and not self._is_all:
            found += sorted(self._keys.difference(found))
        return found[:wanted]

    def few(self) -> frozenset[int]:
        """Return the chosen keys without an order; of "all" only what costs nothing: none."""
        return frozenset() if self._is_all else frozenset(self._keys)

    def clear(self) -> None:
        """Choose nothing; the current cell stays."""
        self._set(())

    def choose(self, key: int) -> None:
        """Make one key the whole choice."""
        self._set((key,) if key > 0 else ())
        self.current = self.start = key

    def replace(self, keys: Iterable[int], current: int | None = None) -> None:
        """Make these keys the whole choice."""
        self._set(key for key in keys if key > 0)
        if current is not None:
            self.current = self.start = current

    def toggle(self, key: int) -> None:
        """Add or take away one key."""
        if key > 0:
            self._keys ^= {key}
            self.changes += 1
        self.current = self.start = key

    def extend(self, order: KeyOrder, key: int, *, is_added: bool = False) -> None:
        """Choose from the range's start to a key.

        Args:
            is_added: keep what is chosen already.
        """
        end = order.index_of(key)
        start = order.index_of(self.start) if self.start is not None else -1
        start = end if start < 0 else start
        keys = order.part(min(start, end), max(start, end) + 1)
        if is_added:
            self.add(keys)
        else:
            self._set(k for k in keys if k > 0)
        self.current = key
        if self.start is None:
            self.start = key

    def add(self, keys: Iterable[int]) -> None:
        wanted = {key for key in keys if key > 0}
        self.changes += 1
        self._keys = self._keys - wanted if self._is_all else self._keys | wanted

    def remove(self, keys: Iterable[int]) -> None:
        unwanted = {key for key in keys if key > 0}
        self.changes += 1
        self._keys = self._keys | unwanted if self._is_all else self._keys - unwanted

    def forget(self, keys: Iterable[int]) -> None:
        """Let go of items that are there no more: they are neither chosen nor left out."""
        self.changes += 1
        self._keys = self._keys - set(keys)

    def choose_all(self, order: KeyOrder, *, extra: int = 0) -> None:
        """Choose every item of an order.

        Args:
            extra: how many of its cells are not items.
        """
        self._keys = set()
        self._is_all = True
        self.changes += 1
        self._total = len(order) - extra

    def rebase(self, total: int, newcomers: Iterable[int] = ()) -> None:
        """Tell "all" that there are other items now; newcomers are not chosen with the rest."""
        if self._is_all:
            self._total = total
            self._keys.update(newcomers)

    def copy(self) -> Selection:
        twin = Selection()
        twin.current, twin.start = self.current, self.start
        twin._keys, twin._is_all, twin._total = set(self._keys), self._is_all, self._total
        return twin

    def _set(self, keys: Iterable[int]) -> None:
        self._keys = set(keys)
        self._is_all = False
        self.changes += 1


def spelled_out(selection: Selection, order: KeyOrder) -> set[int]:
    """Return what "all but" means in an order, as keys. For a thread: it gives way every chunk."""
    chosen: set[int] = set()
    for start in range(0, len(order), _CHUNK):
        chosen.update(k for k in order.part(start, start + _CHUNK) if k in selection)
    return chosen


def kept(chosen: Iterable[int], order: KeyOrder) -> set[int]:
    """Return which of some keys an order still holds. For a thread, like ``spelled_out``."""
    wanted = set(chosen)
    if len(wanted) <= 8:
        return {key for key in wanted if key in order}
    found: set[int] = set()
    for start in range(0, len(order), _CHUNK):
        found.update(wanted.intersection(order.part(start, start + _CHUNK)))
    return found

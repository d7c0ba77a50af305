"""An ordered list of item keys, up to millions of them. Knows nothing of Qt.

The keys are held once, as machine words in ``bytes``: eight megabytes for a million, copied in
a millisecond and searched at the speed of ``bytes.find`` (3 ms for the last of a million;
``array.index`` takes 16 ms, which is a dropped frame).

Keys of items are positive. Negative ones stand for cells that have no item yet.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable, Sequence

_WORD = 8
#: how far round a guessed place a key is looked for before all of them are searched
_NEAR = 256


class KeyOrder:
    """Keys in the order shown. Never changes; every edit makes a new one."""

    __slots__ = ("_data", "_keys")

    def __init__(self, keys: array[int] | Iterable[int] = ()) -> None:
        words = keys if isinstance(keys, array) else array("q", keys)
        if words.typecode != "q":
            words = array("q", words)
        self._hold(words.tobytes())

    @classmethod
    def _of_bytes(cls, data: bytes) -> KeyOrder:
        order = cls.__new__(cls)
        order._hold(data)
        return order

    def _hold(self, data: bytes) -> None:
        self._data = data
        self._keys = memoryview(data).cast("q")

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> int:
        return self._keys[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyOrder) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and self.index_of(key) >= 0

    def part(self, start: int, stop: int) -> list[int]:
        """Return the keys from ``start`` up to but without ``stop``; out of range is cut."""
        return self._keys[max(0, start) : max(0, stop)].tolist()

    def index_of(self, key: int, *, near: int = -1) -> int:
        """Return where a key stands, or -1. ``near`` is a guess that makes it fast."""
        word = key.to_bytes(_WORD, sys.byteorder, signed=True)
        if near >= 0:
            start = max(0, near - _NEAR)
            found = self._find(word, start, near + _NEAR)
            if found >= 0:
                return found
        return self._find(word, 0, len(self))

    def _find(self, word: bytes, start: int, stop: int) -> int:
        at = self._data.find(word, start * _WORD, stop * _WORD)
        while at >= 0 and at % _WORD:  # found across two keys
            at = self._data.find(word, at + 1, stop * _WORD)
        return at // _WORD if at >= 0 else -1

    def without(self, keys: Collection[int]) -> KeyOrder:
        """Return the same order with some keys gone."""
        cuts = sorted(index for index in map(self.index_of, keys) if index >= 0)
        if not cuts:
            return self
        parts, start = [], 0
        for cut in cuts:
            parts.append(self._data[start * _WORD : cut * _WORD])
            start = cut + 1
        parts.append(self._data[start * _WORD :])
        return self._of_bytes(b"".join(parts))

    def gathered(self, groups: Iterable[Iterable[int]]) -> KeyOrder:
        """Return the order with the members of each group behind the first of them.

        They keep their order among each other. Looks at every key once: for a thread.
        """
        group_of = {key: number for number, keys in enumerate(groups) for key in keys}
        members: dict[int, list[int]] = {}
        for key in self._keys:
            number = group_of.get(key)
            if number is not None:
                members.setdefault(number, []).append(key)
        result = array("q")
        for key in self._keys:
            number = group_of.get(key)
            if number is None:
                result.append(key)
            elif members[number]:
                result.extend(members[number])
                members[number] = []
        return KeyOrder(result)

    def with_beside(self, guests: Sequence[tuple[int, int]]) -> KeyOrder:
        """Return the order with some keys moved, or added, right behind a host.

        Args:
            guests: pairs of host key and guest key. Guests of one host keep their order. A guest
                whose host is not there stays where it is, or out.
        """
        moving = {guest for _, guest in guests}
        hosts = {host for host, _ in guests if host not in moving}
        places = {host: index for host in hosts if (index := self.index_of(host)) >= 0}
        placed = [(host, guest) for host, guest in guests if host in places]
        if not placed:
            return self
        base = self.without([guest for _, guest in placed if guest > 0])
        behind: dict[int, list[int]] = {}
        for host, guest in placed:
            index = base.index_of(host, near=places[host])
            behind.setdefault(index + 1, []).append(guest)
        parts, start = [], 0
        for index in sorted(behind):
            parts.append(base._data[start * _WORD : index * _WORD])
            parts.append(array("q", behind[index]).tobytes())
            start = index
        parts.append(base._data[start * _WORD :])
        return self._of_bytes(b"".join(parts))

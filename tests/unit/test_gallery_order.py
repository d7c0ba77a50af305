"""Ordered keys."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.ui.panels.gallery.order import KeyOrder

unique_keys = st.lists(st.integers(1, 2**40), unique=True, max_size=60)


@given(unique_keys)
def test_every_key_is_found_where_it_stands(keys: list[int]) -> None:
    order = KeyOrder(array("q", keys))
    assert [order.index_of(key) for key in keys] == list(range(len(keys)))
    assert order.index_of(2**41) == -1


def test_bytes_that_only_look_like_a_key_are_passed_over() -> None:
    # 256 is 00 01 00 …; the key 1 is 01 00 …: found first in the middle of 256.
    order = KeyOrder([256, 1 << 32, 1])
    assert order.index_of(1) == 2


def test_a_good_guess_and_a_bad_one_find_the_same() -> None:
    order = KeyOrder(range(1, 5001))
    assert order.index_of(4000, near=3990) == 3999
    assert order.index_of(4000, near=10) == 3999


@given(unique_keys, st.data())
def test_without_takes_out_exactly_those(keys: list[int], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    order = KeyOrder(keys).without({*gone, 2**41})
    assert order.part(0, len(order)) == [key for key in keys if key not in gone]


def test_guests_stand_behind_their_host_in_order() -> None:
    order = KeyOrder([1, 2, 3, 4]).with_beside([(2, -1), (2, 4), (9, -2), (1, -3)])
    assert order.part(0, 9) == [1, -3, 2, -1, 4, 3]


def test_a_guest_of_a_guest_stays_in_its_own_place() -> None:
    order = KeyOrder([1, 2, 3]).with_beside([(1, 3), (3, 2)])
    assert order.part(0, 9) == [1, 3, 2]


def test_without_guests_nothing_is_copied() -> None:
    order = KeyOrder([1, 2])
    assert order.with_beside([]) is order
    assert order.without([7]) is order


def test_groups_gather_behind_their_first_member() -> None:
    order = KeyOrder([1, 2, 3, 4, 5, 6]).gathered([[2, 5, 6], [4, 9], [77]])
    assert order.part(0, 9) == [1, 2, 5, 6, 3, 4]


@given(unique_keys, st.integers(1, 5))
def test_gathering_keeps_every_key_once(keys: list[int], count: int) -> None:
    groups = [keys[start::count] for start in range(count)]
    order = KeyOrder(keys).gathered(groups)
    assert sorted(order.part(0, len(keys) + 1)) == sorted(keys)

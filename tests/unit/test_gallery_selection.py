"""Chosen keys."""

from __future__ import annotations

from scenario_desktop.ui.panels.gallery.order import KeyOrder
from scenario_desktop.ui.panels.gallery.selection import Selection, kept, spelled_out

ORDER = KeyOrder([10, 20, 30, -1, 40, 50])


def test_a_click_makes_one_the_whole_choice() -> None:
    chosen = Selection()
    chosen.choose(20)
    chosen.choose(30)
    assert chosen.keys(ORDER) == [30]
    assert chosen.current == 30


def test_ctrl_adds_and_takes_away() -> None:
    chosen = Selection()
    chosen.choose(20)
    chosen.toggle(40)
    chosen.toggle(20)
    assert chosen.keys(ORDER) == [40]


def test_shift_chooses_the_range_both_ways_and_skips_cells_without_items() -> None:
    chosen = Selection()
    chosen.choose(40)
    chosen.extend(ORDER, 20)
    assert chosen.keys(ORDER) == [20, 30, 40]
    chosen.extend(ORDER, 50)
    assert chosen.keys(ORDER) == [40, 50]


def test_ctrl_shift_keeps_what_was_there() -> None:
    chosen = Selection()
    chosen.choose(10)
    chosen.toggle(40)
    chosen.extend(ORDER, 50, is_added=True)
    assert chosen.keys(ORDER) == [10, 40, 50]


def test_all_is_counted_without_being_spelled_out() -> None:
    chosen = Selection()
    chosen.choose_all(ORDER, extra=1)
    assert len(chosen) == 5
    assert -1 not in chosen
    chosen.toggle(30)
    assert len(chosen) == 4
    assert chosen.keys(ORDER) == [10, 20, 40, 50]
    assert spelled_out(chosen, ORDER) == {10, 20, 40, 50}


def test_adding_and_removing_work_on_all_too() -> None:
    chosen = Selection()
    chosen.choose_all(ORDER, extra=1)
    chosen.remove([10, 20])
    chosen.add([20])
    assert chosen.keys(ORDER) == [20, 30, 40, 50]


def test_a_new_order_leaves_the_choice_alone() -> None:
    chosen = Selection()
    chosen.replace([10, 50], current=50)
    turned = KeyOrder([60, 50, 40, 30, 20, 10])
    assert chosen.keys(turned) == [50, 10]
    assert kept(chosen.few(), KeyOrder([50, 60])) == {50}


def test_a_small_choice_among_many_is_ordered_quickly() -> None:
    many = KeyOrder(range(100_000, 0, -1))
    chosen = Selection()
    chosen.replace([5, 99_000, 400])
    assert chosen.keys(many) == [99_000, 400, 5]


def test_kept_looks_through_large_choices_in_pieces() -> None:
    order = KeyOrder(range(1, 50_001))
    assert kept(range(1, 100_000, 1000), order) == set(range(1, 50_001, 1000))


def test_the_first_of_very_many_are_found_quickly() -> None:
    many = KeyOrder(range(1, 1_000_001))
    chosen = Selection()
    chosen.choose_all(many)
    chosen.toggle(2)
    assert chosen.keys(many, 3) == [1, 3, 4]


def test_chosen_keys_that_an_order_lacks_come_last() -> None:
    chosen = Selection()
    chosen.replace([99, 20, 98, 10])
    assert chosen.keys(ORDER) == [10, 20, 98, 99]
    assert chosen.keys(ORDER, 3) == [10, 20, 98]

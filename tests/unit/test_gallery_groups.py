"""Which cells of a grouped grid belong together."""

from __future__ import annotations

from datetime import UTC, datetime

from scenario_desktop.ui.panels.gallery.groups import (
    MOST_COUNTED,
    Span,
    day_text,
    heading,
    spans,
)
from tests.widget.gallery_support import item

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_each_run_of_a_row_is_told_once() -> None:
    cells = "aab.cccccd"
    found = list(spans(range(10), lambda n: cells[n].strip(".") or None, 10, 4))
    assert found == [
        Span("a", 0, 1, False, False),
        Span("b", 2, 2, False, False),
        Span("c", 4, 7, False, True),
        Span("c", 8, 8, True, False),
        Span("d", 9, 9, False, False),
    ]


def test_a_part_of_a_row_is_enough_to_find_the_whole_run() -> None:
    assert list(spans((6,), "aaaaccccd".__getitem__, 9, 4)) == [Span("c", 4, 7, False, False)]


def test_what_is_looked_at_does_not_grow_with_the_library() -> None:
    asked = 0

    def group_at(_index: int) -> str:
        nonlocal asked
        asked += 1
        return "all of them"

    (span,) = spans(range(500_000, 500_008), group_at, 1_000_000, 8)
    first = Span(span.group, 0, 7, False, True)
    said = heading(first, item(1), group_at, 1_000_000, NOW)
    assert said.facts[2] == f"{MOST_COUNTED}+"
    assert asked < MOST_COUNTED + 40


def test_another_year_is_named() -> None:
    assert day_text(datetime(2026, 1, 9, 12, tzinfo=UTC), NOW) == "9 Jan"
    assert day_text(datetime(2025, 1, 9, 12, tzinfo=UTC), NOW) == "9 Jan 2025"

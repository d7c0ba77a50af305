"""What a list of drafts says of one that was gone on with over and over."""

from __future__ import annotations

from scenario_desktop.services.canvas.working_draft import joined


def told(*runs: str) -> str:
    words = ""
    for run in runs:
        words = joined(words, run)
    return words


def test_one_run_after_another() -> None:
    assert told("2 strokes on Sky", "", "Move Rocket") == "2 strokes on Sky, then Move Rocket"


def test_the_same_is_told_once() -> None:
    assert told(*["Brush on Sky"] * 5) == "Brush on Sky"


def test_what_lies_far_back_is_summed_up() -> None:
    assert told("A", "B", "C") == "A, then B, then C"
    assert told(*"ABCDEFG") == "Earlier work, then F, then G"

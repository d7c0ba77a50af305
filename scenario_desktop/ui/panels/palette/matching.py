"""Fuzzy matching of what was typed against titles. Knows nothing of Qt."""

from __future__ import annotations

from dataclasses import dataclass

#: Points: letters in a row, at the start of a word, at the very start; less for gaps and length.
_IN_A_ROW, _WORD_START, _START, _GAP = 6, 8, 6, 1


@dataclass(frozen=True, slots=True)
class Match:
    """How well it fits, and which letters do.

    Attributes:
        spans: begin and end of each run of matched letters, in order.
        is_whole: what was typed stands there in one piece.
    """

    score: int
    spans: tuple[tuple[int, int], ...] = ()
    is_whole: bool = False


def match(typed: str, title: str) -> Match | None:
    """Find the typed letters in a title, in order; None when one is missing.

    Whole words win over scattered letters; nothing typed fits everything equally.
    """
    wanted = typed.casefold().replace(" ", "")
    if not wanted:
        return Match(0)
    # Some letters grow when folded; matching folded ones against the title's own would shift.
    folded = "".join(letter.casefold()[:1] or " " for letter in title)
    whole = _whole(typed.strip().casefold(), folded)
    if whole is not None:
        return whole
    return _scattered(wanted, folded)


def _whole(typed: str, folded: str) -> Match | None:
    """Find the typed text in one piece, best at the start of a word."""
    places = [i for i in range(len(folded)) if folded.startswith(typed, i)]
    if not places or not typed:
        return None
    best = min(places, key=lambda i: (not _is_word_start(folded, i), i))
    score = 1000 + len(typed) * _IN_A_ROW - len(folded)
    score += 200 if _is_word_start(folded, best) else 0
    score += 100 if best == 0 else 0
    return Match(score, ((best, best + len(typed)),), is_whole=True)


def _scattered(wanted: str, folded: str) -> Match | None:
    """Find the letters in order, starting each run at a word where that is possible."""
    places: list[int] = []
    score, start = 0, 0
    for letter in wanted:
        found = [i for i in range(start, len(folded)) if folded[i] == letter]
        if not found:
            return None
        follows = bool(places) and found[0] == places[-1] + 1
        at_word = [i for i in found if _is_word_start(folded, i)]
        if not places and not at_word:
            return None  # "det" is not what one sees in "hide the"
        place = found[0] if follows or not at_word else at_word[0]
        if follows:
            score += _IN_A_ROW
        elif _is_word_start(folded, place):
            score += _WORD_START + (_START if place == 0 else 0)
        else:
            score -= 2
        score -= _GAP * (place - start)
        places.append(place)
        start = place + 1
    if score < 0:
        return None
    return Match(score, _runs(places))


def _is_word_start(folded: str, place: int) -> bool:
    return place == 0 or not folded[place - 1].isalnum()


def _runs(places: list[int]) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return tuple(runs)

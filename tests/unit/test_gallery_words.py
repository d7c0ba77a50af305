"""What cells of the gallery say of predictions, their versions and videos."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scenario_desktop.items import PREDICTION, REFINE, ItemQuery, Source
from scenario_desktop.ui.panels.gallery.prefs import GalleryPrefs, filter_of
from scenario_desktop.ui.panels.gallery.words import (
    Corner,
    about_text,
    badges,
    filter_count,
    filter_text,
    length_text,
    title,
)
from tests.widget.gallery_support import item

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def signs(**changes: Any) -> dict[Corner, str]:
    fields: dict[str, Any] = {"type": PREDICTION, "source": Source.SARTIQ, **changes}
    return {corner: badge.words for corner, badge in badges(item(1, **fields), NOW).items()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shot": "front_full_body"}, {Corner.IS: "Front full body"}),
        ({"kind": "video", "duration_s": 8.0}, {Corner.IS: "0:08"}),
        ({"kind": "video"}, {Corner.IS: ""}),
        ({"status": "pending", "shot": "front"}, {Corner.IS: "In work"}),
        ({"status": "error", "kind": "video"}, {Corner.IS: "Failed"}),
        ({"versions": 3}, {Corner.BECAME: "3"}),
        ({"versions": 3, "scale": 4.0}, {Corner.BECAME: "4× · 3"}),
        ({"versions": 1, "is_favourite": True}, {Corner.BECAME: "1", Corner.MARK: ""}),
    ],
    ids=[
        "shot",
        "video",
        "video of no known length",
        "pending",
        "failed",
        "versions",
        "scale",
        "favourite",
    ],
)  # fmt: skip
def test_each_corner_says_one_thing(changes: dict[str, Any], expected: dict[Corner, str]) -> None:
    assert signs(**changes) == expected


def test_the_tip_says_in_words_what_the_signs_mean() -> None:
    one = item(1, type=PREDICTION, source=Source.SARTIQ, shot="front_full_body", versions=2)
    said = "Prediction, front full body, 2 refined versions"
    assert about_text(one).replace("\u00a0", " ") == said
    video = item(2, type=PREDICTION, kind="video", duration_s=8.0, status="pending")
    text = about_text(video).replace("\u00a0", " ")
    assert text == "Prediction, video, 8 s, still in work"
    assert about_text(item(3, type=REFINE)) == "Refine"
    assert about_text(item(4)) == ""
    large = item(5, type=PREDICTION, versions=1, scale=2.0)
    text = about_text(large).replace("\u00a0", " ")
    assert text == "Prediction, 1 refined version, up to 2×"


@pytest.mark.parametrize(("seconds", "text"), [(8, "0:08"), (75.4, "1:15"), (3723, "1:02:03")])
def test_lengths_read_like_a_clock(seconds: float, text: str) -> None:
    assert length_text(seconds) == text


def test_a_filter_by_service_and_shot_is_told_counted_and_kept() -> None:
    query = ItemQuery(sources=(Source.SARTIQ,), shots=("front_full_body",))
    assert filter_text(query) == "from Sartiq, shot front full body"
    assert filter_count(query) == 2
    prefs = GalleryPrefs(filter=filter_of(query), is_grouped=True)
    again = GalleryPrefs.of(prefs.to_dict())
    assert again.is_grouped
    assert again.applied_to(ItemQuery()) == query


def test_a_generation_has_a_title() -> None:
    assert title(ItemQuery(group_id="g"), {}) == "One generation"

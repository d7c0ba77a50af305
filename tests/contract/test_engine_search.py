"""Search: words, the filter language, order, both ways of paging."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.engine.failures import Invalid
from scenario_desktop.engine.filters import to_sql
from scenario_desktop.engine.search import match_expression
from tests.contract.engine_support import Local, picture


@pytest.fixture
async def library(local: Local) -> dict[str, str]:
    """Three assets; name -> id."""
    ids: dict[str, str] = {}
    for name, size, tags, text in (
        ("red fox.png", (64, 48), ["animal", "red"], ""),
        ("Über-castle.png", (128, 128), ["building"], "a fortress by the sea"),
        ("plain.png", (32, 32), [], ""),
    ):
        image = base64.b64encode(picture(size)).decode()
        asset = (await local.ok("POST", "/assets", json={"name": name, "image": image}))["asset"]
        ids[name.split(".")[0]] = asset["id"]
        await local.ok("PUT", f"/assets/{asset['id']}/tags", json={"add": tags})
        if text:
            await local.ok("PUT", f"/assets/{asset['id']}", json={"description": text})
    await local.engine.database.run(
        lambda c: c.execute(
            """UPDATE assets SET metadata = '{"prompt": "dusk", "seed": 42, "guidance": 3.5}'
            WHERE name = 'plain.png'"""
        )
    )
    return ids


async def names(local: Local, **body: Any) -> set[str]:
    hits = (await local.ok("POST", "/search/assets", json=body))["hits"]
    return {hit["metadata"]["name"].split(".")[0] for hit in hits}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fox", {"red fox"}),
        ("FO", {"red fox", "Über-castle"}),
        ("uber", {"Über-castle"}),
        ("animal", {"red fox"}),
        ("red anim", {"red fox"}),
        ("fortress sea", {"Über-castle"}),
        ("fox castle", set()),
        ('"fox', {"red fox"}),
        ("fox OR castle", set()),
        ("***", set()),
        ("name:fox", set()),
    ],
)
async def test_words_are_found_as_prefixes(
    local: Local, library: dict[str, str], query: str, expected: set[str]
) -> None:
    assert await names(local, query=query) == expected


ALL = {"red fox", "Über-castle", "plain"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tags = animal", {"red fox"}),
        ("tags = ANIMAL", {"red fox"}),
        ("tags != animal", {"Über-castle", "plain"}),
        ("tags IS EMPTY", {"plain"}),
        ("tags IS NOT EMPTY", {"red fox", "Über-castle"}),
        ("width > 32 AND width <= 64", {"red fox"}),
        ("width >= 128 OR width < 33", {"Über-castle", "plain"}),
        ("NOT width = 128", {"red fox", "plain"}),
        ("NOT (tags = red OR tags = building)", {"plain"}),
        ("tags = red OR tags = building AND width > 1000", {"red fox"}),
        ("(tags = red OR tags = building) AND width > 100", {"Über-castle"}),
        ('name = "red fox.png"', {"red fox"}),
        ("name = 'red fox.png'", {"red fox"}),
        ("prompt = dusk", {"plain"}),
        ("prompt IS EMPTY", {"red fox", "Über-castle"}),
        ("seed = 42", {"plain"}),
        ("guidance > 3", {"plain"}),
        ("guidance != 3.5", {"red fox", "Über-castle"}),
        ("aspectRatio = 4:3", {"red fox"}),
        ("mimeType = image/png AND kind = image", ALL),
        ("createdAt > 2020-01-01 AND createdAt < 2100-01-01T00:00:00Z", ALL),
        ("createdAt > 4102444800", set()),
        ("nsfw IS EMPTY AND collectionIds IS EMPTY and privacy = private", ALL),
        ("(((((width=64)))))", {"red fox"}),
        ("tags='animal'AND width=64", {"red fox"}),
        ('tags = "AND"', set()),
    ],
)
async def test_filters_say_what_they_mean(
    local: Local, library: dict[str, str], text: str, expected: set[str]
) -> None:
    assert await names(local, filter=text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "tags", "tags =", "= cat", "tags cat", "tags = cat dog", "colour = red", "(tags = cat",
        "tags = cat)", "tags = cat AND", "AND tags = cat", "NOT", "tags > cat", "width = wide",
        "width > nan", "createdAt > soon", "tags IS", "tags IS NOT", 'name = "open', "width == 3",
        "width = (3)", "\\", "(" * 500 + "width = 1" + ")" * 500, " OR ".join(["width = 1"] * 300),
        "width = 1 " * 1000, "'name' = x",
    ],
)  # fmt: skip
async def test_a_filter_that_is_none_is_refused(local: Local, text: str) -> None:
    assert "filter" in await local.refused("POST", "/search/assets", 400, json={"filter": text})


@given(st.text(st.sampled_from("tags width=<>!()\"' ANDORNOTISEMPTY0123\\\0é"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition, values = to_sql(text)
    except Invalid:
        return
    assert condition.count("?") == len(values)


@given(st.text())
def test_any_query_is_taken_as_words(text: str) -> None:
    assert match_expression(text).count('"') % 2 == 0


async def test_both_ways_of_paging(local: Local, library: dict[str, str]) -> None:
    sort = {"filter": "kind = image", "sortBy": ["width:asc"]}
    answer = await local.ok("POST", "/search/assets", json={**sort, "offset": 1, "limit": 1})
    assert answer["estimatedTotalHits"] == 3
    assert [hit["metadata"]["width"] for hit in answer["hits"]] == [64]
    answer = await local.ok("POST", "/search/assets", json={**sort, "page": 2, "hitsPerPage": 2})
    assert (answer["totalHits"], answer["totalPages"], answer["page"]) == (3, 2, 2)
    assert [hit["metadata"]["width"] for hit in answer["hits"]] == [128]
    answer = await local.ok("POST", "/search/assets", json={**sort, "offset": 2**52})
    assert answer["hits"] == []


@pytest.mark.parametrize("order", ["createdAt", "updatedAt", "width", "height", "score"])
async def test_every_documented_order_is_taken(local: Local, order: str) -> None:
    body = {"filter": "kind = image", "sortBy": [f"{order}:desc"]}
    assert (await local.ok("POST", "/search/assets", json=body))["hits"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": "  "},
        {"query": "a", "offset": 0, "page": 1},
        {"query": "a", "limit": 0},
        {"query": "a", "limit": 101},
        {"query": "a", "page": 0},
        {"query": "a", "sortBy": ["name:asc"]},
        {"query": "a", "sortBy": ["width"]},
        {"query": "a", "querySemanticRatio": 2},
        {"query": 3},
        {"image": "asset_1"},
        {"image": "asset_1", "images": {"like": []}},
    ],
    ids=str,
)
async def test_what_is_not_documented_is_refused(local: Local, body: dict[str, Any]) -> None:
    assert await local.refused("POST", "/search/assets", 400, json=body)


async def test_the_index_follows_every_change(local: Local, library: dict[str, str]) -> None:
    fox = library["red fox"]
    await local.ok("PUT", f"/assets/{fox}", json={"name": "wolf.png"})
    assert (await names(local, query="fox"), await names(local, query="wolf")) == (set(), {"wolf"})
    await local.ok("PUT", f"/assets/{fox}/tags", json={"delete": ["animal"], "add": ["grey"]})
    assert await names(local, query="animal") == set()
    await local.ok("DELETE", "/assets", json={"assetIds": [fox]})
    assert await names(local, query="grey") == set()
    await local.ok("POST", "/assets/restore", json={"assetIds": [fox]})
    assert await names(local, query="wolf") == {"wolf"}


async def test_models_and_workflows_are_empty(local: Local) -> None:
    for noun in ("models", "workflows"):
        answer = await local.ok("POST", f"/search/{noun}", json={"query": "x"})
        assert answer["hits"] == []

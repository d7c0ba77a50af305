"""Whatever is sent to any route, the engine answers with JSON and never with a fault of its own."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from scenario_desktop.engine.app import CLOUD_ROUTES
from tests.contract.engine_support import EngineProcess

#: Every word that some body or query of the API has, so that random values land where they matter.
KEYS = [
    "assetIds", "name", "image", "canvas", "thumbnail", "collectionIds", "parentId", "hide",
    "description", "add", "delete", "strict", "targetProjectId", "targetFormat", "options",
    "query", "fileNameTemplate", "archiveName", "flat", "inferenceIds", "modelIds", "kind",
    "fileName", "contentType", "fileSize", "parts", "assetOptions", "url", "action", "filter",
    "images", "like", "unlike", "imageSemanticRatio", "querySemanticRatio", "limit", "offset",
    "page", "hitsPerPage", "public", "sortBy", "modality", "factor", "lowThreshold",
    "highThreshold", "minThreshold", "maxThreshold", "keypointThreshold", "removeBackground",
    "lockId", "lockExpiresAt", "forceUnlock", "disableSnapshot",
]  # fmt: skip
PARAMETERS = [
    "pageSize", "paginationToken", "sortBy", "sortDirection", "type", "types", "createdAfter",
    "createdBefore", "updatedAfter", "updatedBefore", "deleted", "privacy", "tags", "authorId",
    "collectionId", "dryRun", "projectId", "teamId", "status", "workflowId", "hideResults",
    "originalAssets", "withEmbedding", "limit",
]  # fmt: skip
BROKEN = [
    b"{", b"nul", b"[]", b"3", b'"x"', b"null", b"\xff\xfe", b"\x00", b'{"a":1}' * 2,
    b"[" * 100_000, b'{"name":' * 5000, b'{"name":"\\ud800"}', b'{"name":"a\\u0000b"}',
    b'{"name":"\x00"}', b'{"fileSize":' + b"9" * 5000 + b"}", b'{"limit":1e999}',
    b'{"limit":NaN}', b'{"offset":-1}', b'{"offset":18446744073709551616,"query":"a"}',
    b'{"page":9007199254740993,"query":"a"}', b'{"assetIds":["\\udfff"]}',
    b'{"name":"x","name":3}', '{"name":"\ufeff"}'.encode("utf-16"), b"a=b&c=d",
]  # fmt: skip

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["asset_1", "true", "complete", "cancel", "canny", "tags = a", 2**63, -1]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
bodies = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)
queries = st.dictionaries(
    st.sampled_from(PARAMETERS),
    st.text(max_size=12) | st.sampled_from(["true", "createdAt", "2026-01-01", "1", "e30", "99"]),
    max_size=4,
)


def calls() -> Iterator[tuple[str, str]]:
    for route in CLOUD_ROUTES:
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, route.path


CALLS = list(calls())


@pytest.fixture(scope="module")
def client(engine_process: EngineProcess) -> Iterator[httpx.Client]:
    with engine_process.client() as client:
        yield client


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.request.method, answer.request.url, answer.text)
    body = answer.json()
    if answer.status_code >= 400:
        assert body["reason"]


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda value: value)
def test_a_broken_body_is_no_fault_of_the_engine(
    client: httpx.Client, method: str, path: str
) -> None:
    url = re.sub(r"{\w+}", "unknown", path)
    for body in BROKEN:
        check(client.request(method, url, content=body))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(call=st.sampled_from(CALLS), body=bodies, query=queries, ids=st.text(min_size=1, max_size=9))
def test_no_input_is_a_fault_of_the_engine(
    client: httpx.Client, call: tuple[str, str], body: Any, query: dict[str, str], ids: str
) -> None:
    method, path = call
    name = ids.encode("utf-8", "replace").hex() if random.Random(ids).random() < 0.5 else "x%00é"
    text = json.dumps(body)  # NaN and lone surrogates go out as they are
    params = {key: value.encode("utf-8", "replace").decode() for key, value in query.items()}
    check(client.request(method, re.sub(r"{\w+}", name, path), content=text, params=params))


def test_a_body_without_end_is_cut_short(client: httpx.Client) -> None:
    chunks = (b" " * 2**20 for _ in range(40))
    answer = client.post("/assets", content=chunks)
    assert answer.status_code == 413

"""Every operation of the second service's document, rightly and wrongly called.

Whatever is sent, the answer is one that the document shows. Values are made from its schemas, the
same ones in each run.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_desktop.engine.sartiq.router import ROUTES
from tests.contract.engine_support import EngineProcess
from tests.contract.sartiq_document import (
    OPERATIONS,
    Operation,
    operation,
    resolved,
    values,
    wrong_values,
)
from tests.contract.sartiq_support import UNKNOWN, photo

#: Ours beyond the document, which names them without describing them.
OURS = {("POST", "/login/access-token"), ("POST", "/uploads/presigned-url")}
#: Statuses that any operation may answer with ``{"detail": …}``.
REFUSALS = {400, 401, 403, 404, 409, 413, 422}
#: Fields that name a picture -> half of the time a real one is sent.
PICTURES = {"base_img_path", "palette_image_path", "base_image_path", "base_image_url"}
WITH_BODY = [one for one in OPERATIONS if one.body is not None]

same_each_time = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class World:
    """Clients of an engine that has one of everything."""

    def __init__(self, engine: EngineProcess) -> None:
        address = engine.address
        self.first = self._client(address["sartiq_url"], address["username"], address["password"])
        self.second = self._client(
            address["sartiq_url"], address["second_username"], address["second_password"]
        )
        self.open = httpx.Client(base_url=address["sartiq_url"], trust_env=False, timeout=30)
        body = {"filename": "a.png", "content_type": "image/png"}
        told = self.first.post("/uploads/presigned-url", json=body).json()
        assert self.open.put(told["upload_url"], content=photo()).status_code == 200
        self.picture: str = told["url"]
        agentic = self.first.post("/generations/agentic", json={}).json()
        body = {"fal_app_id": "a", "payload": {}}
        experiment = self.first.post("/generations/experimental-task", json=body).json()
        training = self.first.post("/training/", json={}).json()
        self._fixed = {
            "shot_id": agentic["orchestration_shot_id"], "training": training["id"],
            "experimental-task": experiment["id"],
        }  # fmt: skip

    def close(self) -> None:
        for client in (self.first, self.second, self.open):
            client.close()

    def _client(self, url: str, username: str, password: str) -> httpx.Client:
        client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        form = {"username": username, "password": password}
        token = client.post("/login/access-token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def generation(self) -> Any:
        """Make a generation of two predictions."""
        body = {"base_img_path": self.picture, "target_width": 8, "batch_size": 2}
        return self.first.post("/generations/image-adjuster", json=body).json()

    def refine(self) -> str:
        """Make a refine of a finished prediction and return its id."""
        made = self.generation()["predictions"][0]
        deadline_s = time.monotonic() + 60
        while self.first.get(f"/predictions/{made['id']}").json()["status"] != "completed":
            assert time.monotonic() < deadline_s
            time.sleep(0.01)  # asked again and again, as clients do
        body = {"prediction_ids": [made["id"]], "scale_factor": 2}
        answer = self.first.post("/generations/refines", json=body).json()
        refine_id: str = answer["refines"][0]["id"]
        return refine_id

    def real_ids(self, one: Operation) -> dict[str, str]:
        """Return what makes an operation's path name something that is there, made for it."""
        names = re.findall(r"{(\w+)}", one.path)
        if not names:
            return {}
        (name,) = names
        if name in self._fixed:
            return {name: self._fixed[name]}
        for key in ("training", "experimental-task"):
            if key in one.path:
                return {name: self._fixed[key]}
        if one.path.startswith("/refines/") and name != "prediction_id":
            return {name: self.refine()}
        generation = self.generation()
        is_generation = one.path.startswith("/generations/")
        return {name: (generation if is_generation else generation["predictions"][0])["id"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    engine = EngineProcess(
        tmp_path_factory.mktemp("sartiq") / "data", "--processes", "1", "--second-user"
    )
    world = World(engine)
    yield world
    world.close()
    assert engine.stop() == 0


def path_of(one: Operation, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda match: ids[match[1]], one.path)


def check(one: Operation, answer: httpx.Response) -> Any:
    body = answer.json()
    assert answer.status_code == 200 or answer.status_code in REFUSALS, answer.text
    one.check(answer.status_code, body)
    return body


def test_the_engine_has_these_operations_and_no_others() -> None:
    def shape(path: str) -> str:
        return re.sub(r"{\w+}", "{}", path)

    built = {
        (method, shape(route.path))
        for route in ROUTES
        for method in (route.methods or set()) - {"HEAD"}
    }
    named = {(one.method, shape(one.path)) for one in OPERATIONS}
    assert built == named | OURS
    assert len(OPERATIONS) == 38


@pytest.mark.parametrize("one", OPERATIONS, ids=str)
def test_what_is_there_is_answered_as_documented(world: World, one: Operation) -> None:
    path = path_of(one, world.real_ids(one))
    client = world.open if one.is_open else world.first
    params = {"favourite": "true"} if "favourite" in one.named("query") else {}
    options: dict[str, Any] = {}
    if one.body is not None:
        options["json"] = least_body(world, one)
    answer = client.request(one.method, path, params=params, **options)
    assert answer.status_code == 200, answer.text
    check(one, answer)


def least_body(world: World, one: Operation) -> Any:
    """Return a body that does something."""
    assert one.body is not None
    properties = resolved(one.body["schema"]).get("properties", {})
    sample = {
        "base_img_path": world.picture, "palette_image_path": world.picture, "target_width": 9,
        "prompt": "a", "base_image_path": world.picture, "scale_factor": 2,
        "base_image_urls": [world.picture], "fal_app_id": "a", "payload": {},
    }  # fmt: skip
    if one.path.endswith("by-ids"):
        return [world.generation()["id"], UNKNOWN]
    if one.path == "/refines/":
        made = world.first.get(f"/refines/{world.refine()}").json()
        return {"prediction_id": made["prediction_id"], "scale_factor": 2}
    body = {name: value for name, value in sample.items() if name in properties}
    if "prediction_ids" in properties:
        body["prediction_ids"] = [world.generation()["predictions"][0]["id"], UNKNOWN]
    return body


@pytest.mark.parametrize("one", OPERATIONS, ids=str)
def test_who_has_no_token_is_let_in_nowhere(world: World, one: Operation) -> None:
    path = path_of(one, dict.fromkeys(re.findall(r"{(\w+)}", one.path), UNKNOWN))
    answer = world.open.request(one.method, path, json={})
    assert (answer.status_code == 401) is not one.is_open, answer.text
    check(one, answer)


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.named("path")], ids=str)
def test_an_id_that_leads_nowhere_is_refused(world: World, one: Operation) -> None:
    names = re.findall(r"{(\w+)}", one.path)
    body = {"json": {}} if one.body else {}
    params = {"favourite": "true"} if "favourite" in one.named("query") else {}
    unknown = path_of(one, dict.fromkeys(names, UNKNOWN))
    answer = world.first.request(one.method, unknown, params=params, **body)
    assert answer.status_code == 404
    check(one, answer)
    no_id = world.first.request(one.method, path_of(one, dict.fromkeys(names, "x")), params=params)
    is_uuid = any(item["schema"].get("format") == "uuid" for item in one.named("path").values())
    assert no_id.status_code == 422 if is_uuid else no_id.status_code in (404, 422)
    check(one, no_id)


#: Operations that read or change one thing of its owner's.
OWNED = [
    one
    for one in OPERATIONS
    if one.named("path") and not one.is_open and not one.path.endswith("by-ids")
]


@pytest.mark.parametrize("one", OWNED, ids=str)
def test_what_belongs_to_someone_else_is_refused(world: World, one: Operation) -> None:
    path = path_of(one, world.real_ids(one))
    params = {"favourite": "true"} if "favourite" in one.named("query") else {}
    body = {"json": {}} if one.body else {}
    answer = world.second.request(one.method, path, params=params, **body)
    assert answer.status_code == 403, answer.text
    check(one, answer)


@pytest.mark.parametrize("one", WITH_BODY, ids=str)
def test_any_body_that_is_allowed_gets_a_documented_answer(world: World, one: Operation) -> None:
    assert one.body is not None
    schema = one.body["schema"]
    ids = {} if "{" not in one.path else world.real_ids(one)

    @same_each_time
    @given(body=values(schema), has_pictures=st.booleans())
    def send(body: Any, has_pictures: bool) -> None:
        if isinstance(body, dict) and has_pictures:
            body |= {name: world.picture for name in body if name in PICTURES}
        client = world.open if one.is_open else world.first
        check(one, client.request(one.method, path_of(one, ids), json=body))

    send()


@pytest.mark.parametrize("one", WITH_BODY, ids=str)
def test_a_wrong_body_is_told_field_by_field(world: World, one: Operation) -> None:
    assert one.body is not None
    path = path_of(one, {} if "{" not in one.path else world.real_ids(one))
    client = world.open if one.is_open else world.first
    good = least_body(world, one)
    bad: list[tuple[Any, str | None]] = [(3, None), ("x", None), (None, None)]
    schema = resolved(one.body["schema"])
    if schema.get("properties"):
        bad.append(({**good, "no_such_field": 1}, "no_such_field"))
    for name, field in schema.get("properties", {}).items():
        bad += [({**good, name: value}, name) for value in wrong_values(field)]
    bad += [
        ({key: value for key, value in good.items() if key != name}, name)
        for name in schema.get("required", [])
    ]
    for body, name in bad:
        answer = client.request(one.method, path, content=json.dumps(body))
        assert answer.status_code == 422, (one, name, body, answer.text)
        problems = check(one, answer)["detail"]
        if name is not None:
            assert any(name in problem["loc"] for problem in problems), (name, problems)


@pytest.mark.parametrize("one", WITH_BODY, ids=str)
@pytest.mark.parametrize(
    "data",
    [b"{", b"\xff", b"[" * 5000, b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}',
     b'{"a":"\\u0000"}', b'{"a":' + b"9" * 30 + b"}"],
    ids=["cut", "not UTF-8", "deep", "NaN", "infinite", "surrogate", "NUL", "huge"],
)  # fmt: skip
def test_what_is_not_json_is_refused(world: World, one: Operation, data: bytes) -> None:
    path = path_of(one, {} if "{" not in one.path else dict.fromkeys(["id"], UNKNOWN))
    client = world.open if one.is_open else world.first
    answer = client.request(one.method, path, content=data)
    assert answer.status_code == 422
    assert check(one, answer)["detail"][0]["type"] == "json_invalid"


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.named("query")], ids=str)
def test_query_parameters_are_held_to_their_types(world: World, one: Operation) -> None:
    path = path_of(one, world.real_ids(one))
    named = one.named("query")
    needed = {name: "true" for name, item in named.items() if item.get("required")}
    body = {"json": least_body(world, one)} if one.body else {}
    for name, item in named.items():
        schema = resolved(item["schema"])
        if schema.get("type") in ("integer", "boolean") or "format" in schema:
            answer = world.first.request(one.method, path, params={**needed, name: "x"}, **body)
            assert answer.status_code == 422, (one, name)
            assert check(one, answer)["detail"][0]["loc"] == ["query", name]
    for name in needed:
        assert world.first.request(one.method, path, **body).status_code == 422, name
    if one.method != "GET":
        return

    @same_each_time
    @given(
        query=st.fixed_dictionaries(
            {}, optional={name: values(item["schema"]) for name, item in named.items()}
        )
    )
    def send(query: dict[str, Any]) -> None:
        params = {
            name: json.dumps(value) if isinstance(value, bool) else value
            for name, value in query.items()
        }
        check(one, world.first.get(path, params={**needed, **params}))

    send()


def test_one_picture_of_each_shape_is_in_the_document() -> None:
    """The checks above would pass on answers that are never looked at; these must fail."""
    read = operation("GET", "/predictions/{id}")
    with pytest.raises(AssertionError):
        read.check(200, {"id": "x"})
    with pytest.raises(AssertionError):
        read.check(422, {"detail": [{"msg": "no place"}]})
    with pytest.raises(AssertionError):
        read.check(404, {"reason": "another half's shape"})

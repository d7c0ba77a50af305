"""The second service's operations as they are documented, and servers that answer otherwise."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from scenario_desktop.api.models.sartiq.answers import BulkDeleteResponse, PredictionsPublic
from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    BackgroundFixRequest,
    BulkRefineRequest,
    EditRequest,
    ExperimentalTaskCreate,
    FaceFixRequest,
    GenerationCreate,
    GenerationUpdate,
    ImageAdjusterRequest,
    RefineGenerationRequest,
    VideoGenerationRequest,
)
from scenario_desktop.api.sartiq import Capabilities, Operation, SartiqClient, skip_pages
from scenario_desktop.errors import (
    AppError,
    BadAnswer,
    BadInput,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotOffered,
    Offline,
    RateLimited,
    Refused,
    ServerFailed,
)
from tests import sartiq_samples as samples
from tests.sartiq_samples import uid
from tests.scripted_server import ScriptedServer

BASE = "https://sartiq.example"
ORGANISATION = uid(77)
PAIRS = list[tuple[str, str]]


class Tokens:
    """Hands out one token; a refused one stays refused."""

    def __init__(self) -> None:
        self.is_closed = False

    async def token(self) -> str:
        return "token-of-tests"

    async def renewed(self, refused: str) -> str:
        return refused

    async def aclose(self) -> None:
        self.is_closed = True


class Server(ScriptedServer):
    @property
    def bodies(self) -> list[Any]:
        return [json.loads(r.content) for r in self.asked if r.content and r.method != "PUT"]

    @property
    def last(self) -> tuple[str, str, PAIRS, Any]:
        """Method, path, query, body."""
        request = self.asked[-1]
        query = parse_qsl(request.url.query.decode())
        path = request.url.raw_path.decode().partition("?")[0]
        return request.method, path, query, self.last_body


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[SartiqClient]:
    client = SartiqClient(
        BASE, Tokens(), organization_id=ORGANISATION, transport=httpx.MockTransport(server)
    )
    yield client
    await client.aclose()


Ask = Callable[[SartiqClient], Awaitable[Any]]
ORG: PAIRS = [("organization_id", ORGANISATION)]
PAGE: PAIRS = [("skip", "0"), ("limit", "100")]
GENERATIONS = {"data": [samples.GENERATION], "count": 1}
PREDICTIONS = {"data": [samples.PREDICTION], "count": 1}
REFINES = {"data": [samples.REFINE], "count": 1}
ONE, TWO = uid(1), uid(2)

#: What is called, what the server says, and method, path below /api/v1, query and body sent.
OPERATIONS: list[tuple[Ask, Any, tuple[str, str, PAIRS, Any]]] = [
    (lambda c: c.create_generation(GenerationCreate(steps=9)), samples.GENERATION,
     ("POST", "/generations/", ORG, {"steps": 9})),
    (lambda c: c.list_generations(), GENERATIONS, ("GET", "/generations/", PAGE + ORG, None)),
    (lambda c: c.get_generation(ONE), samples.GENERATION,
     ("GET", f"/generations/{ONE}", ORG, None)),
    (lambda c: c.delete_generation(ONE), {"message": "gone"},
     ("DELETE", f"/generations/{ONE}", [], None)),
    (lambda c: c.update_generation(ONE, GenerationUpdate(revised=False)), samples.GENERATION,
     ("PATCH", f"/generations/{ONE}", [], {"revised": False})),
    (lambda c: c.generation_stats(ONE), samples.STATS,
     ("GET", f"/generations/{ONE}/stats", ORG, None)),
    (lambda c: c.get_generations([ONE, TWO, ONE]), [samples.GENERATION],
     ("POST", "/generations/by-ids", [], [ONE, TWO])),
    (lambda c: c.create_agentic(AgenticGenerationCreate(max_attempts=2)), samples.AGENTIC,
     ("POST", "/generations/agentic", ORG, {"max_attempts": 2})),
    (lambda c: c.agentic_status("shot-1"), samples.AGENTIC_STATUS,
     ("GET", "/generations/agentic/shot-1/status", [], None)),
    (lambda c: c.edit(EditRequest(base_img_path="p", tool="EDIT")), samples.GENERATION,
     ("POST", "/generations/edits", ORG, {"base_img_path": "p", "tool": "EDIT"})),
    (lambda c: c.create_video(VideoGenerationRequest(prediction_id=ONE, prompt="go")),
     samples.GENERATION,
     ("POST", "/generations/videos", ORG, {"prediction_id": ONE, "prompt": "go"})),
    (lambda c: c.fix_background(BackgroundFixRequest(base_img_path="p", palette_image_path="q")),
     samples.GENERATION,
     ("POST", "/generations/background-fix", ORG,
      {"base_img_path": "p", "palette_image_path": "q"})),
    (lambda c: c.adjust_image(ImageAdjusterRequest(base_img_path="p", mode="crop")),
     samples.GENERATION,
     ("POST", "/generations/image-adjuster", ORG, {"base_img_path": "p", "mode": "crop"})),
    (lambda c: c.fix_faces(FaceFixRequest(base_img_path="p")), samples.GENERATION,
     ("POST", "/generations/face-fixer", ORG, {"base_img_path": "p"})),
    (lambda c: c.create_experimental_task(ExperimentalTaskCreate(fal_app_id="a", payload={})),
     samples.TASK,
     ("POST", "/generations/experimental-task", [], {"fal_app_id": "a", "payload": {}})),
    (lambda c: c.get_experimental_task("task/1"), samples.TASK,
     ("GET", "/generations/experimental-task/task%2F1", [], None)),
    (lambda c: c.refine(RefineGenerationRequest(prediction_ids=(ONE,), scale_factor=2)),
     samples.MIXED,
     ("POST", "/generations/refines", ORG, {"prediction_ids": [ONE], "scale_factor": 2.0})),
    (lambda c: c.training_webhook({"a": 1}), b"", ("POST", "/training/webhook", [], {"a": 1})),
    (lambda c: c.training_status("t"), ["any"], ("GET", "/training/t/status", [], None)),
    (lambda c: c.get_prediction(ONE), samples.PREDICTION,
     ("GET", f"/predictions/{ONE}", [], None)),
    (lambda c: c.delete_prediction(ONE), b"", ("DELETE", f"/predictions/{ONE}", [], None)),
    (lambda c: c.list_revisions(ONE), [samples.REVISION],
     ("GET", f"/predictions/{ONE}/revisions", [], None)),
    (lambda c: c.list_predictions(favourite=True, skip=5, limit=7), PREDICTIONS,
     ("GET", "/predictions/", [("skip", "5"), ("limit", "7"), ("favourite", "true")], None)),
    (lambda c: c.delete_predictions([ONE, TWO, ONE]), samples.BULK_DELETE,
     ("POST", "/predictions/bulk-delete", [], {"prediction_ids": [ONE, TWO]})),
    (lambda c: c.set_favourite(ONE, False), samples.PREDICTION,
     ("PATCH", f"/predictions/{ONE}/favourite", [("favourite", "false")], None)),
    (lambda c: c.list_refines(ONE), REFINES,
     ("GET", f"/refines/predictions/{ONE}/refines", PAGE, None)),
    (lambda c: c.get_refine(ONE), samples.REFINE, ("GET", f"/refines/refines/{ONE}", [], None)),
    (lambda c: c.delete_refine(ONE), {"message": "gone"},
     ("DELETE", f"/refines/refines/{ONE}", [], None)),
    (lambda c: c.bulk_refine(BulkRefineRequest(prediction_ids=(ONE,), scale_factor=4)),
     samples.BULK_REFINE,
     ("POST", "/refines/predictions/bulk-refine", [],
      {"prediction_ids": [ONE], "scale_factor": 4.0})),
    # announced only
    (lambda c: c.cancel_generation(ONE), {}, ("POST", f"/generations/{ONE}/cancel", [], None)),
    (lambda c: c.select_prediction(ONE), {}, ("POST", f"/predictions/{ONE}/select", [], None)),
    (lambda c: c.list_refine_tasks(), {}, ("GET", "/refines/", [], None)),
    (lambda c: c.create_refine_task({"a": 1}), {}, ("POST", "/refines/", [], {"a": 1})),
    (lambda c: c.get_refine_task(ONE), {}, ("GET", f"/refines/{ONE}", [], None)),
    (lambda c: c.list_trainings(), {}, ("GET", "/training/", [], None)),
    (lambda c: c.start_training({"a": 1}), {}, ("POST", "/training/", [], {"a": 1})),
    (lambda c: c.get_training(ONE), {}, ("GET", f"/training/{ONE}", [], None)),
    (lambda c: c.cancel_training(ONE), {}, ("POST", f"/training/{ONE}/cancel", [], None)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "said", "sent"), OPERATIONS, ids=[f"{s[0]} {s[1]}" for _, _, s in OPERATIONS]
)
async def test_an_operation_is_sent_as_documented(
    server: Server, client: SartiqClient, ask: Ask, said: Any, sent: tuple[str, str, PAIRS, Any]
) -> None:
    server.say(said)
    answer = await ask(client)
    method, path, query, body = sent
    assert server.last == (method, f"/api/v1{path}", query, body)
    assert len(server.asked) == 1
    assert server.asked[0].headers["authorization"] == "Bearer token-of-tests"
    if isinstance(said, dict) and "id" in said:
        assert answer.id == said["id"]


def test_every_operation_is_there_once() -> None:
    assert len({(sent[0], sent[1]) for _, _, sent in OPERATIONS}) == len(OPERATIONS) == 38


async def test_every_filter_of_generations(server: Server, client: SartiqClient) -> None:
    server.say(GENERATIONS)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    await client.list_generations(
        skip=1, limit=2, status="PENDING", tools=["EDIT", "SUBJECT_SWAP"], generation_type="BASE",
        subject_id=ONE, product_id=ONE, style_id=ONE, shot_id=ONE, shot_type_id=ONE,
        shot_type_string="front", refined_only=False, created_at_from=at, created_at_to=at,
    )  # fmt: skip
    assert server.last[2] == [
        ("skip", "1"), ("limit", "2"), ("status", "PENDING"), ("tools", "EDIT"),
        ("tools", "SUBJECT_SWAP"), ("generation_type", "BASE"), ("subject_id", ONE),
        ("product_id", ONE), ("style_id", ONE), ("shot_id", ONE), ("shot_type_id", ONE),
        ("shot_type_string", "front"), ("refined_only", "false"),
        ("created_at_from", "2026-01-02T00:00:00.000Z"),
        ("created_at_to", "2026-01-02T00:00:00.000Z"), *ORG,
    ]  # fmt: skip


async def test_the_version_of_a_creation_goes_in_the_query(
    server: Server, client: SartiqClient
) -> None:
    server.say(samples.GENERATION)
    await client.create_generation(GenerationCreate(), version="2")
    assert server.last[2:] == ([("v", "2"), *ORG], {})


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"{BASE}/api/v1", f"{BASE}/api/v1/"])
async def test_the_server_alone_is_address_enough(server: Server, base: str) -> None:
    server.say(samples.PREDICTION)
    client = SartiqClient(base, Tokens(), transport=httpx.MockTransport(server))
    await client.get_prediction(ONE)
    assert str(server.asked[0].url) == f"{BASE}/api/v1/predictions/{ONE}"
    await client.aclose()


@pytest.mark.parametrize("bad", ["", "..", "."])
async def test_an_id_never_leads_elsewhere(server: Server, client: SartiqClient, bad: str) -> None:
    with pytest.raises(BadInput):
        await client.get_prediction(bad)
    assert not server.asked


async def test_the_tokens_are_closed_with_the_client(server: Server) -> None:
    tokens = Tokens()
    client = SartiqClient(BASE, tokens, transport=httpx.MockTransport(server))
    await client.aclose()
    assert tokens.is_closed


# --- how often --------------------------------------------------------------------------------

_SAFE = {"GET", "PATCH"}
_SAFE_PATHS = {"/generations/by-ids"}


@pytest.mark.parametrize(
    ("ask", "said", "sent"), OPERATIONS, ids=[f"{s[0]} {s[1]}" for _, _, s in OPERATIONS]
)
async def test_what_creates_or_deletes_is_sent_once(
    server: Server,
    client: SartiqClient,
    ask: Ask,
    said: Any,
    sent: tuple[str, str, PAIRS, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenario_desktop.api.transport._FIRST_PAUSE_S", 0.0)
    server.say({"detail": "broken"}, 500)
    with pytest.raises(ServerFailed):
        await ask(client)
    is_safe = sent[0] in _SAFE or sent[1] in _SAFE_PATHS
    assert len(server.asked) == (3 if is_safe else 1)


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (403, Forbidden), (404, NotFound), (409, Conflict), (422, Refused),
     (429, RateLimited), (500, ServerFailed), (503, ServerFailed), (302, BadAnswer)],
)  # fmt: skip
async def test_a_status_becomes_the_error_that_says_what_to_do(
    server: Server, client: SartiqClient, status: int, kind: type[AppError]
) -> None:
    server.say({"detail": "Their reason."}, status)
    with pytest.raises(kind) as caught:
        await client.delete_generation(ONE)
    assert caught.value.status == status
    assert "Their reason." not in caught.value.message
    assert "key" not in caught.value.message.casefold()


async def test_refused_values_are_told_by_field(server: Server, client: SartiqClient) -> None:
    server.say({"detail": [
        {"loc": ["body", "width"], "msg": "must be > 0", "type": "x"},
        {"loc": ["body", "prediction_ids", 3], "msg": "no uuid", "type": "x"},
        {"loc": ["body"], "msg": "one of both", "type": "x"}, "nonsense", {"loc": 1},
    ]}, 422)  # fmt: skip
    with pytest.raises(Invalid) as caught:
        await client.edit(EditRequest(base_img_path="p"))
    assert caught.value.fields == {
        "width": "must be > 0", "prediction_ids.3": "no uuid", "": "one of both",
    }  # fmt: skip
    assert isinstance(caught.value, BadInput)
    assert "2 of the values" in caught.value.message
    assert "must be > 0" in caught.value.details


async def test_one_refused_value_is_named(server: Server, client: SartiqClient) -> None:
    server.say({"detail": [{"loc": ["body", "width"], "msg": "no", "type": "x"}]}, 422)
    with pytest.raises(Invalid, match="“width”"):
        await client.edit(EditRequest(base_img_path="p"))


async def test_why_a_prediction_was_kept(server: Server, client: SartiqClient) -> None:
    server.say({"detail": "in use"}, 409)
    with pytest.raises(Conflict, match="last one of its generation") as caught:
        await client.delete_prediction(ONE)
    assert caught.value.status == 409


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"<html>sign in</html>", b'{"detail": "no"}', b'"text"']
)
async def test_an_answer_of_another_shape_is_told(
    server: Server, client: SartiqClient, body: bytes
) -> None:
    server.say(body)
    with pytest.raises(BadAnswer):
        await client.get_prediction(ONE)
    with pytest.raises(BadAnswer):
        await client.list_predictions()
    if body != b"[]":
        with pytest.raises(BadAnswer):
            await client.get_generations([ONE])


@pytest.mark.parametrize("body", [b"", b"null", b"ok", b'{"detail": "done"}', b"[]"])
async def test_a_deletion_needs_no_words(server: Server, client: SartiqClient, body: bytes) -> None:
    server.say(body)
    assert (await client.delete_refine(ONE)).message == ""


async def test_a_mixed_answer_holds_its_failures(server: Server, client: SartiqClient) -> None:
    server.say(samples.MIXED | {"refines": None})
    said = await client.refine(RefineGenerationRequest(base_image_urls=("u", "v"), scale_factor=2))
    assert said.refines == ()
    assert (said.failed_uploads[0].index, said.failed_uploads[0].error) == (1, "gone")
    assert said.failed_refines[0].prediction_id == uid(21)


# --- many -------------------------------------------------------------------------------------


async def test_many_generations_are_read_in_parts(server: Server, client: SartiqClient) -> None:
    server.answer = lambda request: httpx.Response(
        200, json=[samples.GENERATION | {"id": one} for one in json.loads(request.content)]
    )
    found = await client.get_generations(uid(n) for n in range(250))
    assert [len(body) for body in server.bodies] == [100, 100, 50]
    assert len({generation.id for generation in found}) == 250
    assert await client.get_generations([]) == []
    assert len(server.asked) == 3


class Deleting:
    """Deletes up to ``most`` at once; counts what was taken."""

    def __init__(self, most: int, refusal: httpx.Response) -> None:
        self.most = most
        self.refusal = refusal
        self.taken: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        ids = json.loads(request.content)["prediction_ids"]
        if len(ids) > self.most:
            return self.refusal
        self.taken += ids
        return httpx.Response(200, json={"success_count": len(ids), "deleted_predictions": ids})


_TOO_LONG = {"detail": [{"loc": ["body", "prediction_ids"], "msg": "too long", "type": "x"}]}


@pytest.mark.parametrize(
    "refusal",
    [httpx.Response(400, json={"detail": "too many"}), httpx.Response(422, json=_TOO_LONG),
     httpx.Response(413)],
    ids=["400", "422", "413"],
)  # fmt: skip
async def test_a_bulk_deletion_finds_the_length_that_is_taken(
    server: Server, client: SartiqClient, refusal: httpx.Response
) -> None:
    server.answer = deleting = Deleting(30, refusal)
    ids = [uid(n) for n in range(5000)]
    parts: list[BulkDeleteResponse] = []
    total = await client.delete_predictions(ids, on_part=parts.append)
    assert deleting.taken == ids
    assert total.success_count == sum(part.success_count for part in parts) == 5000
    assert [len(body["prediction_ids"]) for body in server.bodies[:4]] == [100, 50, 25, 25]
    server.asked.clear()
    await client.delete_predictions(ids[:26])
    assert [len(body["prediction_ids"]) for body in server.bodies] == [25, 1]


async def test_a_refusal_for_another_reason_ends_a_bulk_deletion(
    server: Server, client: SartiqClient
) -> None:
    server.answer = deleting = Deleting(0, httpx.Response(400, json={"detail": "no"}))
    with pytest.raises(Refused):
        await client.delete_predictions(uid(n) for n in range(9))
    assert not deleting.taken
    assert [len(body["prediction_ids"]) for body in server.bodies] == [9, 4, 2, 1]
    bad_id = [{"loc": ["body", "prediction_ids", 2], "msg": "no", "type": "x"}]
    server.asked.clear()
    server.say({"detail": bad_id}, 422)
    with pytest.raises(Invalid):
        await client.delete_predictions(uid(n) for n in range(9))
    assert len(server.asked) == 1


async def test_what_a_broken_bulk_deletion_did_is_known(
    server: Server, client: SartiqClient
) -> None:
    good = Deleting(100, httpx.Response(400))

    def answer(request: httpx.Request) -> httpx.Response:
        if len(server.asked) == 3:
            raise httpx.ReadError("cut")
        return good(request)

    server.answer = answer
    parts: list[BulkDeleteResponse] = []
    with pytest.raises(Offline):
        await client.delete_predictions((uid(n) for n in range(500)), on_part=parts.append)
    assert [part.success_count for part in parts] == [100, 100]
    assert len(server.asked) == 3


class Listing:
    """A list of ``total`` predictions, at most ``most`` a page."""

    def __init__(self, total: int, most: int, count: str) -> None:
        self.total, self.most, self.count = total, most, count

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode()))
        skip, limit = int(query["skip"]), min(int(query["limit"]), self.most)
        data = [{"id": uid(n)} for n in range(skip, min(skip + limit, self.total))]
        count = {"total": self.total, "page": len(data), "none": 0}[self.count]
        return httpx.Response(200, json={"data": data, "count": count})


@pytest.mark.parametrize("count", ["total", "page", "none"])
@pytest.mark.parametrize(("total", "most"), [(0, 100), (1, 100), (100, 100), (250, 100), (70, 30)])
async def test_a_list_is_read_to_its_end_whatever_count_means(
    server: Server, client: SartiqClient, count: str, total: int, most: int
) -> None:
    server.answer = Listing(total, most, count)
    found = [
        prediction.id
        async for page in skip_pages(lambda skip: client.list_predictions(skip=skip))
        for prediction in page.data
    ]
    assert found == [uid(n) for n in range(total)]


async def test_a_list_that_repeats_itself_ends() -> None:
    page = PredictionsPublic.model_validate(PREDICTIONS)

    async def fetch(_: int) -> PredictionsPublic:
        return page

    pages = skip_pages(fetch)
    assert await anext(pages) is page
    with pytest.raises(BadAnswer, match="repeats itself"):
        await anext(pages)


async def test_a_list_without_an_end_ends() -> None:
    async def fetch(skip: int) -> PredictionsPublic:
        return PredictionsPublic.model_validate({"data": [{"id": uid(skip)}], "count": 0})

    with pytest.raises(BadAnswer, match="does not stop"):
        async for _ in skip_pages(fetch, most=20):
            pass


# --- announced operations ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, {"detail": "Not Found"}), (404, b""), (404, b"<html>404</html>"),
     (404, {"message": "no Route matched with those values"}),
     (405, {"detail": "Method Not Allowed"}), (405, b""), (501, b"")],
)  # fmt: skip
async def test_what_a_server_does_not_have_is_tried_once(
    server: Server, client: SartiqClient, status: int, body: Any
) -> None:
    heard: list[dict[str, bool]] = []
    client.capabilities.on_change = lambda: heard.append(client.capabilities.known)
    server.say(body, status)
    for _ in range(3):
        with pytest.raises(NotOffered):
            await client.cancel_generation(ONE)
    assert len(server.asked) == 1
    assert heard == [{"cancel_generation": False}]
    assert not client.capabilities.may(Operation.CANCEL_GENERATION)
    assert client.capabilities.may(Operation.CANCEL_TRAINING)


async def test_a_thing_that_is_gone_does_not_take_the_operation_along(
    server: Server, client: SartiqClient
) -> None:
    server.say({"detail": "Generation not found"}, 404)
    with pytest.raises(NotFound):
        await client.cancel_generation(ONE)
    assert client.capabilities.offers(Operation.CANCEL_GENERATION) is None
    server.say({})
    assert await client.cancel_generation(ONE) == {}
    assert client.capabilities.offers(Operation.CANCEL_GENERATION) is True
    server.say({"detail": "Not Found"}, 404)  # now it can only be the thing
    with pytest.raises(NotFound):
        await client.cancel_generation(ONE)
    assert client.capabilities.may(Operation.CANCEL_GENERATION)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.cancel_generation(ONE),
        lambda c: c.select_prediction(ONE),
        lambda c: c.get_refine_task(ONE),
    ],
)
async def test_words_of_its_own_are_checked_by_the_thing(
    server: Server, client: SartiqClient, ask: Ask
) -> None:
    things = [
        f"/api/v1{path}{ONE}{rest}"
        for path, rest in (("/generations/", "/stats"), ("/predictions/", ""),
                           ("/refines/refines/", ""))
    ]  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in things:
            return httpx.Response(200, json={"id": ONE})
        return httpx.Response(404, json={"detail": "There is nothing at this address."})

    server.answer = answer
    for _ in range(2):
        with pytest.raises(NotOffered):
            await ask(client)
    assert len(server.asked) == 2
    assert list(client.capabilities.known.values()) == [False]


async def test_a_fault_teaches_nothing(server: Server, client: SartiqClient) -> None:
    for status in (500, 403, 422):
        server.say({}, status)
        with pytest.raises(AppError):
            await client.cancel_generation(ONE)
    assert client.capabilities.known == {}


async def test_what_was_learnt_is_taken_up_again(server: Server) -> None:
    known = {"list_trainings": False, "select_prediction": True, "unheard_of": True}
    client = SartiqClient(
        BASE, Tokens(), capabilities=Capabilities(known), transport=httpx.MockTransport(server)
    )
    with pytest.raises(NotOffered):
        await client.list_trainings()
    assert not server.asked
    assert client.capabilities.known == {"list_trainings": False, "select_prediction": True}
    await client.aclose()


# --- uploads ----------------------------------------------------------------------------------

TICKET = {"upload_url": "https://store.example/put?sig=1", "url": "uploads/a.png"}


class Store:
    """Gives addresses; answers what is PUT there by one status after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.stored: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=TICKET)
        self.stored.append(request)
        return httpx.Response(self.statuses.pop(0))


async def test_an_upload_carries_no_token(server: Server, client: SartiqClient) -> None:
    server.answer = store = Store(200)
    assert await client.upload("a.png", "image/png", b"bytes") == "uploads/a.png"
    assert (server.asked[0].url.path, server.bodies[0]) == (
        "/api/v1/uploads/presigned-url", {"filename": "a.png", "content_type": "image/png"},
    )  # fmt: skip
    put = store.stored[0]
    assert (str(put.url), put.content) == (TICKET["upload_url"], b"bytes")
    assert put.headers["content-type"] == "image/png"
    assert "authorization" not in put.headers


@pytest.mark.parametrize("status", [400, 403, 410])
async def test_an_address_that_has_ended_is_asked_for_anew_once(
    server: Server, client: SartiqClient, status: int
) -> None:
    server.answer = Store(status, 204)
    assert await client.upload("a.png", "image/png", b"bytes") == "uploads/a.png"
    assert [request.method for request in server.asked] == ["POST", "PUT", "POST", "PUT"]
    server.asked.clear()
    server.answer = Store(status, status)
    with pytest.raises(Refused, match="two addresses"):
        await client.upload("a.png", "image/png", b"bytes")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "said",
    [{}, {"upload_url": "", "url": "x"}, {"presigned_url": "https://s.example"}, [], "text",
     {"upload_url": "https://s.example", "url": None}],
)  # fmt: skip
async def test_another_way_of_uploading_is_told(
    server: Server, client: SartiqClient, said: Any
) -> None:
    server.say(said)
    with pytest.raises(BadAnswer, match="does not know"):
        await client.upload("a.png", "image/png", b"bytes")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://store.example/x", "file:///etc/passwd", "//x", "https://u:p@store.example/x"]
)
async def test_bytes_go_to_no_address_that_could_reach_inside(
    server: Server, client: SartiqClient, url: str
) -> None:
    server.say({"upload_url": url, "url": "x"})
    with pytest.raises(BadAnswer):
        await client.upload("a.png", "image/png", b"bytes")
    assert len(server.asked) == 1


async def test_an_empty_file_is_not_uploaded(server: Server, client: SartiqClient) -> None:
    with pytest.raises(BadInput):
        await client.upload("a.png", "image/png", b"")
    assert not server.asked

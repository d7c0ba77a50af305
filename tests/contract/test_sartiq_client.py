"""Our own client against the engine's second half: every method, and agreement on every field."""

from __future__ import annotations

import asyncio
import io
import time
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel

from scenario_desktop.api.files import FileFetcher
from scenario_desktop.api.models.sartiq import answers, facts, requests
from scenario_desktop.api.models.sartiq.facts import End
from scenario_desktop.api.sartiq import Operation, SartiqClient
from scenario_desktop.errors import (
    BadInput,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthorised,
)
from tests.contract.engine_support import EngineProcess
from tests.contract.sartiq_document import SCHEMAS
from tests.contract.sartiq_support import ORIGIN, UNKNOWN, Served, photo, serving

#: Fields of ours that the document does not have; a client does without them as well.
OURS = {"PredictionPublic.selected", "ExperimentalTaskPublic.error_message"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    engine = EngineProcess(
        tmp_path_factory.mktemp("sartiq") / "data", "--processes", "1", "--second-user"
    )
    yield engine
    assert engine.stop() == 0


def account(engine: EngineProcess, prefix: str = "") -> SartiqClient:
    address = engine.address
    return SartiqClient.with_password(
        address["sartiq_url"], address[f"{prefix}username"], address[f"{prefix}password"]
    )


@pytest.fixture
async def client(engine: EngineProcess) -> AsyncIterator[SartiqClient]:
    client = account(engine)
    yield client
    await client.aclose()


@pytest.fixture
async def other(engine: EngineProcess) -> AsyncIterator[SartiqClient]:
    client = account(engine, "second_")
    yield client
    await client.aclose()


async def until_ended(read: Callable[[], Awaitable[Any]], end: Callable[[Any], End]) -> Any:
    async with asyncio.timeout(60):
        while end(answer := await read()) is End.RUNNING:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.01)
    return answer


async def made(client: SartiqClient, batch_size: int = 2) -> answers.GenerationPublic:
    """Return a generation that is done."""
    request = requests.ImageAdjusterRequest(
        base_img_path=await client.upload("a.png", "image/png", photo()),
        target_width=32, target_height=24, batch_size=batch_size,
    )  # fmt: skip
    generation = await client.adjust_image(request)
    await until_ended(lambda: client.generation_stats(generation.id), facts.stats_end)
    return await client.get_generation(generation.id)


async def test_a_picture_from_its_upload_to_its_deletion(
    engine: EngineProcess, client: SartiqClient
) -> None:
    first, second = [await client.upload("a.png", "image/png", photo()) for _ in range(2)]
    adjusted = await client.adjust_image(
        requests.ImageAdjusterRequest(base_img_path=first, target_width=48, target_height=48)
    )
    await until_ended(lambda: client.get_generation(adjusted.id), facts.generation_end)
    (prediction,) = (await client.get_generation(adjusted.id)).predictions
    mixed = await client.refine(
        requests.RefineGenerationRequest(
            base_image_urls=(second,), prediction_ids=(prediction.id,), scale_factor=2
        )
    )
    assert (mixed.total_success, mixed.total_failed) == (2, 0)
    (refine,) = mixed.refines
    done = await until_ended(lambda: client.get_refine(refine.id), facts.refine_end)
    chained = await client.refine(
        requests.RefineGenerationRequest(
            prediction_ids=(prediction.id,), scale_factor=2,
            refines_refine_ids={prediction.id: refine.id},
        )
    )  # fmt: skip
    (again,) = chained.refines
    assert again.refines_refine_id == refine.id
    last = await until_ended(lambda: client.get_refine(again.id), facts.refine_end)
    files = FileFetcher(base_url=engine.address["sartiq_url"])
    sizes = [
        Image.open(io.BytesIO(await files.fetch(url, 10**6))).size
        for url in (prediction.image_url, done.image_url, last.image_url)
        if url
    ]
    await files.aclose()
    assert sizes == [(48, 48), (96, 96), (192, 192)]
    read = await client.get_prediction(prediction.id)
    assert [one.id for one in read.refines] == [refine.id, again.id]
    assert (await client.list_refines(prediction.id)).count == 2
    assert (await client.set_favourite(prediction.id, True)).favourite
    favourites = await client.list_predictions(favourite=True)
    assert prediction.id in {one.id for one in favourites.data}
    await client.delete_refine(again.id)
    with pytest.raises(Conflict):
        await client.delete_prediction(prediction.id)
    await client.delete_generation(adjusted.id)
    with pytest.raises(NotFound):
        await client.get_prediction(prediction.id)


async def test_every_other_method_gets_its_answer(client: SartiqClient) -> None:
    generation = await made(client)
    one, two = (prediction.id for prediction in generation.predictions)
    update = requests.GenerationUpdate(revised=True)
    assert (await client.update_generation(generation.id, update)).revised
    found = await client.get_generations([generation.id, UNKNOWN])
    assert [item.id for item in found] == [generation.id]
    page = await client.list_generations(tools=["IMAGE_ADJUSTER"], limit=1)
    assert page.data[0].id == generation.id
    assert await client.list_revisions(one) == []
    assert (await client.delete_prediction(two)).message
    bulk = await client.bulk_refine(
        requests.BulkRefineRequest(prediction_ids=(one, UNKNOWN), scale_factor=2)
    )
    assert (bulk.success_count, bulk.failed_predictions[0].prediction_id) == (1, UNKNOWN)
    assert bulk.failed_predictions[0].error
    gone = await client.delete_predictions([one, UNKNOWN])
    assert gone.deleted_generations == (generation.id,)
    assert gone.failed_predictions[0].prediction_id == UNKNOWN


async def test_what_needs_a_model_is_seen_to_fail(client: SartiqClient) -> None:
    url = await client.upload("a.png", "image/png", photo())
    for begin in (
        lambda: client.create_generation(requests.GenerationCreate(batch_size=2)),
        lambda: client.edit(requests.EditRequest(base_img_path=url)),
        lambda: client.create_video(
            requests.VideoGenerationRequest(base_image_path=url, prompt="walk")
        ),
    ):
        generation = await begin()

        async def read(generation_id: str = generation.id) -> answers.GenerationPublic:
            return await client.get_generation(generation_id)

        ended = await until_ended(read, facts.generation_end)
        assert facts.generation_end(ended) is End.FAILED
    run = await client.create_agentic(requests.AgenticGenerationCreate())
    status = await until_ended(
        lambda: client.agentic_status(run.orchestration_shot_id), facts.agentic_end
    )
    assert facts.agentic_end(status) is End.FAILED
    assert status.attempts == ()
    task = await client.create_experimental_task(
        requests.ExperimentalTaskCreate(fal_app_id="a", payload={})
    )
    task = await client.get_experimental_task(task.id)
    assert facts.experimental_end(task) is End.FAILED


async def test_tools_begin_their_work(client: SartiqClient) -> None:
    url = await client.upload("a.jpg", "image/jpeg", photo(kind="JPEG"))
    background = await client.fix_background(
        requests.BackgroundFixRequest(base_img_path=url, palette_image_path=url)
    )
    faces = await client.fix_faces(requests.FaceFixRequest(base_img_path=url))
    for generation in (background, faces):
        ended = await client.cancel_generation(generation.id)
        assert ended["id"] == generation.id


async def test_all_that_is_only_announced_is_there(client: SartiqClient) -> None:
    generation = await made(client, 1)
    prediction = generation.predictions[0].id
    await client.cancel_generation(generation.id)
    assert (await client.select_prediction(prediction))["selected"]
    body = {"prediction_id": prediction, "scale_factor": 2}
    task = await client.create_refine_task(body)
    assert (await client.get_refine_task(task["id"]))["id"] == task["id"]
    assert (await client.list_refine_tasks())["data"]
    training = await client.start_training({"name": "boots"})
    assert (await client.get_training(training["id"]))["status"] == "error"
    assert (await client.cancel_training(training["id"]))["id"] == training["id"]
    assert (await client.list_trainings())["count"] >= 1
    assert (await client.training_status(training["id"]))["task_id"] == training["id"]
    assert await client.training_webhook({"task_id": training["id"]})
    assert all(client.capabilities.offers(one) for one in Operation)


async def test_refusals_arrive_as_what_they_are(client: SartiqClient, other: SartiqClient) -> None:
    generation = await made(client, 1)
    with pytest.raises(Forbidden):
        await other.get_generation(generation.id)
    with pytest.raises(Forbidden):
        await other.set_favourite(generation.predictions[0].id, True)
    with pytest.raises(NotFound):
        await client.get_generation(UNKNOWN)
    with pytest.raises(Invalid) as caught:
        await client.adjust_image(
            requests.ImageAdjusterRequest(base_img_path="http://evil.example/a.png")
        )
    assert "base_img_path" in caught.value.fields
    with pytest.raises((Refused, BadInput)):
        await client.upload("a.png", "image/png", b"<svg/>" * 9)


async def test_a_wrong_password_is_told(engine: EngineProcess) -> None:
    client = SartiqClient.with_password(engine.address["sartiq_url"], "local", "wrong")
    with pytest.raises(Unauthorised):
        await client.list_predictions()
    await client.aclose()


async def test_a_login_that_ends_in_mid_work_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as served:
        client = SartiqClient.with_password(
            f"{ORIGIN}/api/v1", served.keys.username, served.keys.password,
            transport=served.transport,
        )  # fmt: skip
        generation = await made(client, 1)
        logins, hours = served.engine.sartiq.logins, 9 * 3600
        monkeypatch.setattr(logins, "_clock", lambda: time.time() + hours)
        assert await served.refused("GET", "/predictions/", 401)
        assert (await client.get_generation(generation.id)).id == generation.id
        await client.delete_generation(generation.id)
        await client.aclose()


# --- field by field ---------------------------------------------------------------------------


def parts(model: type[BaseModel], raw: dict[str, Any]) -> Iterator[tuple[type[BaseModel], Any]]:
    """Yield every object of an answer with the model that reads it."""
    yield model, raw
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        value = raw.get(name)
        if inner is not None and value:
            for one in value if isinstance(value, list) else [value]:
                yield from parts(inner, one)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, typing.get_args(annotation))), None)


async def raw_answers(served: Served) -> AsyncIterator[tuple[type[BaseModel], Any]]:
    generation = await served.made(batch_size=2)
    one = generation["predictions"][0]["id"]
    mixed = await served.refine(one)
    await served.refined(mixed["refines"][0]["id"])
    body = {"base_image_urls": [await served.upload()], "scale_factor": 2}
    yield answers.MixedRefineResponse, mixed
    yield (answers.MixedRefineResponse,
           await served.ok("POST", "/generations/refines", json=body))  # fmt: skip
    body = {"prediction_ids": [one], "scale_factor": 2}
    yield (answers.BulkRefineResponse,
           await served.ok("POST", "/refines/predictions/bulk-refine", json=body))  # fmt: skip
    for path, model in (
        ("/generations/", answers.GenerationsPublic),
        (f"/generations/{generation['id']}", answers.GenerationPublic),
        (f"/generations/{generation['id']}/stats", answers.GenerationStats),
        ("/predictions/", answers.PredictionsPublic),
        (f"/predictions/{one}", answers.PredictionPublic),
        (f"/refines/predictions/{one}/refines", answers.RefinesPublic),
    ):
        yield model, await served.ok("GET", path)
    run = await served.ok("POST", "/generations/agentic", json={})
    yield answers.AgenticGenerationResponse, run
    path = f"/generations/agentic/{run['orchestration_shot_id']}/status"
    yield answers.AgenticShotStatus, await served.ok("GET", path)
    body = {"fal_app_id": "a", "payload": {}}
    task = await served.ok("POST", "/generations/experimental-task", json=body)
    yield answers.ExperimentalTaskPublic, task
    body = {"prediction_ids": [one, UNKNOWN]}
    yield (answers.BulkDeleteResponse,
           await served.ok("POST", "/predictions/bulk-delete", json=body))  # fmt: skip
    yield answers.Message, await served.ok("DELETE", f"/generations/{generation['id']}")


async def test_client_engine_and_document_agree_on_every_field(tmp_path: Path) -> None:
    seen: set[str] = set()
    async with serving(tmp_path) as served:
        async for model, raw in raw_answers(served):
            model.model_validate(raw)
            for part, value in parts(model, raw):
                name = part.__name__
                if name not in SCHEMAS:  # objects whose fields the document leaves open
                    continue
                seen.add(name)
                known = {*part.model_fields} - {"skipped"}
                documented = set(SCHEMAS[name]["properties"])
                ours = {one.partition(".")[2] for one in OURS if one.startswith(f"{name}.")}
                assert set(value) - documented <= ours, name
                assert documented <= set(value), (name, documented - set(value))
                assert known <= documented | ours, (name, known - documented)
                # What the model leaves out, its user cannot see: only these are left out.
                assert documented - known == set(), (name, documented - known)
    assert seen == {
        "MixedRefineResponse", "BulkRefineResponse", "GenerationsPublic", "GenerationPublic",
        "GenerationStats", "PredictionsPublic", "PredictionPublic", "RefinesPublic",
        "RefinePublic", "MediaResourcePublic", "AgenticGenerationResponse", "AgenticShotStatus",
        "ExperimentalTaskPublic", "BulkDeleteResponse", "Message",
    }  # fmt: skip


@pytest.mark.parametrize(
    "model",
    [requests.GenerationCreate, requests.AgenticGenerationCreate, requests.EditRequest,
     requests.VideoGenerationRequest, requests.BackgroundFixRequest,
     requests.ImageAdjusterRequest, requests.FaceFixRequest, requests.ExperimentalTaskCreate,
     requests.RefineGenerationRequest, requests.BulkRefineRequest, requests.BulkDeleteRequest,
     requests.GenerationUpdate],
    ids=lambda model: model.__name__,
)  # fmt: skip
def test_a_request_has_every_field_of_the_document(model: type[BaseModel]) -> None:
    assert set(model.model_fields) == set(SCHEMAS[model.__name__]["properties"])

"""How each kind of request to this service is prepared, sent and put in words."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.api.models.sartiq.answers import (
    AgenticGenerationResponse,
    ExperimentalTaskPublic,
    GenerationPublic,
    MixedRefineResponse,
)
from scenario_desktop.api.models.sartiq.requests import (
    AgenticGenerationCreate,
    BackgroundFixRequest,
    EditRequest,
    ExperimentalTaskCreate,
    FaceFixRequest,
    GenerationCreate,
    ImageAdjusterRequest,
    RefineGenerationRequest,
    SartiqRequest,
    VideoGenerationRequest,
)
from scenario_desktop.errors import AppError, BadAnswer, Invalid, Refused
from scenario_desktop.services.job_kinds import OnPrepared
from scenario_desktop.services.sartiq.pictures import (
    OnProgress,
    PictureDoor,
    PictureRef,
    filled,
    kept_body,
    kept_slots,
)
from scenario_desktop.services.sartiq.run_jobs import (
    AGENTIC,
    GENERATION,
    REFINE,
    TASK,
    RunId,
    job_of_generation,
    job_of_refine,
    job_of_task,
)
from scenario_desktop.services.words import NO_BREAK, counted, one_line
from scenario_desktop.store.ledger import LedgerRow

#: Pictures that are uploaded at once for one request.
_PARALLEL_UPLOADS = 3


class Op(StrEnum):
    """What can be asked of the service; the word stands in the ledger."""

    GENERATE = "sartiq-generate"
    AGENTIC = "sartiq-agentic"
    EDIT = "sartiq-edit"
    VIDEO = "sartiq-video"
    BACKGROUND = "sartiq-background"
    ADJUST = "sartiq-adjust"
    FACES = "sartiq-faces"
    TASK = "sartiq-task"
    REFINE = "sartiq-refine"


#: Begins every word of ours in the ledger.
PREFIX: Final = "sartiq-"

#: The body of each.
MODELS: Final[Mapping[Op, type[SartiqRequest]]] = {
    Op.GENERATE: GenerationCreate,
    Op.AGENTIC: AgenticGenerationCreate,
    Op.EDIT: EditRequest,
    Op.VIDEO: VideoGenerationRequest,
    Op.BACKGROUND: BackgroundFixRequest,
    Op.ADJUST: ImageAdjusterRequest,
    Op.FACES: FaceFixRequest,
    Op.TASK: ExperimentalTaskCreate,
    Op.REFINE: RefineGenerationRequest,
}
TITLES: Final[Mapping[Op, str]] = {
    Op.GENERATE: "Create",
    Op.AGENTIC: "Agentic",
    Op.EDIT: "Edit",
    Op.VIDEO: "Video",
    Op.BACKGROUND: "Fix background",
    Op.ADJUST: "Adjust",
    Op.FACES: "Fix faces",
    Op.TASK: "Experimental task",
    Op.REFINE: "Refine",
}


class RunClient(Protocol):
    """The part of the API client that creates."""

    async def create_generation(self, request: GenerationCreate) -> GenerationPublic: ...
    async def create_agentic(
        self, request: AgenticGenerationCreate
    ) -> AgenticGenerationResponse: ...
    async def edit(self, request: EditRequest) -> GenerationPublic: ...
    async def create_video(self, request: VideoGenerationRequest) -> GenerationPublic: ...
    async def fix_background(self, request: BackgroundFixRequest) -> GenerationPublic: ...
    async def adjust_image(self, request: ImageAdjusterRequest) -> GenerationPublic: ...
    async def fix_faces(self, request: FaceFixRequest) -> GenerationPublic: ...
    async def create_experimental_task(
        self, request: ExperimentalTaskCreate
    ) -> ExperimentalTaskPublic: ...
    async def refine(self, request: RefineGenerationRequest) -> MixedRefineResponse: ...


Absorb = Callable[[Sequence[GenerationPublic]], Awaitable[None]]


class RunKind:
    """One kind of request. What differs is a table row and the sending."""

    job_types = frozenset({GENERATION})

    def __init__(
        self,
        op: Op,
        client: RunClient,
        door: PictureDoor,
        *,
        absorb: Absorb,
        can_cancel: Callable[[], bool],
        price: Decimal | None,
    ) -> None:
        """
        Args:
            price: 0 where nothing is billed; None where the service gives no price.
            absorb: takes generations that an answer holds into the library.
            can_cancel: whether this server has a cancel.
        """
        self.op = op
        self.title = TITLES[op]
        self._model = MODELS[op]
        self._client = client
        self._door = door
        self._absorb = absorb
        self._can_cancel = can_cancel
        self._price = price
        #: Row → slot → addresses; only between preparing and sending, never written down.
        self._addresses: dict[str, dict[str, list[str]]] = {}
        #: Row → field → what the service said of it; of this run only.
        self.refused_fields: dict[str, dict[str, str]] = {}

    # words

    def name(self, request: dict[str, Any]) -> str:
        return self.title

    def parameters(self, request: dict[str, Any]) -> str:
        return parameters_text(self.op, kept_body(request))

    def done(self, count: int) -> str:
        if not count:
            return "but the service names no result"
        return f"{counted(count, 'video' if self.op is Op.VIDEO else 'picture')} added"

    # following

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        if job.job_type not in self.job_types:
            return False
        echo = job.metadata.input
        body = {n: v for n, v in kept_body(request).items() if n in echo}
        return bool(body) and all(echo[name] == value for name, value in body.items())

    def can_cancel(self, job: Job | None) -> bool:
        return self._can_cancel() and job is not None and job.job_type in (GENERATION, AGENTIC)

    async def price(self, request: dict[str, Any]) -> Decimal | None:
        return self._price

    # sending

    async def prepare(self, rows: Sequence[LedgerRow], on_progress: OnPrepared) -> None:
        """Get an address for every picture; a file is uploaded for that.

        Raises:
            AppError: one of the pictures cannot be handed over.
        """
        slots = asyncio.Semaphore(_PARALLEL_UPLOADS)
        tasks = [asyncio.ensure_future(self._prepare(row, slots, on_progress)) for row in rows]
        try:
            await asyncio.gather(*tasks)
        except AppError:
            for row in rows:
                self._addresses.pop(row.id, None)
            raise
        finally:
            for task in tasks:
                task.cancel()

    async def _prepare(
        self, row: LedgerRow, slots: asyncio.Semaphore, on_progress: OnPrepared
    ) -> None:
        wanted = [(name, ref) for name, refs in kept_slots(row.request).items() for ref in refs]
        found: dict[str, list[str]] = {}
        for number, (name, ref) in enumerate(wanted):

            def on_upload(share: float, before: int = number) -> None:
                on_progress(row.id, (before + share) / len(wanted))

            async with slots:
                address = await self._hand_over(ref, on_upload)
            found.setdefault(name, []).append(address)
        self._addresses[row.id] = found

    async def _hand_over(self, ref: PictureRef, on_progress: OnProgress) -> str:
        """Return what stands for a picture in the request."""
        return await self._door.address(ref, on_progress)

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        (row,) = rows
        addresses = self._addresses.pop(row.id, {})
        body = filled(self._model, kept_body(row.request), addresses)
        try:
            return [await self._create(self._model.model_validate(body))]
        except Invalid as error:
            self.refused_fields[row.id] = error.fields
            raise

    async def _create(self, request: SartiqRequest) -> Job:
        client = self._client
        match request:
            case AgenticGenerationCreate():
                answer = await client.create_agentic(request)
                await self._absorb([answer])
                job = job_of_generation(answer)
                ids = RunId(AGENTIC, answer.orchestration_shot_id, answer.id)
                return job.model_copy(update={"job_id": str(ids), "job_type": AGENTIC})
            case ExperimentalTaskCreate():
                return job_of_task(await client.create_experimental_task(request))
            case GenerationCreate():
                made = await client.create_generation(request)
            case EditRequest():
                made = await client.edit(request)
            case VideoGenerationRequest():
                made = await client.create_video(request)
            case BackgroundFixRequest():
                made = await client.fix_background(request)
            case ImageAdjusterRequest():
                made = await client.adjust_image(request)
            case FaceFixRequest():
                made = await client.fix_faces(request)
            case _:
                raise TypeError(f"no way to send a {type(request).__name__}")
        await self._absorb([made])
        return job_of_generation(made)


class TaskKind(RunKind):
    """An experimental task: its result is an address, not a record."""

    job_types = frozenset({TASK})

    async def _hand_over(self, ref: PictureRef, on_progress: OnProgress) -> str:
        data = await self._door.data(ref)
        return (await asyncio.to_thread(base64.b64encode, data)).decode("ascii")

    def done(self, count: int) -> str:
        return "open it to see its picture"


class AgenticKind(RunKind):
    """A generation whose attempts are judged and repeated."""

    job_types = frozenset({AGENTIC, GENERATION})


class RefineKind(RunKind):
    """Refines: a row is one picture, prediction or refine; rows alike leave in one request."""

    job_types = frozenset({REFINE, GENERATION})

    def name(self, request: dict[str, Any]) -> str:
        return f"Refine {size_text(kept_body(request))}".strip()

    def done(self, count: int) -> str:
        return f"{counted(count, 'refined picture')} added"

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        body, echo = kept_body(request), job.metadata.input
        predictions = body.get("prediction_ids") or ()
        if not predictions or job.job_type != REFINE:
            return False
        chained = body.get("refines_refine_ids") or {}
        return (
            echo.get("prediction_id") in predictions
            and echo.get("refines_refine_id") == next(iter(chained.values()), None)
            and (body.get("scale_factor") or echo.get("scale_factor")) == echo.get("scale_factor")
        )

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        addresses = {row.id: _flat(self._addresses.pop(row.id, {})) for row in rows}
        uploads = [row for row in rows if addresses[row.id]]
        body = {**kept_body(rows[0].request)}
        predictions, chained = list[str](), dict[str, str]()
        for row in rows:
            own = kept_body(row.request)
            predictions += own.get("prediction_ids") or ()
            chained.update(own.get("refines_refine_ids") or {})
        body["base_image_urls"] = tuple(addresses[row.id][0] for row in uploads) or None
        body["prediction_ids"] = tuple(predictions) or None
        body["refines_refine_ids"] = chained or None
        answer = await self._client.refine(RefineGenerationRequest.model_validate(body))
        await self._absorb(answer.generations)
        found = _of_uploads([row.id for row in uploads], addresses, answer)
        for row in rows:
            if row.id not in found:
                (prediction,) = kept_body(row.request)["prediction_ids"]
                found[row.id] = _of_prediction(prediction, answer)
        return [found[row.id] for row in rows]


def _flat(addresses: Mapping[str, Sequence[str]]) -> list[str]:
    return [address for found in addresses.values() for address in found]


def _of_uploads(
    row_ids: Sequence[str], addresses: Mapping[str, Sequence[str]], answer: MixedRefineResponse
) -> dict[str, Job | AppError]:
    """Match the generations of an answer to the pictures they came from, in order.

    The failed ones are named by place or address; the others follow in the order of the request.
    If their number does not fit, nobody can tell which is whose.
    """
    found: dict[str, Job | AppError] = {}
    for failed in answer.failed_uploads:
        named = [i for i in row_ids if failed.url and addresses[i][0] == failed.url]
        if failed.index is not None and 0 <= failed.index < len(row_ids):
            named = [row_ids[failed.index]]
        for row_id in named[:1]:
            found[row_id] = _refused(failed.error)
    rest = [row_id for row_id in row_ids if row_id not in found]
    if len(rest) != len(answer.generations):
        unclear = BadAnswer("The answer does not tell what became of each picture.")
        return {**found, **dict.fromkeys(rest, unclear)}
    for row_id, generation in zip(rest, answer.generations, strict=True):
        found[row_id] = job_of_generation(generation)
    return found


def _of_prediction(prediction_id: str, answer: MixedRefineResponse) -> Job | AppError:
    for refine in answer.refines:
        if refine.prediction_id == prediction_id:
            return job_of_refine(refine)
    for failed in answer.failed_refines:
        if failed.prediction_id == prediction_id:
            return _refused(failed.error)
    return BadAnswer("The answer does not tell what became of this prediction.")


def _refused(reason: str) -> Refused:
    return Refused("The service did not refine this one.", details=one_line(reason))


def size_text(body: Mapping[str, Any]) -> str:
    """Return the size that a refine asks for: "2×" or "to 2,048 × 2,048"."""
    width, height, scale = body.get("width"), body.get("height"), body.get("scale_factor")
    if width and height:
        return f"to {width:,}{NO_BREAK}×{NO_BREAK}{height:,}"
    return f"{scale:g}×" if isinstance(scale, int | float) else ""


def parameters_text(op: Op, body: Mapping[str, Any]) -> str:
    """Return what of a body a user would know it by, in a few words."""
    parts: list[str] = []
    prompt = next((body[n] for n in ("prompt", "extra_prompt") if body.get(n)), None)
    if prompt:
        parts.append(f"“{one_line(str(prompt), 60)}”")
    if op is Op.ADJUST:
        parts.append(str(body.get("mode", "auto")))
    width, height = body.get("target_width"), body.get("target_height")
    width, height = width or body.get("width"), height or body.get("height")
    if width and height and op is not Op.REFINE:
        parts.append(f"{width:,}{NO_BREAK}×{NO_BREAK}{height:,}")
    if op is Op.TASK:
        parts.append(one_line(str(body.get("fal_app_id", "")), 60))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def make_kinds(
    client: RunClient,
    door: PictureDoor,
    *,
    absorb: Absorb,
    can_cancel: Callable[[], bool],
    price: Decimal | None,
) -> dict[str, RunKind]:
    """Return all kinds by their word in the ledger; for the arguments see ``RunKind``."""
    special = {Op.TASK: TaskKind, Op.AGENTIC: AgenticKind, Op.REFINE: RefineKind}
    return {
        str(op): special.get(op, RunKind)(
            op, client, door, absorb=absorb, can_cancel=can_cancel, price=price
        )
        for op in Op
    }


def refine_request(
    settings: Mapping[str, Any], ref: PictureRef | None, prediction_id: str, refine_id: str
) -> dict[str, Any]:
    """Return what the ledger keeps of one picture, prediction or refine to be refined.

    Args:
        settings: size, prompt and model, as they go over the wire.
        ref: for a picture; else None, with the prediction, and the refine to begin with if any.
    """
    body = dict(settings)
    if ref is not None:
        return {"body": body, "pictures": {"base_image_urls": [ref.to_json()]}}
    body["prediction_ids"] = [prediction_id]
    if refine_id:
        body["refines_refine_ids"] = {prediction_id: refine_id}
    return {"body": body, "pictures": {}}

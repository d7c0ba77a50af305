"""One method per operation of the second service's API; models in and out.

Reads are repeated when the connection fails, and so is setting a mark. What creates or deletes is
sent once, but for a 401 (see ``Connection.send``): after TimedOut, Offline, ServerFailed or
BadAnswer it may have happened all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from scenario_desktop.api.addresses import segment
from scenario_desktop.api.models.sartiq.answers import (
    AgenticGenerationResponse,
    AgenticShotStatus,
    BulkDeleteResponse,
    BulkRefineResponse,
    ExperimentalTaskPublic,
    GenerationPublic,
    GenerationsPublic,
    GenerationStats,
    Message,
    MixedRefineResponse,
    PredictionPublic,
    PredictionsPublic,
    RefinePublic,
    RefinesPublic,
    ShotRevisionPublic,
)
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
    SartiqRequest,
    VideoGenerationRequest,
)
from scenario_desktop.api.parsing import off_the_loop, parse, parse_any, parse_list
from scenario_desktop.api.sartiq import uploads
from scenario_desktop.api.sartiq.bulk import BulkDelete
from scenario_desktop.api.sartiq.capabilities import Capabilities, Operation
from scenario_desktop.api.sartiq.connection import Connection
from scenario_desktop.api.sartiq.login import PasswordLogin, TokenSource, TokenStore
from scenario_desktop.api.transport import BILLED_S, Answer, Clock, Repeated, Transport
from scenario_desktop.errors import BadAnswer, BadInput, Conflict

if TYPE_CHECKING:
    import httpx

_IDS_PER_READ: Final = 100


class SartiqClient:
    """A connection to one account of the service, or of the local engine.

    Every method raises an ``AppError`` that says what to do next: Offline, TimedOut, Unauthorised,
    Forbidden, NotFound, Conflict, Refused, Invalid, RateLimited, ServerFailed or BadAnswer.
    """

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        *,
        organization_id: str | None = None,
        capabilities: Capabilities | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare a client; nothing is sent.

        Args:
            base_url: with ``/api/v1``, or the server alone.
            tokens: closed with this client.
            organization_id: whose generations are read and made; None for the user's own.
            capabilities: what was learnt of this server before.
            transport: for tests; its owner is then the client.

        Raises:
            BadInput: the address cannot be used.
        """
        self._connection = Connection(
            base_url, tokens, Transport(transport, clock=clock), organization_id=organization_id,
            capabilities=capabilities or Capabilities(), is_plain_allowed=transport is not None,
        )  # fmt: skip
        self._bulk_delete = BulkDelete(self._connection)

    @classmethod
    def with_password(
        cls,
        base_url: str,
        username: str,
        password: str,
        *,
        token_url: str | None = None,
        store: TokenStore | None = None,
        organization_id: str | None = None,
        capabilities: Capabilities | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> SartiqClient:
        """Prepare a client that signs in when it is first needed; see ``PasswordLogin``."""
        tokens = PasswordLogin(
            base_url, username, password, token_url=token_url, store=store, transport=transport,
            clock=clock,
        )  # fmt: skip
        return cls(
            base_url, tokens, organization_id=organization_id, capabilities=capabilities,
            transport=transport, clock=clock,
        )  # fmt: skip

    @property
    def base_url(self) -> str:
        """The address of the API, without a trailing slash."""
        return self._connection.base_url

    @property
    def organization_id(self) -> str | None:
        """Whose generations are read and made; None for the user's own."""
        return self._connection.organization_id

    @property
    def capabilities(self) -> Capabilities:
        """Which of the operations that are only announced this server has."""
        return self._connection.capabilities

    @property
    def server_time_offset_s(self) -> float | None:
        """The server's clock less ours, from its last dated answer; None before the first."""
        return self._connection.transport.server_time_offset_s

    async def aclose(self) -> None:
        """Close all connections. May be called twice."""
        await self._connection.aclose()

    # --- generations --------------------------------------------------------------------------

    async def create_generation(
        self, request: GenerationCreate, *, version: str | None = None
    ) -> GenerationPublic:
        """Start a generation. Sent once.

        Args:
            version: the query's ``v``; None leaves it to the service, which takes 1.
        """
        answer = await self._create("/generations/", request, query={"v": version})
        return parse(GenerationPublic, answer.body)

    async def list_generations(
        self,
        *,
        skip: int = 0,
        limit: int = 100,
        status: str | None = None,
        tools: Iterable[str] = (),
        generation_type: str | None = None,
        subject_id: str | None = None,
        product_id: str | None = None,
        style_id: str | None = None,
        shot_id: str | None = None,
        shot_type_id: str | None = None,
        shot_type_string: str | None = None,
        refined_only: bool | None = None,
        created_at_from: datetime | None = None,
        created_at_to: datetime | None = None,
    ) -> GenerationsPublic:
        """Read one page, newest first: the organisation's, or else the user's own.

        Args:
            tools: any of them.
            product_id: finds second products, too.
        """
        query = {
            "skip": skip, "limit": limit, "status": status, "tools": Repeated(tools),
            "generation_type": generation_type, "subject_id": subject_id,
            "product_id": product_id, "style_id": style_id, "shot_id": shot_id,
            "shot_type_id": shot_type_id, "shot_type_string": shot_type_string,
            "refined_only": refined_only, "created_at_from": created_at_from,
            "created_at_to": created_at_to,
        }  # fmt: skip
        return await self._connection.page(
            GenerationsPublic, "/generations/", query, is_scoped=True
        )

    async def get_generation(self, generation_id: str) -> GenerationPublic:
        """Read a generation with its predictions and their refines."""
        path = f"/generations/{segment(generation_id)}"
        return await self._connection.read(GenerationPublic, path, is_scoped=True)

    async def delete_generation(self, generation_id: str) -> Message:
        """Delete a generation, its predictions and their files. Sent once."""
        return await self._delete(f"/generations/{segment(generation_id)}")

    async def update_generation(
        self, generation_id: str, update: GenerationUpdate
    ) -> GenerationPublic:
        """Set or clear the mark "revised"; may be repeated."""
        answer = await self._connection.send(
            "PATCH", f"/generations/{segment(generation_id)}", body=update.to_wire(), is_safe=True
        )
        return parse(GenerationPublic, answer.body)

    async def generation_stats(self, generation_id: str) -> GenerationStats:
        """Read how far a generation is; the cheapest look."""
        path = f"/generations/{segment(generation_id)}/stats"
        return await self._connection.read(GenerationStats, path, is_scoped=True)

    async def get_generations(self, generation_ids: Iterable[str]) -> list[GenerationPublic]:
        """Read many generations, 100 a call, in no promised order.

        Left out are unknown ones and those of others, colleagues of the organisation included.
        """
        wanted = list(dict.fromkeys(generation_ids))
        found: list[GenerationPublic] = []
        for start in range(0, len(wanted), _IDS_PER_READ):
            part = wanted[start : start + _IDS_PER_READ]
            answer = await self._connection.send(
                "POST", "/generations/by-ids", body=part, is_safe=True
            )
            found += await off_the_loop(parse_list, GenerationPublic, answer.body)
        return found

    async def create_agentic(self, request: AgenticGenerationCreate) -> AgenticGenerationResponse:
        """Start an agentic run. Sent once; follow it by its ``orchestration_shot_id``."""
        answer = await self._create("/generations/agentic", request)
        return parse(AgenticGenerationResponse, answer.body)

    async def agentic_status(self, orchestration_shot_id: str) -> AgenticShotStatus:
        """Read how an agentic run is doing.

        The path is announced as temporary: nothing but this method knows it.
        """
        path = f"/generations/agentic/{segment(orchestration_shot_id)}/status"
        return await self._connection.read(AgenticShotStatus, path)

    # --- tools --------------------------------------------------------------------------------

    async def edit(self, request: EditRequest) -> GenerationPublic:
        """Edit a picture, or place a garment on it. Sent once."""
        return await self._generation("/generations/edits", request)

    async def create_video(self, request: VideoGenerationRequest) -> GenerationPublic:
        """Make a video of a prediction or a picture. Sent once."""
        return await self._generation("/generations/videos", request)

    async def fix_background(self, request: BackgroundFixRequest) -> GenerationPublic:
        """Recolour a background. Sent once."""
        return await self._generation("/generations/background-fix", request)

    async def adjust_image(self, request: ImageAdjusterRequest) -> GenerationPublic:
        """Crop, pad or scale a picture. Sent once."""
        return await self._generation("/generations/image-adjuster", request)

    async def fix_faces(self, request: FaceFixRequest) -> GenerationPublic:
        """Repair faces. Sent once."""
        return await self._generation("/generations/face-fixer", request)

    async def create_experimental_task(
        self, request: ExperimentalTaskCreate
    ) -> ExperimentalTaskPublic:
        """Run an app of FAL. Sent once."""
        answer = await self._create("/generations/experimental-task", request, is_scoped=False)
        return parse(ExperimentalTaskPublic, answer.body)

    async def get_experimental_task(self, task_id: str) -> ExperimentalTaskPublic:
        path = f"/generations/experimental-task/{segment(task_id)}"
        return await self._connection.read(ExperimentalTaskPublic, path)

    # --- refines ------------------------------------------------------------------------------

    async def refine(self, request: RefineGenerationRequest) -> MixedRefineResponse:
        """Refine pictures and predictions. Sent once; parts of it may fail within the answer."""
        answer = await self._create("/generations/refines", request)
        return parse(MixedRefineResponse, answer.body)

    async def bulk_refine(self, request: BulkRefineRequest) -> BulkRefineResponse:
        """Refine predictions the old way, which the service advises against. Sent once."""
        answer = await self._create("/refines/predictions/bulk-refine", request, is_scoped=False)
        return parse(BulkRefineResponse, answer.body)

    async def list_refines(
        self, prediction_id: str, *, skip: int = 0, limit: int = 100
    ) -> RefinesPublic:
        path = f"/refines/predictions/{segment(prediction_id)}/refines"
        return await self._connection.page(RefinesPublic, path, {"skip": skip, "limit": limit})

    async def get_refine(self, refine_id: str) -> RefinePublic:
        return await self._connection.read(RefinePublic, f"/refines/refines/{segment(refine_id)}")

    async def delete_refine(self, refine_id: str) -> Message:
        """Delete a refine and its picture. Sent once."""
        return await self._delete(f"/refines/refines/{segment(refine_id)}")

    # --- predictions --------------------------------------------------------------------------

    async def list_predictions(
        self, *, skip: int = 0, limit: int = 100, favourite: bool | None = None
    ) -> PredictionsPublic:
        """Read one page, in an order that the service does not tell."""
        query = {"skip": skip, "limit": limit, "favourite": favourite}
        return await self._connection.page(PredictionsPublic, "/predictions/", query)

    async def get_prediction(self, prediction_id: str) -> PredictionPublic:
        return await self._connection.read(
            PredictionPublic, f"/predictions/{segment(prediction_id)}"
        )

    async def list_revisions(self, prediction_id: str) -> list[ShotRevisionPublic]:
        """Read the versions of shots that use a prediction."""
        path = f"/predictions/{segment(prediction_id)}/revisions"
        answer = await self._connection.send("GET", path, is_safe=True)
        return parse_list(ShotRevisionPublic, answer.body)

    async def set_favourite(self, prediction_id: str, is_favourite: bool) -> PredictionPublic:
        """Set or clear the mark; may be repeated."""
        answer = await self._connection.send(
            "PATCH", f"/predictions/{segment(prediction_id)}/favourite",
            {"favourite": is_favourite}, is_safe=True,
        )  # fmt: skip
        return parse(PredictionPublic, answer.body)

    async def delete_prediction(self, prediction_id: str) -> Message:
        """Delete one prediction. Sent once.

        Raises:
            Conflict: it is the last one of its generation, or a shot uses it.
        """
        try:
            return await self._delete(f"/predictions/{segment(prediction_id)}")
        except Conflict as error:
            worded = Conflict(
                "It was kept: it is the last one of its generation, or a shot uses it.",
                hint="Delete the generation instead, or take it out of the shot first.",
                details=error.details,
            )
            worded.status = error.status
            raise worded from error

    async def delete_predictions(
        self,
        prediction_ids: Iterable[str],
        *,
        on_part: Callable[[BulkDeleteResponse], None] | None = None,
    ) -> BulkDeleteResponse:
        """Delete predictions; a generation that loses all of them goes, too.

        Sent in parts of 100, or fewer once the server has refused so many. A part that was taken is
        never sent again. Keep those of one generation together: a part is all the server sees.

        Args:
            on_part: told of each part that was taken; what it heard holds also if a later one
                fails.

        Returns:
            The answers of all parts, added up.
        """
        return await self._bulk_delete.run(prediction_ids, on_part)

    # --- uploads ------------------------------------------------------------------------------

    async def upload(self, filename: str, content_type: str, data: bytes) -> str:
        """Hand a file over; see ``uploads`` for what is assumed.

        Returns:
            The address or path that names it in later requests.

        Raises:
            BadAnswer: this server takes uploads in another way.
            Refused: it refused the file at two upload addresses of its own.
        """
        if not data:
            raise BadInput("The file is empty.")
        request = uploads.UploadRequest(filename=filename, content_type=content_type)
        for is_last in (False, True):  # an address may end before it is used
            answer = await self._connection.send(
                "POST", uploads.PATH, body=request.to_wire(), is_safe=True
            )
            ticket = uploads.read_ticket(answer.body)
            refusal = await uploads.put_file(
                self._connection.transport, self.base_url, ticket, data, content_type
            )
            if refusal is None:
                return ticket.url
            if is_last:
                raise uploads.refused_twice(refusal)
        raise AssertionError  # the second round returns or raises

    # --- training -----------------------------------------------------------------------------

    async def training_status(self, task_id: str) -> Any:
        """Read the status of a training; its shape is not documented."""
        answer = await self._connection.send(
            "GET", f"/training/{segment(task_id)}/status", is_safe=True
        )
        return parse_any(answer.body)

    async def training_webhook(self, body: Mapping[str, Any]) -> Any:
        """Report on a training, as its side does. Sent once; its shape is not documented."""
        answer = await self._connection.send("POST", "/training/webhook", body=dict(body))
        return parse_any(answer.body) if answer.body.strip() else None

    # --- announced, not described: a server may not have them -----------------------------------

    async def cancel_generation(self, generation_id: str) -> Any:
        """Ask for an end. Sent once.

        Raises:
            NotOffered: as of all methods below, where the server does not have it.
        """
        return await self._connection.attempt(
            Operation.CANCEL_GENERATION,
            "POST",
            "/generations/{id}/cancel",
            of=generation_id,
            exists=lambda: self.generation_stats(generation_id),
        )

    async def select_prediction(self, prediction_id: str) -> Any:
        return await self._connection.attempt(
            Operation.SELECT_PREDICTION,
            "POST",
            "/predictions/{id}/select",
            of=prediction_id,
            exists=lambda: self.get_prediction(prediction_id),
        )

    async def list_refine_tasks(self) -> Any:
        return await self._connection.attempt(Operation.LIST_REFINE_TASKS, "GET", "/refines/")

    async def create_refine_task(self, body: Mapping[str, Any]) -> Any:
        """Start a refine by a body that is not documented. Sent once."""
        return await self._connection.attempt(
            Operation.CREATE_REFINE_TASK, "POST", "/refines/", body=dict(body), deadline_s=BILLED_S
        )

    async def get_refine_task(self, task_id: str) -> Any:
        return await self._connection.attempt(
            Operation.GET_REFINE_TASK,
            "GET",
            "/refines/{id}",
            of=task_id,
            exists=lambda: self.get_refine(task_id),
        )

    async def list_trainings(self) -> Any:
        return await self._connection.attempt(Operation.LIST_TRAININGS, "GET", "/training/")

    async def start_training(self, body: Mapping[str, Any]) -> Any:
        """Start a training by a body that is not documented. Sent once."""
        return await self._connection.attempt(
            Operation.START_TRAINING, "POST", "/training/", body=dict(body), deadline_s=BILLED_S
        )

    async def get_training(self, training_id: str) -> Any:
        return await self._connection.attempt(
            Operation.GET_TRAINING, "GET", "/training/{id}", of=training_id
        )

    async def cancel_training(self, training_id: str) -> Any:
        """Ask for an end. Sent once."""
        return await self._connection.attempt(
            Operation.CANCEL_TRAINING, "POST", "/training/{id}/cancel", of=training_id
        )

    # --- one road -----------------------------------------------------------------------------

    async def _generation(self, path: str, request: SartiqRequest) -> GenerationPublic:
        return parse(GenerationPublic, (await self._create(path, request)).body)

    async def _create(
        self,
        path: str,
        request: SartiqRequest,
        *,
        query: Mapping[str, object] | None = None,
        is_scoped: bool = True,
    ) -> Answer:
        return await self._connection.send(
            "POST", path, query, body=request.to_wire(), is_scoped=is_scoped, deadline_s=BILLED_S
        )

    async def _delete(self, path: str) -> Message:
        answer = await self._connection.send("DELETE", path)
        # What a deletion answers is not documented; that it did is enough.
        with suppress(BadAnswer):
            return parse(Message, answer.body)
        return Message()

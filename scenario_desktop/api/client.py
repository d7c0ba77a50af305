"""One method per endpoint of Scenario's API; models in and out.

Reads are repeated when the connection fails, nothing else ever is: what bills or creates is sent
once. The client never looks at the environment and never sends its keys anywhere but to its base
address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from scenario_desktop.api.addresses import file_address, segment
from scenario_desktop.api.connection import Connection
from scenario_desktop.api.models.accounts import (
    LimitsAnswer,
    Project,
    ProjectAnswer,
    ProjectPage,
    Team,
    TeamList,
)
from scenario_desktop.api.models.assets import (
    Asset,
    AssetAnswer,
    AssetCreate,
    AssetList,
    AssetPage,
    AssetUpdate,
    Collection,
    CollectionAnswer,
    CollectionPage,
    DownloadAnswer,
    RestoreAnswer,
    SearchPage,
    SearchRequest,
    TagPage,
    TagsAnswer,
    TagsUpdate,
    Upload,
    UploadAnswer,
    UploadCreate,
    ZipAnswer,
    ZipCreate,
)
from scenario_desktop.api.models.base import Page, Received
from scenario_desktop.api.models.canvas import (
    LockAnswer,
    LockRequest,
    SnapshotPage,
    UnlockRequest,
)
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import Job, JobAnswer, JobPage, RunAnswer
from scenario_desktop.api.moments import wire_time
from scenario_desktop.api.parsing import parse, parse_page
from scenario_desktop.api.redaction import register_secret
from scenario_desktop.api.transport import (
    BILLED_S,
    READ_S,
    Answer,
    Call,
    Clock,
    Transport,
)
from scenario_desktop.errors import BadAnswer, BadInput, Forbidden, NotFound

if TYPE_CHECKING:
    import httpx

    # Loaded by the first question about usage: its models take time that no start should wait for.
    from scenario_desktop.api.models.usage import ActivityPage, UsageReport
    from scenario_desktop.api.usages import UsageQuestion

M = TypeVar("M", bound=Received)
P = TypeVar("P", bound=Page)
T = TypeVar("T")

_IDS_PER_READ: Final = 200
_IDS_PER_DELETE: Final = 100
_IDS_PER_COLLECTION: Final = 49
_UPLOAD_S: Final = 300.0
#: Not 200: the answer of a price question.
_PRICE_STATUS: Final = 269


class ScenarioClient:
    """A connection to one workspace of Scenario, or of the local engine.

    Every method raises an ``AppError`` that says what to do next: Offline, TimedOut, Unauthorised,
    Forbidden, NotFound, Conflict, Refused, RateLimited, ConcurrencyLimit, QuotaExceeded,
    ServerFailed or BadAnswer.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: str,
        *,
        project_id: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare a client; nothing is sent.

        Args:
            project_id: the project asked for; None leaves it to the key.
            transport: for tests; its owner is then the client.

        Raises:
            BadInput: the address or the keys cannot be used.
        """
        self._connection = Connection(
            base_url, key, secret, Transport(transport, clock=clock), project_id=project_id,
            is_plain_allowed=transport is not None,
        )  # fmt: skip

    @property
    def base_url(self) -> str:
        """The address of the API, without a trailing slash."""
        return self._connection.base_url

    @property
    def server_time_offset_s(self) -> float | None:
        """The server's clock less ours, from its last dated answer; None before the first."""
        return self._connection.transport.server_time_offset_s

    async def aclose(self) -> None:
        """Close all connections. May be called twice."""
        await self._connection.transport.aclose()

    # --- assets -------------------------------------------------------------------------------

    async def list_assets(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        sort_by: str = "updatedAt",
        sort_direction: str = "desc",
        updated_after: datetime | str | None = None,
        updated_before: datetime | str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        types: Sequence[str] = (),
        collection_id: str | None = None,
        parent_asset_id: str | None = None,
        root_asset_id: str | None = None,
        is_deleted: bool = False,
    ) -> AssetPage:
        """Read one page; repeat all filters with the token of the page before.

        The service takes date bounds only with the sort of the same date, and next to nothing
        besides ``is_deleted``, which lists the trash of the last 30 days.
        """
        if is_deleted:
            query: dict[str, object] = {"deleted": True}
        else:
            query = {
                "sortBy": sort_by, "sortDirection": sort_direction,
                "updatedAfter": updated_after, "updatedBefore": updated_before,
                "createdAfter": created_after, "createdBefore": created_before,
                "types": list(types) or None, "collectionId": collection_id,
                "parentAssetId": parent_asset_id, "rootAssetId": root_asset_id,
            }  # fmt: skip
        query |= {"pageSize": page_size, "paginationToken": token}
        return await self._connection.page(AssetPage, "assets", "/assets", query)

    async def get_asset(self, asset_id: str, *, is_original: bool = False) -> Asset:
        """Read a whole record, with a fresh signed address.

        Args:
            is_original: the address leads to the file as it was made, never to a smaller copy.
        """
        query: dict[str, object] = {"originalAssets": True} if is_original else {}
        answer = await self._connection.send(
            "GET", f"/assets/{segment(asset_id)}", query, is_safe=True
        )
        return parse(AssetAnswer, answer.body).asset

    async def get_assets(self, asset_ids: Iterable[str]) -> list[Asset]:
        """Read many records, 200 a call, in no promised order; unknown ids are left out."""
        found: list[Asset] = []
        for part in _parts(asset_ids, _IDS_PER_READ):
            answer = await self._connection.send(
                "POST", "/assets/get-bulk", body={"assetIds": part}, is_safe=True
            )
            found += parse_page(AssetList, answer.body, "assets").assets
        return found

    async def create_asset(self, asset: AssetCreate) -> Asset:
        """Upload a small picture, or create a canvas. Sent once."""
        answer = await self._connection.send(
            "POST", "/assets", body=asset.to_wire(), deadline_s=_UPLOAD_S
        )
        return parse(AssetAnswer, answer.body).asset

    async def update_asset(self, asset_id: str, update: AssetUpdate) -> Asset:
        """Change an asset, or save a canvas. Sent once.

        Raises:
            Conflict: the canvas is locked by another id, or the lock of this one has ended.
        """
        is_large = update.canvas is not None or update.thumbnail is not None
        answer = await self._connection.send(
            "PUT", f"/assets/{segment(asset_id)}", body=update.to_wire(),
            deadline_s=_UPLOAD_S if is_large else READ_S,
        )  # fmt: skip
        return parse(AssetAnswer, answer.body).asset

    async def delete_assets(self, asset_ids: Iterable[str]) -> None:
        """Move assets to the service's trash, 100 a call."""
        for part in _parts(asset_ids, _IDS_PER_DELETE):
            await self._connection.send("DELETE", "/assets", body={"assetIds": part})

    async def restore_assets(self, asset_ids: Iterable[str]) -> RestoreAnswer:
        """Take assets out of the trash, 100 a call; they come back without tags, collections."""
        restored: list[str] = []
        skipped: list[Any] = []
        for part in _parts(asset_ids, _IDS_PER_DELETE):
            answer = await self._connection.send("POST", "/assets/restore", body={"assetIds": part})
            result = parse(RestoreAnswer, answer.body)
            restored += result.restored_asset_ids
            skipped += result.skipped_assets
        return RestoreAnswer(restored_asset_ids=tuple(restored), skipped_assets=tuple(skipped))

    async def copy_asset(self, asset_id: str, *, target_project_id: str | None = None) -> Asset:
        """Make a second asset of one. Sent once."""
        body = {"targetProjectId": target_project_id} if target_project_id else {}
        answer = await self._connection.send("POST", f"/assets/{segment(asset_id)}/copy", body=body)
        return parse(AssetAnswer, answer.body).asset

    async def update_tags(
        self, asset_id: str, add: Sequence[str] = (), delete: Sequence[str] = ()
    ) -> TagsAnswer:
        """Add and remove tags; those already so are no error, so it may be repeated."""
        body = TagsUpdate(add=list(add), delete=list(delete), strict=False).to_wire()
        answer = await self._connection.send(
            "PUT", f"/assets/{segment(asset_id)}/tags", body=body, is_safe=True
        )
        return parse(TagsAnswer, answer.body)

    async def download_url(self, asset_id: str, target_format: str | None = None) -> DownloadAnswer:
        """Ask for a signed address of the file, converted if a format is given."""
        body = {"targetFormat": target_format} if target_format else {}
        answer = await self._connection.send(
            "POST", f"/assets/{segment(asset_id)}/download", body=body, is_safe=True,
            deadline_s=BILLED_S,
        )  # fmt: skip
        return parse(DownloadAnswer, answer.body)

    async def search_assets(self, request: SearchRequest) -> SearchPage:
        answer = await self._connection.send(
            "POST", "/search/assets", body=request.to_wire(), is_safe=True
        )
        return parse_page(SearchPage, answer.body, "hits")

    async def request_zip(self, request: ZipCreate) -> ZipAnswer:
        """Start an archive of up to 1,000 assets; poll ``get_zip``."""
        answer = await self._connection.send("POST", "/assets/download", body=request.to_wire())
        return parse(ZipAnswer, answer.body)

    async def get_zip(self, job_id: str) -> ZipAnswer:
        return await self._connection.read(ZipAnswer, f"/assets/download/{segment(job_id)}")

    # --- canvases -----------------------------------------------------------------------------

    async def create_canvas(self, canvas: AssetCreate) -> Asset:
        """Create a canvas of a text, with its thumbnail. Sent once.

        Raises:
            BadInput: there is no text, or a picture, for which the service would drop it.
        """
        if canvas.canvas is None or canvas.image is not None:
            raise BadInput("A canvas is made of its text alone.")
        return await self.create_asset(canvas)

    async def lock_asset(self, asset_id: str, until: datetime) -> LockAnswer:
        """Take the lock of a canvas. Sent once: after a failure it may be held all the same.

        Args:
            until: aware; by the server's clock. The answer's asset says what was granted.

        Raises:
            Conflict: somebody else holds it; its ``until`` may say how long.
        """
        body = LockRequest(lock_expires_at=wire_time(until)).to_wire()
        answer = await self._connection.send("PUT", f"/assets/{segment(asset_id)}/lock", body=body)
        locked = parse(LockAnswer, answer.body)
        if locked.lock_id is not None:
            register_secret(locked.lock_id)
        return locked

    async def unlock_asset(
        self, asset_id: str, *, lock_id: str | None = None, is_forced: bool = False
    ) -> Asset:
        """End the lock of a canvas. Sent once.

        Args:
            is_forced: end it whoever holds it, without its id; ask the user first.

        Raises:
            BadInput: neither an id nor force.
            Conflict: the lock is another one.
        """
        if lock_id is None and not is_forced:
            raise BadInput("The lock cannot be ended without its id.")
        request = UnlockRequest(force_unlock=True) if is_forced else UnlockRequest(lock_id=lock_id)
        answer = await self._connection.send(
            "PUT", f"/assets/{segment(asset_id)}/unlock", body=request.to_wire()
        )
        return parse(AssetAnswer, answer.body).asset

    async def list_snapshots(
        self, asset_id: str, *, page_size: int = 10, token: str | None = None
    ) -> SnapshotPage:
        """Read a page of a canvas's history, 10 to 100 states; it may be shorter than asked for."""
        query = {"pageSize": page_size, "paginationToken": token}
        path = f"/assets/{segment(asset_id)}/snapshots"
        return await self._connection.page(SnapshotPage, "snapshots", path, query)

    async def canvas_text(self, asset_id: str) -> str:
        """Read the text of a canvas as it is stored, by the address in its fresh record.

        Raises:
            BadAnswer: it is not text, or too large.
        """
        try:
            body = await self._text_file(asset_id)
        except (Forbidden, NotFound):  # of the file: it was saved anew since the record was read
            body = await self._text_file(asset_id)
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise BadAnswer("The canvas is not text.") from error

    async def _text_file(self, asset_id: str) -> bytes:
        url = (await self.get_asset(asset_id)).url
        return await self._connection.file(url, deadline_s=_UPLOAD_S)

    # --- tags and collections -----------------------------------------------------------------

    async def list_tags(self, *, page_size: int = 100, token: str | None = None) -> TagPage:
        query = {"pageSize": page_size, "paginationToken": token}
        return await self._connection.page(TagPage, "tags", "/tags", query)

    async def list_collections(
        self, *, page_size: int = 100, token: str | None = None
    ) -> CollectionPage:
        query = {"pageSize": page_size, "paginationToken": token}
        return await self._connection.page(CollectionPage, "collections", "/collections", query)

    async def get_collection(self, collection_id: str) -> Collection:
        path = f"/collections/{segment(collection_id)}"
        return (await self._connection.read(CollectionAnswer, path)).collection

    async def create_collection(self, name: str) -> Collection:
        """Create a collection. Sent once."""
        answer = await self._connection.send("POST", "/collections", body={"name": name})
        return parse(CollectionAnswer, answer.body).collection

    async def rename_collection(self, collection_id: str, name: str) -> Collection:
        path = f"/collections/{segment(collection_id)}"
        answer = await self._connection.send("PUT", path, body={"name": name})
        return parse(CollectionAnswer, answer.body).collection

    async def delete_collection(self, collection_id: str) -> None:
        await self._connection.send("DELETE", f"/collections/{segment(collection_id)}")

    async def add_to_collection(
        self, collection_id: str, asset_ids: Iterable[str]
    ) -> Collection | None:
        """Add assets, 49 a call; one already inside makes its whole call an error.

        Returns:
            the collection after the last call; None if there was nothing to add.
        """
        return await self._change_collection("PUT", collection_id, asset_ids)

    async def remove_from_collection(
        self, collection_id: str, asset_ids: Iterable[str]
    ) -> Collection | None:
        """Remove assets, 49 a call; returns as ``add_to_collection``."""
        return await self._change_collection("DELETE", collection_id, asset_ids)

    async def _change_collection(
        self, method: str, collection_id: str, asset_ids: Iterable[str]
    ) -> Collection | None:
        collection = None
        path = f"/collections/{segment(collection_id)}/assets"
        for part in _parts(asset_ids, _IDS_PER_COLLECTION):
            answer = await self._connection.send(method, path, body={"assetIds": part})
            collection = parse(CollectionAnswer, answer.body).collection
        return collection

    # --- uploads ------------------------------------------------------------------------------

    async def create_upload(self, upload: UploadCreate) -> Upload:
        """Begin an upload in parts. Sent once."""
        answer = await self._connection.send("POST", "/uploads", body=upload.to_wire())
        return parse(UploadAnswer, answer.body).upload

    async def put_part(self, url: str, data: bytes, content_type: str) -> None:
        """Send one part to its signed address, without our keys; may be repeated."""
        call = Call(
            "PUT", file_address(url, self.base_url), content=data,
            headers={"Content-Type": content_type}, is_safe=True, deadline_s=_UPLOAD_S,
        )  # fmt: skip
        await self._connection.transport.send(call)

    async def complete_upload(self, upload_id: str) -> Upload:
        path = f"/uploads/{segment(upload_id)}/action"
        answer = await self._connection.send("POST", path, body={"action": "complete"})
        return parse(UploadAnswer, answer.body).upload

    async def get_upload(self, upload_id: str) -> Upload:
        return (await self._connection.read(UploadAnswer, f"/uploads/{segment(upload_id)}")).upload

    # --- jobs ---------------------------------------------------------------------------------

    async def quote_detect(self, request: DetectRequest) -> RunAnswer:
        """Ask for the price of a detect job; nothing runs.

        Raises:
            BadAnswer: the answer is no price, or names a job: the server may have run it.
        """
        answer = await self._connection.send(
            "POST", "/generate/detect", {"dryRun": "true"}, body=request.to_wire(), is_safe=False
        )
        return _price(answer)

    async def detect(self, request: DetectRequest) -> Job:
        """Start a detect job. Billed, sent once: after TimedOut, Offline, ServerFailed or BadAnswer
        it may be running all the same."""
        answer = await self._connection.send(
            "POST", "/generate/detect", body=request.to_wire(), deadline_s=BILLED_S
        )
        job = parse(RunAnswer, answer.body).job
        if job is None or not job.job_id:
            raise BadAnswer("The server took the request but named no job.")
        return job

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        types: Sequence[str] = (),
        status: str | None = None,
        created_after: datetime | str | None = None,
        updated_after: datetime | str | None = None,
    ) -> JobPage:
        """Read one page of jobs; it may be short or empty while there is a next one.

        ``created_after`` goes only without types and status, ``updated_after`` only with them.
        """
        query = {
            "pageSize": page_size, "paginationToken": token, "types": list(types) or None,
            "status": status, "createdAfter": created_after, "updatedAfter": updated_after,
        }  # fmt: skip
        return await self._connection.page(JobPage, "jobs", "/jobs", query)

    async def get_job(self, job_id: str) -> Job:
        return (await self._connection.read(JobAnswer, f"/jobs/{segment(job_id)}")).job

    async def cancel_job(self, job_id: str) -> Job:
        """Ask for an end. The answer proves nothing: the job may still run, or have ended."""
        path = f"/jobs/{segment(job_id)}/action"
        answer = await self._connection.send("POST", path, body={"action": "cancel"})
        return parse(JobAnswer, answer.body).job

    # --- accounts -----------------------------------------------------------------------------

    async def list_projects(
        self, *, team_id: str | None = None, page_size: int = 100, token: str | None = None
    ) -> ProjectPage:
        query = {"teamId": team_id, "pageSize": page_size, "paginationToken": token}
        return await self._connection.page(
            ProjectPage, "projects", "/projects", query, is_scoped=False
        )

    async def get_project(self, project_id: str) -> Project:
        path = f"/projects/{segment(project_id)}"
        return (await self._connection.read(ProjectAnswer, path, is_scoped=False)).project

    async def list_teams(self) -> list[Team]:
        answer = await self._connection.send("GET", "/teams", is_safe=True, is_scoped=False)
        return list(parse_page(TeamList, answer.body, "teams").teams)

    async def team_limits(self, team_id: str) -> LimitsAnswer:
        """Read the ceilings of a plan, and how much of them is used."""
        return await self._connection.read(
            LimitsAnswer, f"/teams/{segment(team_id)}/limits", is_scoped=False
        )

    # --- usage --------------------------------------------------------------------------------

    async def usages(self, question: UsageQuestion) -> UsageReport:
        """Read the usage of a range, every block but the activity, in as many calls as it takes.

        The question names its projects itself: the project of this client narrows nothing here.

        Raises:
            Forbidden: usage is not for these keys; those of a team's administrator are needed.
        """
        from scenario_desktop.api.usages import read_usages

        return await read_usages(self._usage, question, self._server_now())

    async def usage_activity(self, question: UsageQuestion, offset: int = 0) -> ActivityPage:
        """Read one page of up to a hundred actions, newest first, from a place on."""
        from scenario_desktop.api.usages import read_activity

        return await read_activity(self._usage, question, offset)

    def usage_activities(self, question: UsageQuestion) -> AsyncIterator[ActivityPage]:
        """Yield all actions of a range of any length page by page, newest first."""
        from scenario_desktop.api.usages import activity_pages

        return activity_pages(self._usage, question, self._server_now())

    async def _usage(self, query: dict[str, object]) -> bytes:
        answer = await self._connection.send("GET", "/usages", query, is_safe=True, is_scoped=False)
        return answer.body

    def _server_now(self) -> datetime:
        offset = timedelta(seconds=self.server_time_offset_s or 0.0)
        return datetime.fromtimestamp(self._connection.transport.wall_s(), UTC) + offset


def _price(answer: Answer) -> RunAnswer:
    result = parse(RunAnswer, answer.body)
    if result.job is not None and result.job.job_id:
        raise BadAnswer(
            "The server named a job when only the price was asked: it may have run it.",
            hint="Look at the jobs of this workspace before you try again.",
            details=f"HTTP {answer.status}",
        )
    if answer.status != _PRICE_STATUS:
        raise BadAnswer("The server did not answer with a price.", details=f"HTTP {answer.status}")
    return result


def _parts(values: Iterable[T], size: int) -> Iterable[list[T]]:
    wanted = list(values)
    return (wanted[start : start + size] for start in range(0, len(wanted), size))

"""The Scenario service in memory, as far as the library's services use it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scenario_desktop.api.files import Progress
from scenario_desktop.api.models.assets import (
    Asset,
    AssetCreate,
    AssetPage,
    AssetProperties,
    AssetRef,
    AssetUpdate,
    Collection,
    CollectionPage,
    DownloadAnswer,
    RestoreAnswer,
    SkippedAsset,
    TagsAnswer,
    Upload,
    UploadCreate,
    UploadPart,
)
from scenario_desktop.errors import Forbidden, NotFound, Refused
from scenario_desktop.items import Picture

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def make_asset(number: int, **changes: Any) -> Asset:
    """Return an asset that changed ``number`` minutes after the start."""
    at = changes.pop("at", START + timedelta(minutes=number))
    name = changes.pop("name", f"Picture {number}")
    values: dict[str, Any] = {
        "id": f"asset_{number:06}",
        "kind": "image",
        "source": "uploaded",
        "status": "success",
        "mime_type": "image/png",
        "created_at": at,
        "updated_at": at,
        "url": f"https://files.test/assets/{number}.png?Signature=secret",
        "thumbnail": AssetRef(asset_id="", url=f"https://files.test/thumbnails/{number}.jpg"),
        "properties": AssetProperties(size=1000, width=64, height=48),
        "metadata": {"type": "uploaded", "name": name},
    }
    return Asset(**{**values, **changes})


@dataclass
class FakeScenario:
    """A service with a clock of its own; fits where a ScenarioClient is asked for.

    Attributes:
        errors: method name -> errors its next calls raise, one each.
        after_errors: as ``errors``, raised once the work has been done (the answer is lost).
        calls: method name and main argument of every call.
        files: bytes by asset id, as they were sent.
        page_hook: changes a page before it goes out.
    """

    assets: dict[str, Asset] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    after_errors: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    page_hook: Callable[[AssetPage, str | None], AssetPage] | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    upload_polls: int = 1
    server_time_offset_s: float | None = 0.0

    def fill(self, count: int) -> None:
        for number in range(count):
            asset = make_asset(number)
            self.assets[asset.id] = asset

    def count(self, method: str) -> int:
        return sum(1 for name, _ in self.calls if name == method)

    def put(self, asset: Asset) -> Asset:
        self.now += timedelta(seconds=10)
        asset = asset.model_copy(update={"updated_at": self.now})
        self.assets[asset.id] = asset
        return asset

    def _called(self, method: str, argument: Any = None) -> None:
        self.calls.append((method, argument))
        waiting = self.errors.get(method)
        if waiting:
            raise waiting.pop(0)

    def _answered(self, method: str) -> None:
        waiting = self.after_errors.get(method)
        if waiting:
            raise waiting.pop(0)

    def _get(self, asset_id: str) -> Asset:
        try:
            return self.assets[asset_id]
        except KeyError:
            raise NotFound("No such asset.") from None

    async def aclose(self) -> None:
        self._called("aclose")

    # assets

    async def list_assets(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        sort_by: str = "updatedAt",
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        created_after: datetime | None = None,
        is_deleted: bool = False,
        **_: Any,
    ) -> AssetPage:
        self._called("list_assets", {"token": token, "is_deleted": is_deleted})
        rows = [a for a in self.assets.values() if (a.deleted_at is not None) is is_deleted]

        def when(asset: Asset) -> datetime:
            if is_deleted:
                return asset.deleted_at or START
            return (asset.created_at if sort_by == "createdAt" else asset.updated_at) or START

        rows.sort(key=lambda a: (when(a), a.id), reverse=True)
        if updated_after is not None:
            rows = [a for a in rows if when(a) > updated_after]
        if updated_before is not None:
            rows = [a for a in rows if when(a) < updated_before]
        if created_after is not None:
            rows = [a for a in rows if when(a) > created_after]
        if token is not None:
            at, asset_id = token.split("|")
            rows = [a for a in rows if (when(a).isoformat(), a.id) < (at, asset_id)]
        page, rest = rows[:page_size], rows[page_size:]
        following = f"{when(page[-1]).isoformat()}|{page[-1].id}" if rest else None
        answer = AssetPage(assets=tuple(page), next_pagination_token=following)
        return self.page_hook(answer, token) if self.page_hook else answer

    async def get_asset(self, asset_id: str, **_: Any) -> Asset:
        self._called("get_asset", asset_id)
        return self._get(asset_id)

    async def get_assets(self, asset_ids: Sequence[str], **_: Any) -> list[Asset]:
        self._called("get_assets", list(asset_ids))
        return [self.assets[i] for i in asset_ids if i in self.assets]

    async def create_asset(self, create: AssetCreate) -> Asset:
        self._called("create_asset", create.name)
        data = base64.b64decode(create.image or "")
        asset = self._add(create.name, data, tuple(create.collection_ids or ()))
        self._answered("create_asset")
        return asset

    def _add(self, name: str, data: bytes, collection_ids: tuple[str, ...] = ()) -> Asset:
        import io

        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
        number = len(self.assets)
        self.now += timedelta(seconds=1)
        asset = make_asset(
            number,
            at=self.now,
            name=name,
            id=f"asset_{hashlib.sha256(data + bytes([number % 256])).hexdigest()[:12]}",
            properties=AssetProperties(size=len(data), width=width, height=height),
            collection_ids=collection_ids,
        )
        self.assets[asset.id] = asset
        self.files[asset.id] = data
        return asset

    async def update_asset(self, asset_id: str, update: AssetUpdate) -> Asset:
        self._called("update_asset", (asset_id, update))
        asset = self._get(asset_id)
        changes: dict[str, Any] = {}
        if update.name is not None:
            changes["metadata"] = {**asset.metadata, "name": update.name}
        if update.description is not None:
            changes["description"] = update.description
        return self.put(asset.model_copy(update=changes))

    async def update_tags(
        self, asset_id: str, add: Sequence[str], delete: Sequence[str]
    ) -> TagsAnswer:
        self._called("update_tags", (asset_id, tuple(add), tuple(delete)))
        asset = self._get(asset_id)
        kept = [t for t in asset.tags if t not in delete]
        self.put(asset.model_copy(update={"tags": (*kept, *(t for t in add if t not in kept))}))
        return TagsAnswer(added=tuple(add), deleted=tuple(delete))

    async def delete_assets(self, asset_ids: Sequence[str]) -> None:
        self._called("delete_assets", list(asset_ids))
        for asset_id in asset_ids:
            asset = self._get(asset_id)
            self.put(
                asset.model_copy(update={"deleted_at": self.now, "tags": (), "collection_ids": ()})
            )

    async def restore_assets(self, asset_ids: Sequence[str]) -> RestoreAnswer:
        self._called("restore_assets", list(asset_ids))
        skipped = []
        for asset_id in asset_ids:
            asset = self.assets.get(asset_id)
            if asset is None:
                skipped.append(SkippedAsset(asset_id=asset_id, reason="expired"))
            else:
                self.put(asset.model_copy(update={"deleted_at": None}))
        return RestoreAnswer(skipped_assets=tuple(skipped))

    async def download_url(self, asset_id: str, target_format: str | None = None) -> DownloadAnswer:
        self._called("download_url", (asset_id, target_format))
        return DownloadAnswer(url=f"https://files.test/converted/{asset_id}.{target_format}")

    # collections

    async def list_collections(self, **_: Any) -> CollectionPage:
        self._called("list_collections")
        return CollectionPage(collections=tuple(self.collections.values()))

    async def create_collection(self, name: str) -> Collection:
        self._called("create_collection", name)
        collection = Collection(id=f"col_{len(self.collections)}", name=name)
        self.collections[collection.id] = collection
        return collection

    async def rename_collection(self, collection_id: str, name: str) -> Collection:
        self._called("rename_collection", (collection_id, name))
        collection = Collection(id=collection_id, name=name)
        self.collections[collection_id] = collection
        return collection

    async def delete_collection(self, collection_id: str) -> None:
        self._called("delete_collection", collection_id)
        del self.collections[collection_id]

    async def add_to_collection(self, collection_id: str, asset_ids: Sequence[str]) -> None:
        self._called("add_to_collection", (collection_id, list(asset_ids)))
        if any(collection_id in self._get(i).collection_ids for i in asset_ids):
            raise Refused("Already inside.")
        for asset_id in asset_ids:
            asset = self._get(asset_id)
            self.put(
                asset.model_copy(update={"collection_ids": (*asset.collection_ids, collection_id)})
            )
        self._answered("add_to_collection")

    async def remove_from_collection(self, collection_id: str, asset_ids: Sequence[str]) -> None:
        self._called("remove_from_collection", (collection_id, list(asset_ids)))
        for asset_id in asset_ids:
            asset = self._get(asset_id)
            rest = tuple(c for c in asset.collection_ids if c != collection_id)
            self.put(asset.model_copy(update={"collection_ids": rest}))

    # uploads

    async def create_upload(self, create: UploadCreate) -> Upload:
        self._called("create_upload", create.file_name)
        upload_id = f"upload_{len(self.uploads)}"
        self.uploads[upload_id] = {
            "create": create, "parts": {}, "entity": None, "status": "pending", "polls": 0,
        }  # fmt: skip
        return self._upload(upload_id)

    def _upload(self, upload_id: str) -> Upload:
        record = self.uploads[upload_id]
        count = record["create"].parts
        return Upload(
            id=upload_id,
            status=record["status"],
            entity_id=record["entity"],
            parts=tuple(
                UploadPart(
                    number=n,
                    url=f"https://files.test/{upload_id}/{n}",
                    expires=self.now + timedelta(hours=1),
                )
                for n in range(1, count + 1)
            ),
        )

    async def put_part(self, url: str, data: bytes, content_type: str) -> None:
        self._called("put_part", url)
        upload_id, number = url.split("/")[-2:]
        self.uploads[upload_id]["parts"][int(number)] = data

    async def complete_upload(self, upload_id: str) -> Upload:
        self._called("complete_upload", upload_id)
        self.uploads[upload_id]["status"] = "validating"
        self._answered("complete_upload")
        return self._upload(upload_id)

    async def get_upload(self, upload_id: str) -> Upload:
        self._called("get_upload", upload_id)
        record = self.uploads[upload_id]
        record["polls"] += 1
        if record["status"] == "validating" and record["polls"] >= self.upload_polls:
            data = b"".join(record["parts"][n] for n in sorted(record["parts"]))
            record["entity"] = self._add(record["create"].file_name, data).id
            record["status"] = "imported"
        return self._upload(upload_id)


@dataclass
class FakeFiles:
    """A file server; fits where a FileFetcher is asked for.

    Attributes:
        bodies: bytes by address without its query.
        cut_at: address -> bytes after which its next transfer breaks with the given error.
        ranges: (address, offset) of every download.
        gate: called before every fetch; may wait.
    """

    bodies: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    cut_at: dict[str, list[tuple[int, Exception]]] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    ranges: list[tuple[str, int]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    gate: Callable[[str], Any] | None = None

    def _body(self, url: str) -> tuple[str, bytes]:
        address = url.partition("?")[0]
        waiting = self.errors.get(address)
        if waiting:
            raise waiting.pop(0)
        if address not in self.bodies:
            raise Forbidden("Expired.")
        return address, self.bodies[address]

    async def fetch(self, url: str, max_bytes: int) -> bytes:
        self.fetched.append(url)
        if self.gate is not None:
            await self.gate(url)
        return self._body(url)[1]

    async def download(
        self, url: str, target: Path, *, offset: int = 0, etag: str | None = None
    ) -> AsyncIterator[Progress]:
        address, body = self._body(url)
        self.ranges.append((address, offset))
        tag = self.etags.get(address, '"1"')
        if etag != tag:
            offset = 0
        end, error = len(body), None
        if self.cut_at.get(address):
            end, error = self.cut_at[address].pop(0)
        with target.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.truncate()
            yield Progress(offset, len(body), tag)
            file.write(body[offset:end])
        yield Progress(end, len(body), tag)
        if error is not None:
            raise error

    async def aclose(self) -> None:
        """Nothing to close."""


class InlinePool:
    """Runs the tasks of a WorkerPool in this process."""

    processes = 2

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.gate: Callable[[], Any] | None = None

    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls.append(function.__name__)
        if self.gate is not None:
            await self.gate()
        return function(*args, **kwargs)

    async def run_into(
        self,
        take: Callable[[Picture], Any],
        function: Callable[..., Picture],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        return take(await self.run(function, *args, **kwargs))

    async def aclose(self) -> None:
        """Nothing to close."""

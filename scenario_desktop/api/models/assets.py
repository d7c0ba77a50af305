"""Assets and what is done with them. Source: API pages "assets" and "get-bulk"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from scenario_desktop.api.models.base import OptionalTimestamp, Page, Received, Sent, Timestamp
from scenario_desktop.api.moments import read_moment


class AssetRef(Received):
    """A pointer to another asset with an address of its file."""

    asset_id: str = ""
    url: str = ""


class AssetProperties(Received):
    """Measured facts of the file. Sizes in bytes, lengths in pixels and seconds."""

    size: float | None = None
    width: float | None = None
    height: float | None = None
    duration: float | None = None
    format: str | None = None


class Asset(Received):
    """An asset as listed or retrieved. ``url`` is signed and expires: never keep it.

    ``metadata`` stays a plain dict: 111 documented fields, and more to come.
    """

    id: str
    kind: str = ""
    source: str = ""
    status: str = ""
    mime_type: str = ""
    privacy: str = ""
    author_id: str = ""
    owner_id: str = ""
    url: str = ""
    description: str = ""
    created_at: OptionalTimestamp = None
    updated_at: OptionalTimestamp = None
    deleted_at: OptionalTimestamp = None
    is_hidden: bool = False
    collection_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    edit_capabilities: tuple[str, ...] = ()
    nsfw: tuple[str, ...] = ()
    thumbnail: AssetRef | None = None
    preview: AssetRef | None = None
    properties: AssetProperties = AssetProperties()
    metadata: dict[str, Any] = Field(default_factory=dict)

    @property
    def type(self) -> str:
        """How it came to be: uploaded, txt2img, detection, canvas, …."""
        return str(self.metadata.get("type") or self.source)

    @property
    def name(self) -> str:
        return str(self.metadata.get("name") or self.metadata.get("fileName") or "")

    @property
    def parent_id(self) -> str | None:
        value = self.metadata.get("parentId")
        return value if isinstance(value, str) and value else None

    @property
    def lock_expires_at(self) -> datetime | None:
        """When the lock of a canvas ends, by the server's clock; it may be over. None: no lock."""
        return read_moment(self.metadata.get("lockExpiresAt"))


class AssetPage(Page):
    assets: tuple[Asset, ...] = ()


class AssetAnswer(Received):
    asset: Asset


class AssetList(Page):
    assets: tuple[Asset, ...] = ()


class AssetHit(Received):
    """A search hit: less than an asset. Read the whole record by its id before keeping it."""

    id: str
    mime_type: str = ""
    description: str = ""
    created_at: OptionalTimestamp = None
    updated_at: OptionalTimestamp = None
    collection_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    thumbnail: AssetRef | None = None
    score: float | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class SearchPage(Page):
    """Hits by offset or by page number; totals by offset are estimates."""

    hits: tuple[AssetHit, ...] = ()
    estimated_total_hits: int | None = None
    offset: int | None = None
    limit: int | None = None
    page: int | None = None
    hits_per_page: int | None = None
    total_hits: int | None = None
    total_pages: int | None = None


class SearchRequest(Sent):
    """Body of POST /search/assets: a query or a filter at least; offset or page, never both."""

    query: str | None = None
    filter: str | None = None
    sort_by: list[str] | None = None
    offset: int | None = Field(None, ge=0)
    limit: int | None = Field(None, ge=1, le=100)
    page: int | None = Field(None, ge=1)
    hits_per_page: int | None = Field(None, ge=1, le=100)
    query_semantic_ratio: float | None = Field(None, ge=0, le=1)
    image: str | None = None
    public: bool | None = None


class ZipOptions(Sent):
    """How the files of an archive are named; tokens <seed> <num> <prompt> <id> …."""

    file_name_template: str
    archive_name: str | None = None
    flat: bool | None = None
    prefer_original: bool | None = None


class ZipQuery(Sent):
    """What goes into an archive. All three lists are required, empty ones too."""

    asset_ids: list[str] = Field(default_factory=list)
    inference_ids: list[str] = Field(default_factory=list)
    model_ids: list[str] = Field(default_factory=list)


class ZipCreate(Sent):
    """Body of POST /assets/download: at most 1,000 assets."""

    query: ZipQuery
    options: ZipOptions


class ZipAnswer(Received):
    """``download_url`` appears when the archive is ready; it is signed."""

    job_id: str
    job_status: str = ""
    download_url: str | None = None


class AssetCreate(Sent):
    """Body of POST /assets: a base64 image, or a canvas with its thumbnail."""

    name: str
    image: str | None = None
    canvas: str | None = None
    thumbnail: str | None = None
    collection_ids: list[str] | None = None
    parent_id: str | None = None
    hide: bool | None = None


class AssetUpdate(Sent):
    """Body of PUT /assets/{id}."""

    name: str | None = None
    description: str | None = None
    canvas: str | None = None
    thumbnail: str | None = None
    lock_id: str | None = None
    lock_expires_at: str | None = None
    disable_snapshot: bool | None = None


class TagsUpdate(Sent):
    """Body of PUT /assets/{id}/tags. ``strict`` is always sent: its default is not documented."""

    add: list[str] = Field(default_factory=list)
    delete: list[str] = Field(default_factory=list)
    strict: bool = False


class TagsAnswer(Received):
    added: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


class SkippedAsset(Received):
    asset_id: str
    reason: str = ""


class RestoreAnswer(Received):
    restored_asset_ids: tuple[str, ...] = ()
    skipped_assets: tuple[SkippedAsset, ...] = ()


class DownloadAnswer(Received):
    """Answer of POST /assets/{id}/download: a signed address."""

    url: str
    mime_type: str | None = None


class Tag(Received):
    tag_name: str
    item_count: float = 0
    created_at: OptionalTimestamp = None
    updated_at: OptionalTimestamp = None


class TagPage(Page):
    tags: tuple[Tag, ...] = ()


class Collection(Received):
    id: str
    name: str = ""
    asset_count: float = 0
    model_count: float = 0
    item_count: float = 0
    thumbnail: AssetRef | None = None
    created_at: OptionalTimestamp = None
    updated_at: OptionalTimestamp = None


class CollectionPage(Page):
    collections: tuple[Collection, ...] = ()


class CollectionAnswer(Received):
    collection: Collection


class UploadPart(Received):
    number: int
    url: str
    expires: Timestamp


class Upload(Received):
    """A multipart upload. Wait for ``entity_id`` or status failed; "complete" proves nothing."""

    id: str
    status: str = ""
    entity_id: str | None = None
    error_message: str | None = None
    parts: tuple[UploadPart, ...] = ()


class UploadAnswer(Received):
    upload: Upload


class AssetOptions(Sent):
    collection_ids: list[str] | None = None
    parent_id: str | None = None
    hide: bool | None = None


class UploadCreate(Sent):
    """Body of POST /uploads for a multipart upload; ``file_size`` in bytes, ``parts`` a count."""

    kind: str
    file_name: str
    content_type: str
    file_size: int
    parts: int
    asset_options: AssetOptions | None = None

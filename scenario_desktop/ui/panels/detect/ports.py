"""What the detect panel needs of others, and nothing more than that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.request.ports import Drafts, Guard, SmallPictures

if TYPE_CHECKING:  # they bring httpx and the decoders, which the first paint must not wait for
    from scenario_desktop.services.detect import MapPreview, Quote
    from scenario_desktop.services.imports import ImportProgress


class DetectService(Protocol):
    """Prices, starts and previews control maps."""

    async def quote(self, requests: Sequence[DetectRequest]) -> Quote: ...
    async def submit(
        self, quote: Quote, inputs: Sequence[Item], *, is_confirmed: bool
    ) -> list[str]: ...
    async def preview(self, item: Item, request: DetectRequest, max_px: int) -> MapPreview: ...


class LargePictures(Protocol):
    """Gives an item's picture at a useful size."""

    async def large(self, item: Item, max_px: int) -> Picture: ...


class FileImports(Protocol):
    """Adds files to the library."""

    def run(
        self, paths: Sequence[Path], collection_id: str | None = None
    ) -> AsyncIterator[ImportProgress]: ...


class Items(Protocol):
    """Finds items of the library."""

    async def item(self, asset_id: str) -> Item | None: ...


@dataclass(frozen=True, slots=True)
class DetectPorts:
    """All of one workspace that the panel talks to.

    Attributes:
        is_local: the local engine answers: what needs a learned model will fail there.
        previewable: the control maps that can be computed here.
    """

    detect: DetectService
    large: LargePictures
    small: SmallPictures
    imports: FileImports
    items: Items
    guard: Guard
    messages: Reports
    drafts: Drafts
    previewable: frozenset[Modality]
    is_local: bool

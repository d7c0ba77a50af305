"""The second service's items in the one library: bringing in, and reading anew.

Addresses of files are told with every answer. They are credentials, so they are kept in memory
only, and only as long as they are surely good; what needs one later asks for it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urljoin

from scenario_desktop.api.models.assets import Asset, AssetRef
from scenario_desktop.api.models.sartiq.answers import (
    GenerationPublic,
    PredictionPublic,
    RefinePublic,
)
from scenario_desktop.errors import BadAnswer, Forbidden, NotFound
from scenario_desktop.items import Item
from scenario_desktop.services.library import ChangeKind, Library
from scenario_desktop.services.sartiq.records import (
    asset_of_prediction,
    asset_of_refine,
    digest_of,
    record_of,
)
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.catalogue_generations import GenerationRecord, GenerationsResult

log = logging.getLogger(__name__)

#: Seconds for which an address just told is used without asking again.
ADDRESS_S: Final = 240.0
#: Addresses kept in memory.
MOST_ADDRESSES: Final = 5_000
#: Generations asked for at once.
IDS_PER_READ: Final = 50
#: Generations that are translated at once without leaving the loop; a full page takes 20 ms.
SMALL: Final = 10


class LibraryClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def base_url(self) -> str: ...
    async def get_generation(self, generation_id: str) -> GenerationPublic: ...
    async def get_generations(
        self, generation_ids: Iterable[str]
    ) -> Sequence[GenerationPublic]: ...
    async def get_prediction(self, prediction_id: str) -> PredictionPublic: ...
    async def get_refine(self, refine_id: str) -> RefinePublic: ...


@dataclass(frozen=True, slots=True)
class Brought:
    """What reading generations has shown.

    Attributes:
        gone: those that the server does not have, or does not show, any more.
    """

    generations: tuple[GenerationPublic, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Where the files of an item are: the picture or video, and a picture to stand for a video."""

    file: str
    still: str
    told_at: float


class SartiqLibrary:
    """Puts generations into the library and reads single items of them anew."""

    def __init__(
        self,
        client: LibraryClient,
        catalogue: Catalogue,
        library: Library,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._library = library
        self._now = now
        self._clock = clock
        self._addresses: OrderedDict[str, _Addresses] = OrderedDict()

    # bringing in

    async def absorb(self, generations: Sequence[GenerationPublic]) -> None:
        """Take generations with their predictions and refines in, each as a whole."""
        await self.put(await self.news(generations))

    async def put(
        self,
        records: Sequence[GenerationRecord],
        *,
        asked_at: float | None = None,
        notes: Mapping[str, str] | None = None,
        is_quiet: bool = False,
    ) -> GenerationsResult:
        """Put records into the catalogue, below our own waiting edits.

        Args:
            asked_at, notes, is_quiet: as for ``Library.merge``.
        """
        if not records:
            return GenerationsResult()
        outbox = self._library.outbox
        kept = [
            GenerationRecord(
                r.id, r.created_at, r.is_open, r.digest, r.data,
                tuple(outbox.overlay(r.assets, asked_at=asked_at)),
            )
            for r in records
        ]  # fmt: skip
        result = await self._catalogue.put_generations(kept, notes=notes)
        if not is_quiet:
            self.tell(result)
        return result

    async def news(self, generations: Sequence[GenerationPublic]) -> list[GenerationRecord]:
        """Return those that differ from what is here, as the catalogue keeps them.

        Of all of them it is remembered where their files are.
        """
        for generation in generations:
            for prediction in generation.predictions:
                self._note_prediction(prediction)
                for refine in prediction.refines:
                    self._note(refine.id, refine_address(refine))
        # A list may name one twice while it grows: the later one counts.
        latest = list({g.id: g for g in generations}.values())
        known = await self._catalogue.generation_digests([g.id for g in latest])
        now = self._now()
        if len(latest) <= SMALL:
            return _news(latest, known, now)
        return await asyncio.to_thread(_news, latest, known, now)

    def tell(self, result: GenerationsResult) -> None:
        """Announce what has changed."""
        self._library.tell(ChangeKind.ITEMS_REMOVED, result.removed)
        self._library.tell(ChangeKind.ITEMS_ADDED, result.inserted)
        self._library.tell(ChangeKind.ITEMS_CHANGED, result.updated)

    async def bring(self, generation_ids: Iterable[str]) -> list[Item]:
        """Read generations into the library, such as those that a job has made.

        Returns:
            All their items. What the server does not have any more goes here, too.

        Raises:
            AppError: they could not be read.
        """
        ids = list(dict.fromkeys(generation_ids))
        brought = await self.read_generations(ids)
        await self.absorb(brought.generations)
        await self.drop(brought.gone)
        return await self._catalogue.group_items(ids)

    async def read_generations(self, ids: Sequence[str]) -> Brought:
        """Read generations by their ids; those of colleagues one by one.

        Raises:
            AppError: not all could be read.
        """
        found: dict[str, GenerationPublic] = {}
        for start in range(0, len(ids), IDS_PER_READ):
            part = ids[start : start + IDS_PER_READ]
            found.update((g.id, g) for g in await self._client.get_generations(part))
        gone: list[str] = []
        for missing in [i for i in ids if i not in found]:
            # The list by ids leaves out what others of the organisation have made.
            try:
                found[missing] = await self._client.get_generation(missing)
            except (NotFound, Forbidden):
                gone.append(missing)
            except BadAnswer as error:  # it is there: what is known of it stays
                log.warning("a generation could not be read: %s", error.message)
        return Brought(tuple(found.values()), tuple(gone))

    async def drop(self, generation_ids: Iterable[str]) -> None:
        """Take generations out that the server does not have any more."""
        ids = list(generation_ids)
        if ids:
            removed = await self._catalogue.drop_generations(ids)
            self._library.tell(ChangeKind.ITEMS_REMOVED, removed)

    async def generations_of(self, prediction_ids: Iterable[str]) -> dict[str, str]:
        """Return prediction → generation, for those that are known here."""
        keys = await self._catalogue.keys_by_ids(list(prediction_ids))
        items = await self._catalogue.items(keys.values())
        return {item.id: item.group_id for item in items.values() if item.group_id}

    async def generation(self, generation_id: str) -> GenerationPublic | None:
        """Return what is known here of a generation, without predictions and addresses."""
        kept = await self._catalogue.generation(generation_id)
        return None if kept is None else GenerationPublic.model_validate(kept)

    # single items

    async def read(self, item: Item) -> Asset:
        """Read an item from the server now; ``url`` and, for a video, ``thumbnail`` are good.

        Raises:
            AppError: it could not be read.
        """
        generation = await self.generation(item.group_id) if item.group_id else None
        if item.is_refine:
            refine = await self._client.get_refine(item.id)
            self._note(item.id, refine_address(refine))
            asset = asset_of_refine(refine, None, generation)
            metadata = {"generationId": item.group_id, "parentId": item.parent_id}
            metadata = {name: value for name, value in metadata.items() if value}
            asset = asset.model_copy(update={"metadata": {**metadata, **asset.metadata}})
        else:
            prediction = await self._client.get_prediction(item.id)
            self._note_prediction(prediction)
            asset = asset_of_prediction(prediction, generation)
        return self._addressed(asset)

    async def read_soon(self, item: Item) -> Asset:
        """As ``read``, but an address told a moment ago will do.

        Raises:
            AppError: it could not be read.
        """
        known = self._addresses.get(item.id)
        if known is None or self._clock() - known.told_at > ADDRESS_S:
            return await self.read(item)
        asset = await self._catalogue.asset(item.key)
        return self._addressed(asset)

    async def fresh_url(self, item: Item) -> str:
        """Return an address of an item's file that works now. It may expire: never keep it.

        Raises:
            AppError: the server gave none.
        """
        asset = await self.read(item)
        if not asset.url:
            raise BadAnswer(
                f"Sartiq gave no address for “{item.name}”.",
                hint="It may still be in work. Try again in a moment.",
            )
        return asset.url

    async def refresh(self, item: Item) -> Asset:
        """Read an item and all of its generation anew, and return it with good addresses.

        Raises:
            NotFound: it is gone; it has been taken out here, too.
            AppError: it could not be read.
        """
        if item.group_id:
            await self.bring([item.group_id])
        found = await self._catalogue.item_by_id(item.id)
        if found is None:
            raise NotFound(f"“{item.name}” is no longer in Sartiq.")
        return await self.read_soon(found)

    async def parent(self, item: Item) -> Item | None:
        """Read a refine's prediction from the server.

        Raises:
            AppError: it could not be read.
        """
        if item.parent_id is None or not item.group_id:
            return None
        items = await self.bring([item.group_id])
        return next((i for i in items if i.id == item.parent_id), None)

    # addresses

    def _note_prediction(self, prediction: PredictionPublic) -> None:
        self._note(prediction.id, file_address(prediction), still_address(prediction))

    def _note(self, item_id: str, file: str | None, still: str | None = None) -> None:
        if not file:
            self._addresses.pop(item_id, None)
            return
        whole = self._whole(file)
        self._addresses[item_id] = _Addresses(
            whole, self._whole(still) if still else "", self._clock()
        )
        self._addresses.move_to_end(item_id)
        while len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)

    def _whole(self, address: str) -> str:
        """Return an address; the service may tell a path on itself."""
        return urljoin(self._client.base_url, address)

    def _addressed(self, asset: Asset) -> Asset:
        known = self._addresses.get(asset.id)
        if known is None:
            return asset
        still = AssetRef(asset_id=asset.id, url=known.still) if known.still else None
        return asset.model_copy(update={"url": known.file, "thumbnail": still})


def _news(
    generations: Sequence[GenerationPublic], known: Mapping[str, bytes], now: datetime
) -> list[GenerationRecord]:
    return [record_of(g, now) for g in generations if known.get(g.id) != digest_of(g, now)]


def file_address(prediction: PredictionPublic) -> str | None:
    """Return where a prediction's file is: the one that its facts were measured of."""
    video = prediction.result_video_media
    if prediction.video_url:
        return (video.url if video else "") or prediction.video_url
    image = prediction.result_image_media
    return (image.url if image else "") or prediction.image_url


def still_address(prediction: PredictionPublic) -> str | None:
    """Return where a picture that stands for a video is, if the service made one."""
    return prediction.image_url if prediction.video_url else None


def refine_address(refine: RefinePublic) -> str | None:
    media = refine.result_image_media
    return (media.url if media else "") or refine.image_url

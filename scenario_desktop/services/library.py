"""What the user can do with the items of one workspace.

Everything is read from the catalogue. An edit shows at once, is sent by the outbox, and can be
taken back through the history.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol

from psygnal import Signal

from scenario_desktop.api.models.assets import Asset, Collection
from scenario_desktop.errors import BadAnswer, BadInput, NotFound, Unauthorised
from scenario_desktop.items import Item, ItemQuery, LibraryCounts, Source, TagCount
from scenario_desktop.services.history import History, Step
from scenario_desktop.services.outbox import Outbox, inverse, with_edit
from scenario_desktop.services.sartiq.limits import Limit, check
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.catalogue_tables import UpsertResult
from scenario_desktop.store.outbox import Edit, EditKind

if TYPE_CHECKING:  # httpx takes 40 ms to import
    from scenario_desktop.api.client import ScenarioClient

#: Characters. What a name, a tag and a description may have at most.
MAX_NAME = 255
MAX_TAG = 128
MAX_DESCRIPTION = 10_000

#: Pages of collections that are read at most.
MAX_COLLECTION_PAGES = 200


class ChangeKind(StrEnum):
    """What happened to the library."""

    ITEMS_ADDED = "items_added"
    ITEMS_CHANGED = "items_changed"
    ITEMS_REMOVED = "items_removed"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """Something is different; the catalogue has it already.

    Attributes:
        keys: of the items concerned; empty for COUNTS (names of collections and the like).
    """

    kind: ChangeKind
    keys: frozenset[int] = frozenset()


class OtherItems(Protocol):
    """What is asked of the second service about single items."""

    async def fresh_url(self, item: Item) -> str: ...
    async def refresh(self, item: Item) -> Asset: ...
    async def parent(self, item: Item) -> Item | None: ...


class Library:
    """The items of one workspace, of both services.

    Attributes:
        sartiq: answers for the second service's items; None without a connection to it.

    Signals:
        changed: a LibraryChange.
    """

    changed = Signal(object)

    def __init__(self, client: ScenarioClient, catalogue: Catalogue, outbox: Outbox) -> None:
        self._client = client
        self._catalogue = catalogue
        self.outbox = outbox
        self.history = History()
        self.sartiq: OtherItems | None = None
        outbox.roll_back = self._roll_back

    # reading

    async def keys(self, query: ItemQuery) -> array[int]:
        """Return the keys of all items of a query, in its order."""
        return await self._catalogue.ordered_keys(query)

    async def groups(self) -> list[array[int]]:
        """Return the keys of each generation that has several items, in no order."""
        return await self._catalogue.groups()

    async def items(self, keys: Iterable[int]) -> dict[int, Item]:
        """Return items by key; those that are gone are missing."""
        return await self._catalogue.items(list(keys))

    async def item(self, asset_id: str) -> Item | None:
        """Return an item by the service's id, None when it is not mirrored here."""
        return await self._catalogue.item_by_id(asset_id)

    async def details(self, key: int) -> Asset:
        """Return everything known of an item, without signed addresses.

        Raises:
            NotFound: it is gone.
        """
        return await self._catalogue.asset(key)

    async def refresh(self, asset_id: str) -> Asset:
        """Read an item from the server now; its signed addresses are good for a while.

        Raises:
            AppError: it could not be read.
        """
        item = await self._catalogue.item_by_id(asset_id)
        if item is not None and item.source is Source.SARTIQ:
            return await self._other().refresh(item)
        asset = await self._client.get_asset(asset_id)
        await self.merge([asset])
        return self.outbox.overlay([asset])[0]

    async def bring(self, asset_ids: Sequence[str]) -> list[Item]:
        """Read items from the server into the library, such as the results of a job.

        Returns:
            The items in the order asked; those that the server does not have are missing.

        Raises:
            AppError: they could not be read.
        """
        assets = await self._client.get_assets(asset_ids)
        await self.merge(assets)
        found = [await self._catalogue.item_by_id(asset_id) for asset_id in asset_ids]
        return [item for item in found if item is not None]

    async def children(self, item: Item) -> list[Item]:
        """Return what was made from an item, refines too; the newest first."""
        return await self._catalogue.children(item.id)

    async def generation_items(self, generation_id: str) -> list[Item]:
        """Return all that a generation made, refines too; the oldest first."""
        return await self._catalogue.group_items([generation_id])

    async def parent(self, item: Item) -> Item | None:
        """Return what an item was made from; asks the server when it is not mirrored here.

        Raises:
            AppError: the server could not be asked.
        """
        if item.parent_id is None:
            return None
        known = await self._catalogue.item_by_id(item.parent_id)
        if known is not None:
            return known
        if item.source is Source.SARTIQ:
            return await self._other().parent(item)
        try:
            return next(iter(await self.bring([item.parent_id])), None)
        except NotFound:
            return None

    async def counts(self) -> LibraryCounts:
        """Return all figures of the sidebar."""
        return await self._catalogue.counts()

    async def complete_tags(self, prefix: str, limit: int = 20) -> list[TagCount]:
        """Return tags that begin so, the most used first."""
        return await self._catalogue.complete_tags(prefix, limit)

    async def fresh_url(self, key: int) -> str:
        """Return an address of the file, signed just now. It expires: never keep it.

        Raises:
            AppError: the server gave none.
        """
        item = await self._item(key)
        if item.source is Source.SARTIQ:
            return await self._other().fresh_url(item)
        asset = await self._client.get_asset(item.id)
        if not asset.url:
            raise BadAnswer(
                f"The server gave no address for “{item.name}”.",
                hint="It may still be in work. Try again in a moment.",
            )
        return asset.url

    # bringing in

    async def merge(
        self,
        assets: Sequence[Asset],
        *,
        asked_at: float | None = None,
        is_quiet: bool = False,
        notes: Mapping[str, str] | None = None,
    ) -> UpsertResult:
        """Put what the server sent into the catalogue, below our own waiting edits.

        Args:
            asked_at: when the server was asked, on the outbox's clock.
            is_quiet: leave telling of it to the caller.
            notes: kept in the catalogue in the same transaction, such as how far a sync came.
        """
        result = await self._catalogue.upsert_assets(
            self.outbox.overlay(assets, asked_at=asked_at), notes=notes
        )
        if not is_quiet:
            self.tell(ChangeKind.ITEMS_ADDED, result.inserted)
            self.tell(ChangeKind.ITEMS_CHANGED, result.updated)
        return result

    def tell(self, kind: ChangeKind, keys: Iterable[int] = ()) -> None:
        """Announce a change; nothing when it concerns no item."""
        changed = frozenset(keys)
        if changed or kind is ChangeKind.COUNTS:
            self.changed.emit(LibraryChange(kind, changed))

    # edits

    async def edit_tags(
        self, keys: Several[int], add: Several[str] = (), remove: Several[str] = ()
    ) -> None:
        """Set and unset tags on items.

        Raises:
            BadInput: a tag is empty or too long.
            AppError: the server refused; nothing has changed.
        """
        wanted = [_tag(tag) for tag in add]
        unwanted = [tag for tag in remove if tag not in wanted]
        items = (await self.items(keys)).values()
        check(Limit.TAGS, items)
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for item in items:
            added = tuple(t for t in wanted if t not in item.tags)
            removed = tuple(t for t in unwanted if t in item.tags)
            if added or removed:
                groups.setdefault((added, removed), []).append(item.id)
        edits = [
            Edit(EditKind.TAGS, tuple(ids), {"add": list(added), "remove": list(removed)})
            for (added, removed), ids in groups.items()
        ]
        verb = "Add" if wanted else "Remove"
        tags = ", ".join(wanted or unwanted)
        noun = "tag" if len(wanted or unwanted) == 1 else "tags"
        join = "to" if wanted else "from"
        await self._edit(edits, f"{verb} {noun} {tags} {join} {_what(list(items))}")

    async def rename(self, key: int, name: str) -> None:
        """Give an item a name.

        Raises:
            BadInput: the name is empty or too long.
            AppError: the server refused; nothing has changed.
        """
        text = " ".join(name.split())
        if not text:
            raise BadInput("A name needs at least one character.")
        if len(text) > MAX_NAME:
            raise BadInput(f"A name has at most {MAX_NAME} characters; this one has {len(text)}.")
        item = await self._item(key)
        check(Limit.NAMES, [item])
        if text != item.name:
            edit = Edit(EditKind.NAME, (item.id,), {"text": text}, {"text": item.name})
            await self._edit([edit], f"Rename “{item.name}”")

    async def describe(self, key: int, text: str) -> None:
        """Give an item a description.

        Raises:
            BadInput: the text is too long.
            AppError: the server refused; nothing has changed.
        """
        text = text.strip()
        if len(text) > MAX_DESCRIPTION:
            raise BadInput(
                f"A description has at most {MAX_DESCRIPTION:,} characters;"
                f" this one has {len(text):,}."
            )
        item = await self._item(key)
        check(Limit.DESCRIPTIONS, [item])
        before = (await self.details(key)).description
        if text != before:
            edit = Edit(EditKind.DESCRIPTION, (item.id,), {"text": text}, {"text": before})
            await self._edit([edit], f"Describe “{item.name}”")

    async def delete(self, keys: Several[int]) -> None:
        """Move items to the trash. Undo brings back their tags and collections too.

        Raises:
            AppError: the server refused; nothing has changed.
        """
        items = [i for i in (await self.items(keys)).values() if i.deleted_at is None]
        check(Limit.TRASH, items)
        restoring = await self._restoring(items)
        at = datetime.now(UTC).isoformat()
        edits = [Edit(EditKind.DELETE, _ids(items), {"at": at})] if items else []
        await self._edit(edits, f"Delete {_what(items)}", undo=restoring)

    async def restore(self, keys: Several[int]) -> None:
        """Bring items back from the trash, with the tags and collections known here.

        Raises:
            AppError: the server refused, or it keeps them no more; nothing has changed.
        """
        items = [i for i in (await self.items(keys)).values() if i.deleted_at is not None]
        at = max((i.deleted_at for i in items if i.deleted_at), default=datetime.now(UTC))
        restoring = await self._restoring(items)
        undo = [Edit(EditKind.DELETE, _ids(items), {"at": at.isoformat()})] if items else []
        await self._edit(restoring, f"Restore {_what(items)}", undo=undo)

    async def set_favourite(self, keys: Several[int], is_favourite: bool) -> None:
        """Mark items as favourites.

        Those of Scenario here only: it has no such mark. Those of Sartiq are sent there; its
        refines have none, so that their predictions are marked.

        Raises:
            AppError: the server refused; its items have not changed.
        """
        items = await self._markable(await self.items(keys))
        changed = [k for k, item in items.items() if item.is_favourite != is_favourite]
        if not changed:
            return
        await self._set_favourite(changed, is_favourite)
        what = _what([items[key] for key in changed])
        self.history.push(
            Step(
                f"Make {what} a favourite" if is_favourite else f"Take {what} from the favourites",
                undo=lambda: self._set_favourite(changed, not is_favourite),
                redo=lambda: self._set_favourite(changed, is_favourite),
            )
        )

    # collections

    async def create_collection(self, name: str) -> Collection:
        """Make a collection, sent once.

        Raises:
            AppError: the server did not make it.
        """
        collection = await self._client.create_collection(_collection_name(name))
        await self.refresh_collections()
        return collection

    async def rename_collection(self, collection_id: str, name: str) -> None:
        """Rename a collection.

        Raises:
            AppError: the server did not.
        """
        await self._client.rename_collection(collection_id, _collection_name(name))
        await self.refresh_collections()

    async def delete_collection(self, collection_id: str) -> None:
        """Delete a collection; its items stay. There is no undo.

        Raises:
            AppError: the server did not.
        """
        await self._client.delete_collection(collection_id)
        await self.refresh_collections()

    async def refresh_collections(self) -> None:
        """Read the list of collections from the server.

        Raises:
            AppError: it could not be read whole; the known one stays.
        """
        collections: dict[str, Collection] = {}
        seen: set[str] = set()
        token: str | None = None
        for _ in range(MAX_COLLECTION_PAGES):
            page = await self._client.list_collections(token=token)
            collections.update((c.id, c) for c in page.collections)
            token = page.next_pagination_token
            if not token:
                break
            if token in seen:
                raise BadAnswer("The server repeats a page of collections; the known ones stay.")
            seen.add(token)
        await self._catalogue.replace_collections(list(collections.values()))
        self.tell(ChangeKind.COUNTS)

    async def add_to_collection(self, collection_id: str, keys: Several[int]) -> None:
        """Put items into a collection.

        Raises:
            AppError: the server refused; nothing has changed.
        """
        await self._collect(EditKind.COLLECT, collection_id, keys)

    async def remove_from_collection(self, collection_id: str, keys: Several[int]) -> None:
        """Take items out of a collection.

        Raises:
            AppError: the server refused; nothing has changed.
        """
        await self._collect(EditKind.UNCOLLECT, collection_id, keys)

    async def _collect(self, kind: EditKind, collection_id: str, keys: Several[int]) -> None:
        items, ids = list((await self.items(keys)).values()), []
        check(Limit.COLLECTIONS, items)
        for item in items:
            is_in = collection_id in (await self.details(item.key)).collection_ids
            if is_in is (kind is EditKind.UNCOLLECT):
                ids.append(item.id)
        edits = [Edit(kind, tuple(ids), {"collection_id": collection_id})] if ids else []
        known = {c.id: c.name for c in (await self.counts()).collections}
        name = known.get(collection_id, "the collection")
        is_in = kind is EditKind.COLLECT
        text = f"Add {_what(items)} to {name}" if is_in else f"Remove {_what(items)} from {name}"
        await self._edit(edits, text)

    # inner

    async def _item(self, key: int) -> Item:
        item = (await self._catalogue.items([key])).get(key)
        if item is None:
            raise NotFound("This item is no longer in the library.")
        return item

    def _other(self) -> OtherItems:
        if self.sartiq is None:
            raise Unauthorised(
                "There is no connection to Sartiq.",
                hint="Add it to this workspace in the settings, then try again.",
            )
        return self.sartiq

    async def _markable(self, items: dict[int, Item]) -> dict[int, Item]:
        """Return items with their predictions in the place of refines."""
        parents = {i.parent_id for i in items.values() if i.is_refine and i.parent_id}
        keys = (await self._catalogue.keys_by_ids(parents)).values()
        found = {key: item for key, item in items.items() if not item.is_refine}
        return found | await self.items(keys)

    async def _set_favourite(self, keys: Sequence[int], is_favourite: bool) -> None:
        items = (await self.items(keys)).values()
        own = [item.key for item in items if item.source is Source.SCENARIO]
        if own:
            await self._catalogue.set_favourite(own, is_favourite)
            self.tell(ChangeKind.ITEMS_CHANGED, own)
        theirs = tuple(item.id for item in items if item.source is Source.SARTIQ)
        if theirs:
            body, before = {"value": is_favourite}, {"value": not is_favourite}
            await self._submit([Edit(EditKind.FAVOURITE, theirs, body, before)])

    async def _restoring(self, items: Sequence[Item]) -> list[Edit]:
        """Return what brings items back whole: the service's restore drops tags and collections.

        The mirror has kept them, so that rolling these edits back must leave it alone.
        """
        if not items:
            return []
        edits = [Edit(EditKind.RESTORE, _ids(items), before={"at": datetime.now(UTC).isoformat()})]
        by_tags: dict[tuple[str, ...], list[str]] = {}
        by_collection: dict[str, list[str]] = {}
        for item in items:
            if item.tags:
                by_tags.setdefault(item.tags, []).append(item.id)
            for collection_id in (await self.details(item.key)).collection_ids:
                by_collection.setdefault(collection_id, []).append(item.id)
        for tags, ids in by_tags.items():
            body = {"add": list(tags), "remove": [], "is_kept": True}
            edits.append(Edit(EditKind.TAGS, tuple(ids), body))
        for collection_id, ids in by_collection.items():
            body = {"collection_id": collection_id, "is_kept": True}
            edits.append(Edit(EditKind.COLLECT, tuple(ids), body))
        return edits

    async def _edit(
        self, edits: Sequence[Edit], text: str, *, undo: Sequence[Edit] | None = None
    ) -> None:
        """Apply, send, and remember how to take it back."""
        if not edits:
            return
        back = [inverse(edit) for edit in reversed(edits)] if undo is None else list(undo)
        await self._submit(edits)
        self.history.push(
            Step(text, undo=lambda: self._submit(back), redo=lambda: self._submit(edits))
        )

    async def _submit(self, edits: Sequence[Edit]) -> None:
        await self.outbox.submit(edits, partial(self._apply, edits))

    async def _roll_back(self, edits: Sequence[Edit]) -> None:
        await self._apply([inverse(edit) for edit in edits if not edit.body.get("is_kept")])

    async def _apply(self, edits: Sequence[Edit]) -> None:
        """Put edits into the catalogue and tell of them."""
        touched: set[int] = set()
        for edit in edits:
            result = await self._catalogue.edit(edit.asset_ids, partial(with_edit, edit=edit))
            touched |= result.keys
        kinds = {edit.kind for edit in edits}
        if EditKind.DELETE in kinds:
            self.tell(ChangeKind.ITEMS_REMOVED, touched)
        elif EditKind.RESTORE in kinds:
            self.tell(ChangeKind.ITEMS_ADDED, touched)
        else:
            self.tell(ChangeKind.ITEMS_CHANGED, touched)


def _ids(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.id for item in items)


def _what(items: Sequence[Item]) -> str:
    if len(items) == 1:
        return f"“{items[0].name}”"
    return f"{len(items):,} items"


def _tag(text: str) -> str:
    tag = " ".join(text.split())
    if not tag:
        raise BadInput("A tag needs at least one character.")
    if len(tag) > MAX_TAG:
        raise BadInput(f"A tag has at most {MAX_TAG} characters; this one has {len(tag)}.")
    return tag


def _collection_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise BadInput(f"A collection's name has 1 to {MAX_NAME} characters.")
    return name

"""What the palette finds beyond commands: items by name, and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scenario_desktop.items import Item, ItemQuery, TagCount
from scenario_desktop.services.words import ago, counted
from scenario_desktop.ui.panels.palette.entries import Entry, Scope
from scenario_desktop.ui.panels.palette.matching import match

if TYPE_CHECKING:
    from scenario_desktop.services.library import Library

MAX_ITEMS, MAX_TAGS = 5, 6
#: Of so many items whose words fit, the newest ones, those with the best names are shown.
_LOOKED_AT = 60


async def find_entries(library: Library, typed: str, scope: Scope) -> Sequence[Entry]:
    """Return items whose words fit, and tags that begin so."""
    tags = await library.complete_tags(typed, MAX_TAGS)
    entries = [_tag_entry(tag, typed) for tag in tags]
    if scope is Scope.ALL:
        keys = (await library.keys(ItemQuery(text=typed)))[:_LOOKED_AT]
        found = await library.items(keys)
        items = [_item_entry(found[key], typed) for key in keys if key in found]
        # The name itself comes before longer ones that were made from it.
        items.sort(key=lambda entry: -entry.match.score)
        entries = items[:MAX_ITEMS] + entries
    return entries


def _item_entry(item: Item, typed: str) -> Entry:
    kind = "canvas" if item.type == "canvas" else item.kind or "item"  # one is stored as JSON
    note = f"{kind}, {ago(item.created_at, datetime.now(UTC))}"
    fit = match(typed, item.name)
    entry = Entry(item.name, "Items", item, note, "image", picture_key=item.key)
    return entry if fit is None else replace(entry, match=fit)


def _tag_entry(tag: TagCount, typed: str) -> Entry:
    entry = Entry(f"tag:{tag.name}", "Tags and filters", tag, counted(tag.count, "item"), "tag")
    fit = match(typed, entry.title)
    return entry if fit is None else replace(entry, match=fit)

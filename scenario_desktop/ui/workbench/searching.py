"""The search field and the gallery's query, each following the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from scenario_desktop.items import ItemQuery, Source, TagCount
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.gallery.words import KIND_TITLES, STATUS_TITLES, TYPE_GROUPS
from scenario_desktop.ui.widgets.search_box import SearchBox, Token

TagFinder = Callable[[str], Awaitable[Sequence[TagCount]]]

#: The query follows the words once typing has rested for so long, milliseconds.
TYPING_MS = 120
#: Word of a token -> the values that are known, with what they are called elsewhere.
VALUES: dict[str, dict[str, str]] = {
    "kind": KIND_TITLES,
    "type": {types[0]: title for title, types in TYPE_GROUPS.items()},
    "status": STATUS_TITLES,
    "source": {"scenario": "Scenario", "sartiq": "Sartiq"},
}
#: Word of a token -> field of the query that holds its values.
_FIELDS = {
    "tag": "tags",
    "kind": "kinds",
    "type": "types",
    "status": "statuses",
    "source": "sources",
    "shot": "shots",
}


def tokens_of(query: ItemQuery, collection_name: Callable[[str], str]) -> list[Token]:
    """Return the filters of a query as tokens, in a fixed order."""
    tokens = []
    if query.collection_id:
        name = collection_name(query.collection_id) or query.collection_id
        tokens.append(Token("in", query.collection_id, name))
    if query.group_id:
        tokens.append(Token("generation", query.group_id, query.group_id[:8]))
    for word, field in _FIELDS.items():
        titles = VALUES["source"] if word == "source" else {}
        tokens += [Token(word, str(v), titles.get(v, "")) for v in getattr(query, field)]
    tokens += [Token("tag", value, is_excluded=True) for value in query.without_tags]
    return tokens


def with_tokens(
    query: ItemQuery, tokens: Sequence[Token], collection_id: Callable[[str], str]
) -> ItemQuery:
    """Return a query with exactly these filters.

    Args:
        collection_id: finds a collection by its name or id, "" where there is none.
    """
    inside = next((token.value for token in tokens if token.word == "in"), "")
    fields: dict[str, tuple[str, ...]] = {
        field: tuple(t.value for t in tokens if t.word == word and not t.is_excluded)
        for word, field in _FIELDS.items()
    }
    return replace(
        query,
        collection_id=(collection_id(inside) or inside) if inside else None,
        without_tags=tuple(t.value for t in tokens if t.word == "tag" and t.is_excluded),
        kinds=fields["kinds"],
        types=fields["types"],
        statuses=fields["statuses"],
        tags=fields["tags"],
        sources=tuple(
            source for source in Source if source in [v.casefold() for v in fields["sources"]]
        ),
        shots=fields["shots"],
        group_id=next((t.value for t in tokens if t.word == "generation"), None),
    )


class Searching(QObject):
    """Turns what is typed into queries, and queries into what the field shows.

    Signals:
        query_wanted: the ItemQuery that the field stands for now.
    """

    query_wanted = Signal(object)

    def __init__(
        self,
        box: SearchBox,
        collections: Callable[[], dict[str, str]],
        parent: QObject,
        *,
        complete_tags: TagFinder | None = None,
    ) -> None:
        """
        Args:
            collections: gives the names of all collections by id.
            complete_tags: finds tags that begin so, the most common first.
        """
        super().__init__(parent)
        self._box, self._collections = box, collections
        self._query = ItemQuery()
        self._timer = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._timer.timeout.connect(self._tell)
        box.changed.connect(self._timer.start)
        self._complete_tags = complete_tags
        self.complete = AsyncAction(self._complete, parent=self, overlap=Overlap.RESTART)
        box.completions_wanted.connect(self.complete.trigger)

    def show_query(self, query: ItemQuery) -> None:
        """Follow the gallery. Words still being typed are left as they are."""
        self._query = query
        self._box.set_tokens(tokens_of(query, self._name))
        if not self._timer.isActive() and self._box.text().strip() != query.text.strip():
            self._box.set_text(query.text)

    def show_collections(self) -> None:
        """Show names anew after a collection was renamed."""
        self._box.set_tokens(tokens_of(self._query, self._name))

    def _tell(self) -> None:
        wanted = with_tokens(self._query, self._box.tokens(), self._id)
        self.query_wanted.emit(replace(wanted, text=self._box.text()))

    async def _complete(self, word: str, prefix: str) -> None:
        """Offer what the filter being typed may be."""
        rows: list[tuple[str, str]] = []
        begin = prefix.casefold()
        if word == "tag" and self._complete_tags is not None:
            rows = [(tag.name, f"{tag.count:,}") for tag in await self._complete_tags(prefix)]
        elif word == "in":
            names = sorted(self._collections().values(), key=str.casefold)
            rows = [(name, "") for name in names if name.casefold().startswith(begin)]
        else:
            known = VALUES.get(word, {})
            rows = [(value, title) for value, title in known.items() if value.startswith(begin)]
        self._box.offer(word, prefix, rows)

    def _name(self, collection_id: str) -> str:
        return self._collections().get(collection_id, "")

    def _id(self, name: str) -> str:
        names = self._collections()
        if name in names:
            return name
        wanted = name.casefold()
        return next((i for i, known in names.items() if known.casefold() == wanted), "")

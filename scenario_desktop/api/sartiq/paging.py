"""Reading a list on by ``skip``, where nothing says reliably how long it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from scenario_desktop.errors import BadAnswer

#: More than a library of a million at a hundred a page.
_MOST_PAGES: Final = 20_000


class _Counted(Protocol):
    @property
    def count(self) -> int: ...
    @property
    def data(self) -> tuple[Any, ...]: ...
    @property
    def skipped(self) -> int: ...


P = TypeVar("P", bound=_Counted)


async def skip_pages(
    fetch: Callable[[int], Awaitable[P]], *, skip: int = 0, most: int = _MOST_PAGES
) -> AsyncGenerator[P, None]:
    """Yield page after page to the end of a list.

    A short page is no end: a server may give fewer than were asked for. The end is an empty page,
    or a count that is told to be the list's own by being larger than a page.

    Args:
        fetch: reads the page that begins after so many records.
        most: how many pages to read at most.

    Raises:
        BadAnswer: the server repeats itself or does not stop; what was yielded stands.
    """
    former: set[str] = set()
    is_whole_count = False
    for _ in range(most):
        page = await fetch(skip)
        size = len(page.data) + page.skipped
        if not size:
            return
        ids = {record.id for record in page.data}
        if ids and ids <= former:
            raise BadAnswer(
                "The list could not be loaded to its end: the server repeats itself.",
                hint="What was loaded is shown. Try again later.",
            )
        former = ids
        yield page
        skip += size
        is_whole_count = is_whole_count or page.count > size
        if is_whole_count and skip >= page.count:
            return
    raise BadAnswer(
        "The list could not be loaded to its end: it does not stop.",
        hint="What was loaded is shown.", details=f"{most} pages",
    )  # fmt: skip

"""What is done with the chosen items: reasons, words, and what is chosen afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.errors import BadAnswer
from scenario_desktop.items import Item, ItemQuery, Section
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.workbench.item_commands import ItemCommands, open_in_browser
from tests.widget.gallery_support import item


class FakeGallery(QObject):
    """Five items in a row, keys 1 to 5."""

    def __init__(self) -> None:
        super().__init__()
        self.query = ItemQuery()
        self.keys = [1, 2, 3, 4, 5]
        self.chosen: list[int] = []

    def chosen_keys(self) -> list[int]:
        return self.chosen

    async def read(self, keys: Sequence[int]) -> list[Item]:
        return [replace(item(key), name=f"Picture {key}") for key in keys]

    async def chosen_items(self, limit: int = 500) -> list[Item]:
        return await self.read(self.chosen[:limit])

    def neighbour(self, key: int, step: int) -> int | None:
        place = self.keys.index(key) + step
        return self.keys[place] if 0 <= place < len(self.keys) else None

    def show_key(self, key: int) -> None:
        self.chosen = [key]


class FakeLibrary:
    def __init__(self) -> None:
        self.deleted: list[int] = []
        self.history = None

    async def delete(self, keys: Sequence[int]) -> None:
        self.deleted += keys

    async def fresh_url(self, key: int) -> str:
        return f"https://cdn.test/{key}?Signature=x"


class FakeSession:
    def __init__(self) -> None:
        self.library = FakeLibrary()


class FakeNotices:
    def __init__(self) -> None:
        self.toasts: list[str] = []
        self.errors: list[object] = []

    def toast(self, text: str, undo: Any = None) -> None:
        self.toasts.append(text)

    def report(self, error: object) -> None:
        self.errors.append(error)


class FakePage:
    """The library's page; also where names and tags are typed."""

    def __init__(self) -> None:
        self.is_shown = True
        self.previewed: int | None = None
        self.calls: list[str] = []

    def show_editor(self) -> None:
        self.calls.append("show")

    def add_tag(self) -> None:
        self.calls.append("tag")

    def rename(self) -> None:
        self.calls.append("rename")

    def why_no_edit(self) -> str:
        return ""

    def why_not_one_edit(self) -> str:
        return ""


class Bench:
    def __init__(self, window: QWidget) -> None:
        self.gallery, self.session, self.page = FakeGallery(), FakeSession(), FakePage()
        self.notices, self.registry = FakeNotices(), CommandRegistry(window)
        self.collections: dict[str, str] = {}
        self.items = ItemCommands(
            window, cast(Any, self.gallery), self.notices, lambda: self.collections,
            editor=self.page, page=self.page,
        )  # fmt: skip
        self.items.bind(cast(Any, self.session))
        self.items.add_to(self.registry)

    def reason(self, name: str) -> str:
        command = self.registry.find(f"item.{name}")
        assert command is not None
        return command.reason()

    async def run(self, name: str) -> None:
        assert self.registry.run(f"item.{name}")
        for action in self.items.actions.values():
            await action.settle()


@pytest.fixture
def bench(qapp: QApplication) -> Iterator[Bench]:
    window = QWidget()
    yield Bench(window)
    window.deleteLater()


def test_every_command_says_why_not(bench: Bench) -> None:
    assert bench.reason("copy_url") == "Choose a picture first"
    bench.gallery.chosen = [1, 2]
    assert bench.reason("copy_url") == "Choose a single picture"
    assert not bench.reason("add_to_collection")
    assert bench.reason("restore") == "It is not in the trash"
    bench.gallery.query = ItemQuery(section=Section.TRASH)
    assert bench.reason("delete") == "It is in the trash already"


def test_what_cannot_be_seen_is_not_touched(bench: Bench) -> None:
    bench.gallery.chosen = [1]
    bench.page.is_shown = False
    for name in ("delete", "favourite", "tag", "rename"):
        assert bench.reason(name) == "Go back to the library first"


async def test_deleting_moves_on_to_the_next(qt_loop: object, bench: Bench) -> None:
    bench.gallery.chosen = [2, 3]
    await bench.run("delete")
    assert bench.session.library.deleted == [2, 3]
    assert bench.gallery.chosen == [4]
    bench.gallery.chosen = [5]
    await bench.run("delete")
    assert bench.gallery.chosen == [4]
    assert [text.replace("\u00a0", " ") for text in bench.notices.toasts] == [
        "Moved 2 items to the trash",
        "Moved “Picture 5” to the trash",
    ]


async def test_under_a_preview_only_what_is_seen_is_deleted(qt_loop: object, bench: Bench) -> None:
    bench.gallery.chosen = [1, 2, 3]
    bench.page.previewed = 2
    await bench.run("delete")
    assert bench.session.library.deleted == [2]


async def test_the_url_is_copied(qt_loop: object, bench: Bench) -> None:
    bench.gallery.chosen = [3]
    await bench.run("copy_url")
    assert QGuiApplication.clipboard().text() == "https://cdn.test/3?Signature=x"


async def test_names_and_tags_open_their_field(qt_loop: object, bench: Bench) -> None:
    bench.gallery.chosen = [1]
    await bench.run("tag")
    await bench.run("rename")
    assert bench.page.calls == ["show", "tag", "show", "rename"]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "smb://host/x", "http://evil.test/x"]
)
def test_only_web_addresses_reach_the_browser(url: str) -> None:
    with pytest.raises(BadAnswer):
        open_in_browser(url)

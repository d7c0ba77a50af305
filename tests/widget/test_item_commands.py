"""What is done with the chosen items: reasons, words, and what is chosen afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from psygnal import Signal
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLineEdit, QWidget

from scenario_desktop.errors import BadAnswer, Conflict
from scenario_desktop.items import PREDICTION, Item, ItemQuery, Section, Source
from scenario_desktop.services.downloads import SavedFile
from scenario_desktop.services.sartiq.deletion import (
    DeleteOutcome,
    DeletePlan,
    FailedDelete,
    WholeGeneration,
)
from scenario_desktop.services.sartiq.limits import Limit
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.workbench.item_commands import ItemCommands, open_in_browser
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.gallery_support import item


class FakeGallery(QObject):
    """Five items in a row, keys 1 to 5."""

    def __init__(self) -> None:
        super().__init__()
        self.query = ItemQuery()
        self.keys = [1, 2, 3, 4, 5]
        self.chosen: list[int] = []
        self.cache: dict[int, Item] = {}

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
        self.history = None

    async def fresh_url(self, key: int) -> str:
        return f"https://cdn.test/{key}?Signature=x"


class FakeSession:
    def __init__(self) -> None:
        self.library = FakeLibrary()
        self.deleting = FakeDeleting()
        self.sartiq: Any = None


class FakeDeleting:
    """Plans and deletes.

    Attributes:
        theirs: keys of the second service's items, which go for good.
        failed: what the next run could not delete.
    """

    def __init__(self) -> None:
        self.deleted: list[int] = []
        self.theirs: set[int] = set()
        self.failed: tuple[FailedDelete, ...] = ()
        self.whole: list[str] = []

    async def plan(self, keys: Sequence[int]) -> DeletePlan:
        items = [replace(item(key), name=f"Picture {key}") for key in keys]
        return DeletePlan(
            assets=tuple(i for i in items if i.key not in self.theirs),
            predictions=tuple(i for i in items if i.key in self.theirs),
        )

    async def run(self, plan: DeletePlan) -> DeleteOutcome:
        self.deleted += [i.key for i in (*plan.assets, *plan.predictions)]
        return DeleteOutcome(len(plan.predictions) - len(self.failed), self.failed)

    async def delete_generation(self, generation_id: str) -> None:
        self.whole.append(generation_id)


class FakePage:
    """The library's page; also where names and tags are typed."""

    def __init__(self) -> None:
        self.is_shown = True
        self.previewed: int | None = None
        self.version: int | None = None
        self.calls: list[str] = []
        self.limits: dict[Limit, str] = {}

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

    def why_not(self, limit: Limit) -> str:
        return self.limits.get(limit, "")


class Bench:
    def __init__(self, window: QWidget) -> None:
        self.window = window
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


class FakeChoosing:
    changed = Signal()

    def __init__(self) -> None:
        self.is_offered = True
        self.chosen: list[int] = []

    async def choose(self, item: Item) -> None:
        self.chosen.append(item.key)


async def test_a_result_is_marked_as_chosen_where_the_server_has_that(
    qt_loop: object, bench: Bench
) -> None:
    assert bench.registry.find("item.choose") is None
    choosing = FakeChoosing()
    bench.session.sartiq = SimpleNamespace(choosing=choosing)
    bench.items.bind(cast(Any, bench.session))
    bench.gallery.chosen = [2]
    bench.gallery.cache[2] = item(2)
    assert bench.reason("choose") == "Only finished results of Sartiq can be chosen"
    bench.gallery.cache[2] = replace(item(2), type=PREDICTION, source=Source.SARTIQ)
    await bench.run("choose")
    assert choosing.chosen == [2]
    assert bench.notices.toasts == ["“Picture 2” is the chosen one now"]
    choosing.is_offered = False
    choosing.changed.emit()
    assert bench.registry.find("item.choose") is None


def test_what_cannot_be_seen_is_not_touched(bench: Bench) -> None:
    bench.gallery.chosen = [1]
    bench.page.is_shown = False
    for name in ("delete", "favourite", "tag", "rename"):
        assert bench.reason(name) == "Go back to the library first"


async def test_deleting_moves_on_to_the_next(qt_loop: object, bench: Bench) -> None:
    bench.gallery.chosen = [2, 3]
    await bench.run("delete")
    assert bench.session.deleting.deleted == [2, 3]
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
    assert bench.session.deleting.deleted == [2]


async def test_a_version_that_is_looked_at_is_what_is_acted_on(
    qt_loop: object, bench: Bench
) -> None:
    bench.gallery.chosen = [1]
    bench.page.version = 4
    await bench.run("delete")
    assert bench.session.deleting.deleted == [4]


async def test_a_video_is_fetched_for_the_systems_player(
    qt_loop: object, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []
    saved: list[Path] = []

    class Downloads:
        async def save(self, items: Sequence[Item], folder: Path) -> list[Any]:
            saved.append(folder)
            return [SavedFile(items[0], folder / "clip.mp4", None)]

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return len(opened) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    bench.items._player_folder = tmp_path
    cast(Any, bench.session).downloads = Downloads()
    bench.gallery.chosen = [1]
    assert bench.reason("play") == "It is not a video"
    bench.gallery.cache[1] = replace(item(1), kind="video")
    assert bench.reason("play") == ""
    await bench.run("play")
    assert opened == [str(saved[0] / "clip.mp4")]
    assert saved[0].parent == tmp_path
    await bench.run("play")
    assert "No program on this computer" in str(bench.notices.errors[0])


class SavingDownloads:
    """Notes what is to be saved, and where."""

    def __init__(self) -> None:
        self.saved: list[tuple[list[int], str, str | None]] = []

    async def save(
        self, items: Sequence[Item], folder: Path, *, target_format: str | None = None
    ) -> list[SavedFile]:
        self.saved.append(([i.key for i in items], folder.name, target_format))
        return [SavedFile(i, folder / i.name) for i in items]

    async def save_as(self, item: Item, path: Path, target_format: str) -> Path:
        self.saved.append(([item.key], path.name, target_format))
        return path.with_stem(f"{path.stem} (2)")


def formats(window: QWidget) -> dict[str, QAction]:
    menus = [menu for menu in window.findChildren(Menu) if menu.isVisible()]
    return {action.text(): action for menu in menus for action in menu.actions()}


async def answer(window: QWidget, name: str) -> str:
    """Type a name into the open file dialog, accept it, and return what was proposed."""
    await until(lambda: window.findChildren(QFileDialog))
    dialog = window.findChildren(QFileDialog)[-1]
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    assert field is not None
    proposed = field.text()
    if name:
        field.setText(name)
    dialog.accept()
    return str(proposed)


@pytest.mark.parametrize(
    ("title", "typed", "name", "kind"),
    [
        ("PNG", "", "Picture 1.png", "png"),
        ("JPEG", "v1.2", "v1.2.jpg", "jpeg"),
        ("JPEG", "mine.JPEG", "mine.JPEG", "jpeg"),
        ("WebP", "Picture 1.webp", "Picture 1.webp", "webp"),
    ],
)
async def test_a_picture_is_downloaded_in_another_format(
    qt_loop: object, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    title: str, typed: str, name: str, kind: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Picture 1.webp").touch()  # it is kept: that name is no question, but a number
    downloads = cast(Any, bench.session).downloads = SavingDownloads()
    bench.gallery.chosen = [1]
    bench.window.show()
    assert bench.registry.run("item.download_as")
    formats(bench.window)[title].trigger()
    proposed = await answer(bench.window, typed)
    await bench.items.actions["download_as"].settle()
    assert proposed.startswith("Picture 1.")
    assert downloads.saved == [([1], name, kind)]
    assert bench.notices.toasts[0].startswith(f"Downloaded “{Path(name).stem} (2)")
    assert not bench.notices.errors


async def test_several_are_converted_into_a_folder(
    qt_loop: object, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    downloads = cast(Any, bench.session).downloads = SavingDownloads()
    bench.gallery.chosen = [1, 2, 3]
    bench.window.show()
    for command, kind in (("item.download_as", "jpeg"), ("item.download", None)):
        assert bench.registry.run(command)
        if kind:
            formats(bench.window)["JPEG"].trigger()
        await answer(bench.window, str(tmp_path / "out"))
        for action in bench.items.actions.values():
            await action.settle()
        assert downloads.saved[-1] == ([1, 2, 3], "out", kind)
        said = bench.notices.toasts[-1].replace("\u00a0", " ")
        assert said == "Downloaded 3 pictures to out"


def test_only_pictures_of_scenario_are_converted(bench: Bench) -> None:
    bench.gallery.chosen = [1]
    assert not bench.reason("download_as")
    bench.gallery.cache[1] = replace(item(1), kind="video")
    assert bench.reason("download_as") == "Only pictures can be converted"
    bench.gallery.cache[1] = replace(item(1), type="canvas")
    assert bench.reason("download_as") == "Only pictures can be converted"
    bench.page.limits = {Limit.FORMATS: "Sartiq converts no files"}
    assert bench.reason("download_as") == "Sartiq converts no files"


def buttons(window: QWidget) -> dict[str, QAbstractButton]:
    found = [b for d in window.findChildren(Dialog) for b in d.findChildren(QAbstractButton)]
    return {button.text(): button for button in found}


def texts(window: QWidget) -> str:
    labels = [x for d in window.findChildren(Dialog) for x in d.findChildren(PlainLabel)]
    return " ".join(label.text() for label in labels).replace("\u00a0", " ")


async def test_what_is_final_is_asked_first(qt_loop: object, bench: Bench) -> None:
    deleting = bench.session.deleting
    deleting.theirs = {2}
    bench.window.show()
    for press, deleted in (("Cancel", []), ("Delete", [1, 2])):
        bench.gallery.chosen = [1, 2]
        assert bench.registry.run("item.delete")
        await until(lambda: "Cancel" in buttons(bench.window))
        assert "Delete 1 item for good?" in texts(bench.window)
        assert "“Picture 2” is deleted for good." in texts(bench.window)
        buttons(bench.window)[press].click()
        await bench.items.actions["delete"].settle()
        assert deleting.deleted == deleted
    said = bench.notices.toasts[-1].replace("\u00a0", " ")
    assert said == "Deleted 1 item, moved “Picture 1” to the trash"


async def test_one_that_stays_offers_its_generation(qt_loop: object, bench: Bench) -> None:
    deleting, kept = bench.session.deleting, replace(item(2), name="Picture 2")
    whole = WholeGeneration("g1", "Picture 2", (kept, item(3)))
    deleting.theirs = {2}
    deleting.failed = (FailedDelete(kept, Conflict("It was kept.", hint="Why."), whole),)
    bench.gallery.chosen = [2]
    bench.window.show()
    assert bench.registry.run("item.delete")
    await until(lambda: "Delete" in buttons(bench.window))
    buttons(bench.window)["Delete"].click()
    await until(lambda: "Delete generation" in buttons(bench.window))
    assert "“Picture 2”: It was kept. Why." in texts(bench.window)
    assert "with its 2 predictions" in texts(bench.window)
    buttons(bench.window)["Delete generation"].click()
    await bench.items.actions["delete"].settle()
    assert deleting.whole == ["g1"]


def test_what_a_service_does_not_keep_is_said(bench: Bench) -> None:
    bench.gallery.chosen = [1]
    bench.page.limits = {limit: str(limit) for limit in Limit}
    assert bench.reason("tag") == "Sartiq keeps no tags"
    assert bench.reason("rename") == "Sartiq keeps no names"
    assert bench.reason("add_to_collection") == "Sartiq keeps no collections"
    assert not bench.reason("delete")


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

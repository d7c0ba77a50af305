"""The tour: the real window on the real engine, driven through its main jobs, a picture per step.

Canvases have their steps in ``tour_canvas``, the second service in ``tour_sartiq``.

It is the end-to-end test, and it makes the screenshots of the README. What it does, it does with
keys and clicks; what it claims, it has looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from scenario_desktop.app import Program
    from scenario_desktop.items import Item
    from scenario_desktop.services.session import Session

W = TypeVar("W", bound="QWidget")

#: Each step has so long, seconds.
STEP_S = 90.0
WINDOW = (1440, 900)
TAG = "tour"
#: The sample that is looked at.
FAVOURITE = "rocket"
#: A space right after letters belongs to the name being typed.
TYPE_AHEAD_S = 1.5
#: A picture is taken when the window looks the same twice, so far apart, or after so long at most.
_LOOK_AGAIN_S, _STILL_S = 0.15, 3.0
MODALITIES = ("Canny", "Sketch", "Depth")


class Unexpected(Exception):
    """A step did not do what it says."""


@dataclass(slots=True)
class Step:
    """One line of ``tour.json``.

    Attributes:
        says: what was found, in words.
        pictures: file names, beside the report.
    """

    name: str
    ok: bool = False
    seconds: float = 0.0
    says: str = ""
    pictures: list[str] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """Run the tour and return 0 only if every step did what it says."""
    parser = argparse.ArgumentParser(prog="scenario-desktop tour")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="pictures go here")
    parser.add_argument("--images", type=Path, metavar="DIR", help="instead of the samples")
    options = parser.parse_args(arguments)
    if options.images is not None and not options.images.is_dir():
        print(f"scenario-desktop tour: {options.images} is not a folder", file=sys.stderr)
        return 2
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"scenario-desktop tour: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="scenario-desktop-tour-") as folder:
        return _run_in(Path(folder), options.out.resolve(), options.images)


def _run_in(folder: Path, out: Path, images: Path | None) -> int:
    from scenario_desktop import app, paths
    from scenario_desktop.services.engine_process import EngineProcess, check_identity
    from scenario_desktop.store.settings import SettingsStore
    from scenario_desktop.ui import loop, theme

    places = paths.under(folder)
    places.make()
    application = theme.make_application(paths.APP_NAME)
    settings = SettingsStore(places.settings)
    settings.update(theme=theme.ThemeMode.DARK.value)
    look = theme.Theme()
    look.apply(application, theme.ThemeMode.DARK, 1.0)
    # A second user contests a canvas.
    engine = EngineProcess(log_file=places.engine_log, check=check_identity, has_second_user=True)
    program = app.Program(places, settings, look, engine=engine)
    program.window.resize(*WINDOW)
    tour = Tour(program, out, images)

    async def both() -> int:
        touring = asyncio.create_task(tour.walk(), name="tour")
        touring.add_done_callback(lambda _: program.leave())
        await program.run()
        return await touring

    return loop.run(both())


class Tour:
    """Walks through the steps and writes the report.

    Args:
        images: a folder of pictures to import; None takes the samples.
    """

    def __init__(self, program: Program, out: Path, images: Path | None) -> None:
        self._program, self._bench, self._out = program, program.workbench, out
        self._images = images
        self._steps: list[Step] = []
        self._pictures = 0
        self._asked = 0
        self._result: Item | None = None

    async def walk(self) -> int:
        """Take every step; the first that fails ends the walk."""
        library = (
            ("start", self._start),
            ("import", self._import),
            ("browse", self._browse),
            ("preview", self._preview),
            ("search", self._search),
            ("tag", self._tag),
            ("detect-form", self._detect_form),
            ("detect", self._detect),
            ("follow", self._follow),
            ("reveal", self._reveal),
            ("copy-url", self._copy_url),
            ("download", self._download),
        )
        window = (
            ("palette", self._palette),
            ("settings", self._settings),
            ("light", self._light),
        )
        is_on = await self._take_all(library) and await self._take_canvas()
        if is_on and await self._take_sartiq() and await self._take_usage():
            await self._take_all(window)
        is_good = all(step.ok for step in self._steps)
        report = {"ok": is_good, "steps": [asdict(step) for step in self._steps]}
        text = json.dumps(report, indent=1, ensure_ascii=False)
        (self._out / "tour.json").write_text(text, encoding="utf-8")
        return 0 if is_good else 1

    async def _take_canvas(self) -> bool:
        """Take the steps on a canvas, contested by the engine's second user."""
        from scenario_desktop.tour_canvas import CanvasSteps

        address, made = self._program.engine.status.address, self._made()
        if address is None:
            raise Unexpected("the engine is gone")
        steps = CanvasSteps(self, address, await self._session.library.parent(made) or made)
        try:
            return await self._take_all(steps.steps())
        finally:
            await steps.aclose()

    async def _take_sartiq(self) -> bool:
        """Take the steps with the second service, which the engine offers as well."""
        from scenario_desktop.tour_sartiq import SartiqSteps

        address = self._program.engine.status.address
        if address is None:
            raise Unexpected("the engine is gone")
        steps = SartiqSteps(self, address, lambda: self._session)
        try:
            return await self._take_all(steps.steps())
        finally:
            await steps.aclose()

    async def _take_usage(self) -> bool:
        """Take the steps on the usage page."""
        from scenario_desktop.tour_usage import UsageSteps

        address = self._program.engine.status.address
        if address is None:
            raise Unexpected("the engine is gone")
        steps = UsageSteps(self, address, self._made(), self._session, self._out)
        try:
            return await self._take_all(steps.steps())
        finally:
            await steps.aclose()

    async def _take_all(self, steps: Sequence[tuple[str, Callable[[], Awaitable[str]]]]) -> bool:
        for name, take in steps:
            if not await self._take(name, take):
                return False
        return True

    async def _take(self, name: str, take: Callable[[], Awaitable[str]]) -> bool:
        step = Step(name)
        self._steps.append(step)
        begun = time.monotonic()
        try:
            async with asyncio.timeout(STEP_S):
                step.says = await take()
                step.ok = True
        except TimeoutError:
            step.says = f"nothing came of it within {STEP_S:.0f} s"
        except Unexpected as error:
            step.says = str(error)
        step.seconds = round(time.monotonic() - begun, 2)
        await self.shoot(name)
        print(f"{'ok    ' if step.ok else 'FAILED'} {name}: {step.says}", flush=True)
        return step.ok

    # The steps

    async def _start(self) -> str:
        await self._program.ready.wait()
        self.expect(self._program.session is not None, "the local workspace did not open")
        await self.until(lambda: self._bench.window.page == "first_run")
        return "the local engine is ready and the library is empty"

    async def _import(self) -> str:
        if self._images is None:
            self._click("Add samples")
        else:
            self._bench.import_files([self._images])
        await self.until(lambda: self._bench.imports.run.is_busy)
        await self.until(lambda: self._bench.imports.progress is not None)
        await self.shoot("importing", at_once=True)
        await self.until(lambda: not self._bench.imports.run.is_busy)
        progress = self._bench.imports.progress
        self.expect(progress is not None and bool(progress.added_ids), "no picture came in")
        added = len(progress.added_ids) if progress else 0
        await self.until(lambda: self._gallery.count == added)
        self.expect(self._bench.window.page == "gallery", "the gallery did not come to the front")
        refused = len(progress.refused) if progress else 0
        return f"{added} pictures came in, {refused} files were refused"

    async def _browse(self) -> str:
        grid = self._bench.gallery.view.grid
        grid.setFocus()
        await self.until(self._are_thumbnails_painted)
        self._press("Home")
        for _ in range(self._gallery.count):
            self._press("Right")
            await self.until(lambda: len(self._gallery.chosen_keys()) == 1)
            items = await self._gallery.chosen_items()
            if self._images is not None or items[0].name.startswith(FAVOURITE):
                break
        await self.until(lambda: self._bench.inspector.keys == (items[0].key,))
        await self.quiet()
        return f"the keyboard chose “{items[0].name}”, and the inspector shows it"

    async def _preview(self) -> str:
        view = self._bench.preview_view
        await asyncio.sleep(TYPE_AHEAD_S)
        self._press("Space")
        await self.until(view.isVisible)
        await self.until(lambda: not self._bench.preview.load.is_busy)
        await self.quiet()
        await self.shoot("large")
        self._press("Escape", view)
        await self.until(lambda: not view.isVisible())
        return "Space shows the picture large, Escape closes it"

    async def _search(self) -> str:
        items = await self._gallery.chosen_items()
        word = items[0].name.replace("-", " ").replace("_", " ").split()[0]
        everything = self._gallery.count
        box = self._bench.topbar_view.search
        self._type(box.field, word)
        await self.until(lambda: self._gallery.query.text == word)
        await self.until(lambda: not self._gallery.load.is_busy)
        found = self._gallery.count
        self.expect(0 < found <= everything, f"“{word}” found {found} of {everything}")
        await self.quiet()
        await self.shoot("found")
        box.clear()
        await self.until(lambda: self._gallery.count == everything)
        return f"“{word}” found {found} of {everything} pictures"

    async def _tag(self) -> str:
        from PySide6.QtWidgets import QLineEdit

        self._bench.gallery.view.grid.setFocus()
        key = self._gallery.chosen_keys()[0]
        self._bench.inspector.add_tag()
        tags = self._bench.inspector_view.tags
        await self.until(lambda: tags.is_open)
        entry = self._named(QLineEdit, "Tag to add")
        self._type(entry, TAG)
        self._press("Return", entry)
        await self.until_async(self._has_tag, key)
        counts = self._bench.sidebar.counts
        await self.until(lambda: any(tag.name == TAG for tag in counts().tags))
        tags.close_field()
        await self.quiet()
        return f"the tag “{TAG}” is set, counted in the sidebar, and can be undone"

    async def _detect_form(self) -> str:
        self._bench.gallery.view.grid.setFocus()
        self._bench.commands.run("detect.open")
        await self.until(lambda: self._bench.window.page == "detect")
        await self.until(self._has_price)
        await self.quiet()
        await self.shoot("one-map")
        for title in MODALITIES[1:]:
            self._click_tile(title, with_control=True)
        await self.until(self._has_price)
        await self.until(lambda: self._price() == "3\u00a0CU")
        await self.quiet()
        return f"three control maps are priced: “{self._price()}”"

    async def _detect(self) -> str:
        session = self._session
        self._asked = len(session.jobs.rows)
        self._bench.commands.run("detect.run")
        await self.until(lambda: len(session.jobs.rows) == self._asked + len(MODALITIES))
        self._bench.window.show_jobs(True)
        await self.until(lambda: any(view.is_active for view in session.jobs.rows))
        await asyncio.sleep(0.3)  # the panel slides open
        return f"{len(MODALITIES)} jobs were sent"

    async def _follow(self) -> str:
        jobs = self._session.jobs
        seen: set[float] = set()

        def is_over() -> bool:
            seen.update(v.progress for v in jobs.rows if v.is_active and v.progress is not None)
            return not any(view.is_active for view in jobs.rows)

        await self.until(is_over)
        done = [view for view in jobs.rows if view.result_ids]
        failed = [view for view in jobs.rows if view.error]
        self.expect(len(done) == 2 and len(failed) == 1, f"{len(done)} done, {len(failed)} failed")
        self.expect(bool(failed[0].hint), "the failed job says nothing of what to do")
        result = await self._session.library.item(done[0].result_ids[0])
        self.expect(result is not None, "the control map is not in the library")
        self._result = result
        return f"two maps were made; the third failed honestly: {failed[0].error}"

    async def _reveal(self) -> str:
        result = self._made()
        self._bench.jobs.reveal_requested.emit((result.id,))
        await self.until(lambda: self._bench.window.page == "gallery")
        await self.until(lambda: self._gallery.chosen_keys() == [result.key])
        self._bench.window.show_jobs(False)
        await self.until(self._are_thumbnails_painted)
        parent = await self._session.library.parent(result)
        self.expect(parent is not None, "the control map has no parent")
        await self.quiet()
        return f"“{result.name}” stands in the gallery, made from “{parent.name if parent else ''}”"

    async def _copy_url(self) -> str:
        from PySide6.QtGui import QGuiApplication

        clipboard = QGuiApplication.clipboard()
        clipboard.clear()
        self._bench.commands.run("item.copy_url")
        await self.until(lambda: clipboard.text().startswith("http"))
        data = await self._session.files.fetch(clipboard.text(), 2**28)
        size = self._made().size_bytes
        self.expect(len(data) == size, f"the address gives {len(data)} bytes instead of {size}")
        return f"the copied address gives the {len(data):,} bytes of the file"

    async def _download(self) -> str:
        from scenario_desktop.imaging import tasks
        from scenario_desktop.imaging.pool import WorkerPool

        result = self._made()
        saved = await self._session.downloads.save([result], self._out / "downloads")
        path = saved[0].path
        self.expect(path is not None, f"it was not saved: {saved[0].error}")
        assert path is not None  # noqa: S101 - for the type checker; said in words above
        pool = WorkerPool(1)
        try:
            examined = await pool.run(tasks.examine, path)
        finally:
            await pool.aclose()
        size = (examined.info.width, examined.info.height)
        self.expect(size == (result.width, result.height), f"the file has {size} pixels")
        return f"{path.name} decodes to {size[0]} × {size[1]} pixels, the size of its parent"

    async def _palette(self) -> str:
        self._bench.commands.run("view.palette")
        view = self._bench.palette.view()
        self.expect(view is not None, "the palette did not open")
        if view is not None:
            self._type(view.field, "det")
            await self.quiet()
            await self.shoot("commands")
            self._press("Escape", view.field)
        return "Ctrl+K finds commands, items and tags"

    async def _settings(self) -> str:
        from scenario_desktop.ui.panels.settings.view import SettingsDialog

        window = self._bench.window
        self._bench.commands.run("view.settings")
        await self.until(lambda: window.findChildren(SettingsDialog))
        await self.quiet()
        await self.shoot("dialog")
        self._press("Escape", window.findChildren(SettingsDialog)[0])
        await self.until(lambda: not window.findChildren(SettingsDialog))
        return "the settings open and close"

    async def _light(self) -> str:
        from scenario_desktop.ui.theme import ThemeMode

        self._program.theme.set_mode(ThemeMode.LIGHT)
        await self.quiet()
        await self.shoot("usage-light")
        self._bench.commands.run("go.all")
        await self.until(lambda: self._bench.window.page == "gallery")
        await self.quiet()
        await self.shoot("gallery-light")
        self._bench.commands.run("detect.open")
        await self.until(lambda: self._bench.window.page == "detect")
        await self.until(self._has_price)
        await self.quiet()
        await self.shoot("detect-light")
        self._bench.window.show_jobs(True)
        await asyncio.sleep(0.4)
        await self.shoot("jobs-light")
        return "the same in the light theme"

    # What the steps share

    @property
    def bench(self) -> Any:
        return self._bench

    @staticmethod
    def expect(is_so: bool, otherwise: str) -> None:
        """End the step with these words unless it is so."""
        if not is_so:
            raise Unexpected(otherwise)

    @property
    def _session(self) -> Session:
        if self._program.session is None:
            raise Unexpected("no workspace is open")
        return self._program.session

    @property
    def _gallery(self) -> Any:
        return self._bench.gallery.controller

    def _made(self) -> Item:
        if self._result is None:
            raise Unexpected("no control map was made")
        return self._result

    def _are_thumbnails_painted(self) -> bool:
        grid, store = self._bench.gallery.view.grid, self._bench.store
        keys = grid.visible_keys()
        return bool(keys) and all(store.stand_in(key) is not None for key in keys)

    async def _has_tag(self, key: int) -> bool:
        items = await self._session.library.items([key])
        return TAG in items[key].tags

    def _price(self) -> str:
        command = self._bench.commands.find("detect.run")
        return command.price() if command is not None else ""

    def _has_price(self) -> bool:
        command = self._bench.commands.find("detect.run")
        return command is not None and not command.reason()

    def _click(self, name: str) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QAbstractButton

        QTest.mouseClick(self._named(QAbstractButton, name), Qt.MouseButton.LeftButton)

    def _click_tile(self, title: str, *, with_control: bool) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from scenario_desktop.ui.forms.tiles import Tile

        tile = self._named(Tile, title)
        modifier = Qt.KeyboardModifier
        keys = modifier.ControlModifier if with_control else modifier.NoModifier
        QTest.mouseClick(tile, Qt.MouseButton.LeftButton, keys)

    def _named(self, kind: type[W], name: str) -> W:
        """Return the visible widget that assistive tools know by this name."""
        for widget in self._bench.window.findChildren(kind):
            text = getattr(widget, "text", str)()
            known = widget.accessibleName() or str(text)
            if known.startswith(name) and widget.isVisible():
                return widget
        raise Unexpected(f"there is nothing called {name}")

    def _press(self, name: str, widget: QWidget | None = None) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        target = widget or self._bench.gallery.view.grid
        QTest.keyClick(target, getattr(Qt.Key, f"Key_{name}"))

    def _type(self, widget: QWidget, text: str) -> None:
        from PySide6.QtTest import QTest

        widget.setFocus()
        QTest.keyClicks(widget, text)

    async def until(self, condition: Callable[[], Any]) -> None:
        while not condition():  # noqa: ASYNC110 - what is waited for is on the screen
            await asyncio.sleep(0.02)

    async def until_async(self, condition: Callable[..., Awaitable[bool]], *args: Any) -> None:
        while not await condition(*args):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)

    async def quiet(self) -> None:
        """Let previews, fades and thumbnails arrive before a picture is taken."""
        await asyncio.sleep(0.6)

    async def shoot(self, name: str, *, at_once: bool = False) -> None:
        """Take a picture when the window stands still.

        Args:
            at_once: it is of something that passes.
        """
        self._pictures += 1
        file = f"{self._pictures:02}-{name}.png"
        image = self._bench.window.grab().toImage()
        end = time.monotonic() + (0 if at_once else _STILL_S)
        while time.monotonic() < end:
            await asyncio.sleep(_LOOK_AGAIN_S)
            before, image = image, self._bench.window.grab().toImage()
            if image == before and self._bench.store.is_complete:
                break
        await asyncio.to_thread(image.save, str(self._out / file))
        self._steps[-1].pictures.append(file)

"""The tour with the second service: signed in to, pictures uploaded, adjusted, refined, deleted.

Each step asks the server by a login of its own, not the screen alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from scenario_desktop.errors import NotFound
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.tour_hands import Walker, dialog_of, press, type_into

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from scenario_desktop.api.models.sartiq.answers import (
        GenerationPublic,
        PredictionPublic,
        RefinePublic,
    )
    from scenario_desktop.api.sartiq.client import SartiqClient
    from scenario_desktop.items import Item
    from scenario_desktop.services.engine_process import EngineAddress
    from scenario_desktop.services.session import Session
    from scenario_desktop.ui.dialogs import Dialog
    from scenario_desktop.ui.panels.refine.compare import RefineCompare
    from scenario_desktop.ui.panels.refine.controller import RefineController
    from scenario_desktop.ui.panels.runs.controller import RunsController
    from scenario_desktop.ui.panels.runs.page import RunsPage

W = TypeVar("W", bound="QWidget")

NAME = "Tour studio"
#: What the uploaded pictures are made to measure, pixels.
UPLOADED = 640
#: What the adjusted picture measures, pixels, and how many of it are made.
SIDE, COPIES = 480, 2
SCALE = 2
PLAN = ("1 picture is uploaded", "2 predictions are refined at 2×")


class SartiqSteps:
    """The steps, in their order; each says what was found."""

    def __init__(
        self, walker: Walker, address: EngineAddress, session: Callable[[], Session]
    ) -> None:
        """
        Args:
            session: the one that is open now; another one after each switch.
        """
        from scenario_desktop.api.sartiq.client import SartiqClient

        self._walker, self._address, self._open_session = walker, address, session
        self._client: SartiqClient = SartiqClient.with_password(
            address.sartiq_url, address.username, address.password
        )
        # Ids of predictions: of the two pictures uploaded, of one adjusted, of one refined.
        self._first = self._second = self._adjusted = self._uploaded = ""
        self._refine = ""

    async def aclose(self) -> None:
        await self._client.aclose()

    def steps(self) -> tuple[tuple[str, Callable[[], Awaitable[str]]], ...]:
        return (
            ("sartiq-login", self._log_in),
            ("sartiq-remove", self._remove),
            ("sartiq-upload", self._upload),
            ("sartiq-adjust", self._adjust),
            ("sartiq-plan", self._plan),
            ("sartiq-refine", self._refine_both),
            ("sartiq-chain", self._chain),
            ("sartiq-compare", self._compare),
            ("sartiq-favourite", self._favourite),
            ("sartiq-refused", self._refused),
            ("sartiq-delete", self._delete),
        )

    # Signing in

    async def _log_in(self) -> str:
        from scenario_desktop.ui.panels.workspaces.connect_view import ConnectDialog
        from scenario_desktop.ui.panels.workspaces.state import Half

        walker, bench = self._walker, self._walker.bench
        before = self._session.workspace_id
        bench.connect_requested.emit()
        dialog = await dialog_of(walker, ConnectDialog)
        press(walker, dialog, "Sartiq")
        type_into(walker, dialog.name_form.editor("name"), NAME)
        fields = {
            "sartiq_url": self._address.sartiq_url,
            "username": self._address.username,
            "password": f"not {self._address.password}",
        }
        for name, value in fields.items():
            type_into(walker, dialog.sartiq_form.editor(name), value)
        # The user's own keyring, if there is one, is no place for what a tour needs.
        await walker.until(lambda: "was not asked yet" not in _texts(dialog))
        if "in the system keyring" in _texts(dialog):
            press(walker, dialog, "Keep the keys for this session only")
        refused = await self._tested(dialog)
        walker.expect("refused" in refused, f"a wrong password is answered by: {refused}")
        await walker.quiet()
        await walker.shoot("sartiq-wrong-password")
        password = dialog.sartiq_form.editor("password")
        type_into(walker, password, self._address.password)
        proved = await self._tested(dialog)
        walker.expect("the login is accepted" in proved, f"the test says: {proved}")
        walker.expect(dialog.half is Half.SARTIQ, "another page came to the front")
        await walker.quiet()
        await walker.shoot("sartiq-tested")
        press(walker, dialog, "Connect")
        await walker.until(lambda: not self._dialogs())
        await walker.until(lambda: self._is_open(but=before))
        session = self._session
        walker.expect(session.sartiq is not None, "the new workspace has no Sartiq")
        walker.expect(not session.has_scenario, "nobody has asked for Scenario")
        await walker.until(lambda: session.sync.status.at is not None)
        await walker.quiet()
        return "a wrong password is refused, the right one proved, and its workspace opened"

    async def _tested(self, dialog: Any) -> str:
        """Press Test and return what it has shown."""
        from PySide6.QtWidgets import QLabel

        from scenario_desktop.ui.widgets.surface import Card

        def report() -> list[str]:
            cards = [one for one in dialog.findChildren(Card) if one.isVisible()]
            named = [one for one in cards if one.accessibleName() == "What the test has shown"]
            return [text.text() for one in named for text in one.findChildren(QLabel)]

        press(self._walker, dialog, "Test")
        await self._walker.until(lambda: any(report()))
        return " ".join(report())

    async def _remove(self) -> str:
        from scenario_desktop.ui.dialogs import Dialog
        from scenario_desktop.ui.panels.settings.view import SettingsDialog

        walker, bench = self._walker, self._walker.bench
        added = self._session.workspace_id
        bench.topbar_view.manage_requested.emit()
        settings = await dialog_of(walker, SettingsDialog)
        await walker.quiet()
        await walker.shoot("sartiq-workspaces")
        press(walker, settings, f"Remove {NAME}…")
        await walker.until(lambda: self._dialogs() != [settings])
        press(walker, await dialog_of(walker, Dialog), "Remove workspace")
        await walker.until(lambda: self._is_open(but=added))
        for left in self._dialogs():
            left.reject()
        await walker.until(lambda: bench.gallery.controller.count)
        page = await self._client.list_generations(limit=1)
        walker.expect(not page.data, "the account has generations that nobody made")
        await walker.quiet()
        return "the second workspace is gone with its password; the account is untouched"

    # Making

    async def _upload(self) -> str:
        """Hand two pictures of the library over; the server must have their very bytes."""
        walker, bench = self._walker, self._walker.bench
        pictures = await self._pictures()
        different = list({one.id: one for one in pictures}.values())
        await self._open_adjuster(*different)
        self._fill_in(target_width=UPLOADED, target_height=UPLOADED)
        await walker.until(lambda: not self._runs.why_not())
        await walker.quiet()
        await walker.shoot("sartiq-upload-form")
        made: list[GenerationPublic] = []
        for count in range(len(different), len(pictures) + 1):  # of one picture alone, twice
            bench.commands.run("runs.run")
            made = await self._made((), count, 1)
        wanted = {await self._bytes_of(await self._address_of(one)) for one in different}
        there = {await self._bytes_of(_input_address(one)) for one in made}
        walker.expect(wanted == there, "the server has other pictures than those handed over")
        self._first, self._second = (one.predictions[0].id for one in made)
        await walker.until_async(self._is_known(self._first, self._second))
        await walker.until(lambda: not self._session.jobs.summary.running)
        await walker.quiet()
        size = sum(len(one) for one in wanted)
        return f"{len(made)} pictures are uploaded, {size:,} bytes, and there as they were here"

    async def _adjust(self) -> str:
        walker, bench = self._walker, self._walker.bench
        picture = await self._item(self._first)
        known = [one.id for one in (await self._client.list_generations()).data]
        await self._open_adjuster(picture)
        self._fill_in(target_width=SIDE, target_height=SIDE, batch_size=COPIES)
        await walker.until(lambda: not self._runs.why_not())
        await walker.quiet()
        await walker.shoot("sartiq-adjust-form")
        bench.commands.run("runs.run")
        (generation,) = await self._made(known, 1, COPIES)
        sizes = {_size(one) for one in generation.predictions}
        walker.expect(sizes == {(SIDE, SIDE)}, f"the server's pictures measure {sizes}")
        self._adjusted = generation.predictions[0].id
        await walker.until_async(self._is_known(*(one.id for one in generation.predictions)))
        await walker.until(lambda: not self._session.jobs.summary.running)
        # The result comes to the front by itself.
        await walker.until(lambda: self._page.views.value() == "split")
        await walker.quiet()
        return f"“{picture.name}” is adjusted: the server has {COPIES} of {SIDE} × {SIDE}"

    async def _plan(self) -> str:
        walker, bench = self._walker, self._walker.bench
        predictions = [await self._item(self._adjusted), await self._item(self._second)]
        picture = (await self._pictures())[-1]
        await self._choose(*predictions, picture)
        bench.commands.run("refine.open")
        await walker.until(lambda: bench.window.page == "refine")
        await walker.until(lambda: len(self._panel.inputs) == 3)
        await walker.until(lambda: not self._panel.why_not())
        said = self._plan_text()
        for part in PLAN:
            walker.expect(part in said, f"the form says: {said}")
        await walker.quiet()
        return f"both and “{picture.name}”: {', '.join(PLAN)}"

    async def _refine_both(self) -> str:
        walker = self._walker
        known = {one.id for one in (await self._client.list_generations()).data}
        picture = next(one for one in self._panel.inputs if one.item and not one.item.is_prediction)
        await self._send_refines()
        page = await self._client.list_generations()
        made = [one for one in page.data if one.id not in known]
        walker.expect(len(made) == 1, f"{len(made)} generations came of one picture")
        (uploaded,) = made[0].predictions
        size = (SCALE * (picture.width or 0), SCALE * (picture.height or 0))
        walker.expect(_size(uploaded) == size, f"the picture got {_size(uploaded)}")
        refine, other = [await self._newest_refine(i) for i in (self._adjusted, self._second)]
        for one, side in ((refine, SCALE * SIDE), (other, SCALE * UPLOADED)):
            walker.expect(_size(one) == (side, side), f"the prediction got {_size(one)}")
        self._uploaded, self._refine = uploaded.id, refine.id
        await walker.until_async(self._is_known(uploaded.id, refine.id, other.id))
        await walker.until(lambda: self._compare_view.has_second)
        await walker.quiet()
        return f"all came back twice as large: {SCALE * SIDE}, {SCALE * UPLOADED:,}, {max(size):,}"

    async def _chain(self) -> str:
        walker, bench = self._walker, self._walker.bench
        prediction = await self._item(self._adjusted)
        await self._choose(prediction)
        version = await self._item(self._refine)
        bench.inspector.show_version(version.key)
        await walker.until(lambda: bench.inspector.version == version.key)
        await walker.quiet()
        await walker.shoot("sartiq-version")
        self._panel.clear()
        bench.commands.run("refine.open")
        await walker.until(lambda: [one.badge for one in self._panel.inputs] == ["Refine 2×"])
        await walker.until(lambda: not self._panel.why_not())
        said = self._plan_text()
        walker.expect("1 refine is chained" in said, f"the form says: {said}")
        await self._send_refines()
        chained = await self._newest_refine(self._adjusted)
        walker.expect(chained.id != self._refine, "there is no second refine")
        walker.expect(chained.refines_refine_id == self._refine, "it was not made of the first")
        side = SCALE * SCALE * SIDE
        walker.expect(_size(chained) == (side, side), f"it measures {_size(chained)}")
        await walker.until_async(self._is_known(chained.id))
        await walker.until(lambda: self._compare_view.has_second)
        await walker.quiet()
        return f"the refine was refined again: {side:,} pixels, made of the first one"

    async def _compare(self) -> str:
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        from scenario_desktop.ui.panels.refine.compare import View

        walker, compare = self._walker, self._compare_view
        page = walker.bench.window
        press(walker, page, "Slider")
        middle = compare.rect().center()
        QTest.mousePress(compare, Qt.MouseButton.LeftButton, pos=middle)
        aside = QPoint(middle.x() - compare.width() // 6, middle.y())
        for place in (QPoint(middle.x() - 10, middle.y()), aside):
            QTest.mouseMove(compare, place)
        QTest.mouseRelease(compare, Qt.MouseButton.LeftButton, pos=aside)
        await walker.quiet()
        await walker.shoot("sartiq-slider")
        press(walker, page, "Difference")
        await walker.until(lambda: not compare.wants_difference)
        await walker.quiet()
        await walker.shoot("sartiq-difference")
        press(walker, page, "Side by side")
        await walker.until(lambda: compare.view is View.SIDES)
        await walker.quiet()
        return "before and after under a handle, by their difference, and side by side"

    # Keeping and deleting

    async def _favourite(self) -> str:
        walker, bench = self._walker, self._walker.bench
        await self._choose(await self._item(self._adjusted))
        bench.commands.run("item.favourite")

        async def is_told() -> bool:
            return (await self._client.get_prediction(self._adjusted)).favourite

        await walker.until_async(is_told)
        item = await self._item(self._adjusted)
        walker.expect(item.is_favourite, "the library does not know")
        walker.expect(item.versions == 2, f"{item.versions} versions lie on it")
        await walker.quiet()
        return "it is a favourite on the server, too; two versions lie on it"

    async def _refused(self) -> str:
        """Delete what another client has just made the last of its generation."""
        walker, bench = self._walker, self._walker.bench
        prediction = await self._client.get_prediction(self._adjusted)
        generation = await self._client.get_generation(prediction.generation_id)
        others = [one.id for one in generation.predictions if one.id != self._adjusted]
        await self._choose(await self._item(self._adjusted))
        bench.commands.run("item.delete")
        asked = await self._question()
        for other in others:
            await self._client.delete_prediction(other)
        press(walker, asked, "Delete")
        await walker.until(lambda: asked not in self._dialogs())
        refused = await self._question()
        said = _texts(refused)
        walker.expect("the last one of its generation" in said, f"it says: {said}")
        left = await self._client.get_prediction(self._adjusted)
        walker.expect(left.favourite, "it is another one on the server")
        await walker.quiet()
        await walker.shoot("sartiq-last-one")
        press(walker, refused, "Delete generation")
        await walker.until_async(self._is_gone(generation.id))
        await walker.until_async(self._is_unknown(self._adjusted))
        await walker.quiet()
        return "the last one of a generation is not deleted alone; its generation was, on request"

    async def _delete(self) -> str:
        walker, bench = self._walker, self._walker.bench
        ids = (self._uploaded, self._first, self._second)
        groups = [(await self._client.get_prediction(one)).generation_id for one in ids]
        await self._choose(*[await self._item(one) for one in ids])
        bench.commands.run("item.delete")
        asked = await self._question()
        said = _texts(asked)
        walker.expect("3 generations go as a whole" in said, f"the question says: {said}")
        walker.expect("cannot be undone" in said, f"the question says: {said}")
        await walker.quiet()
        await walker.shoot("sartiq-whole")
        press(walker, asked, "Delete")
        for group in groups:
            await walker.until_async(self._is_gone(group))
        for one in ids:
            await walker.until_async(self._is_unknown(one))
        page = await self._client.list_generations()
        walker.expect(not page.data, f"{len(page.data)} generations are left")
        await walker.quiet()
        return "the warning counts the whole generations, and then they are gone, here and there"

    # What the steps share

    @property
    def _session(self) -> Session:
        return self._open_session()

    def _is_open(self, *, but: str) -> bool:
        """Whether a workspace is open, and not this one."""
        from scenario_desktop.tour import Unexpected

        try:
            return self._session.workspace_id != but
        except Unexpected:  # between two
            return False

    @property
    def _panel(self) -> RefineController:
        panel: RefineController = self._walker.bench.refine.controller
        return panel

    @property
    def _page(self) -> RunsPage:
        from scenario_desktop.ui.panels.runs.page import RunsPage

        return self._only(self._walker.bench.window, RunsPage)

    @property
    def _runs(self) -> RunsController:
        panel: RunsController = self._walker.bench.runs.controller
        return panel

    @staticmethod
    def _only(place: Any, kind: type[W]) -> W:
        found: list[W] = [one for one in place.findChildren(kind) if one.isVisible()]
        return found[0]

    @property
    def _compare_view(self) -> RefineCompare:
        from scenario_desktop.ui.panels.refine.compare import RefineCompare

        return self._only(self._walker.bench.window, RefineCompare)

    def _plan_text(self) -> str:
        from scenario_desktop.ui.panels.refine.dock import RefineDock

        return _texts(self._only(self._walker.bench.window, RefineDock))

    async def _pictures(self) -> list[Item]:
        """Return the pictures that came in, the smallest ones first; they take the least time."""
        from scenario_desktop.items import ItemQuery, Source

        library = self._session.library
        query = ItemQuery(sources=(Source.SCENARIO,), types=("uploaded",), kinds=("image",))
        found = (await library.items(await library.keys(query))).values()
        good = [one for one in found if one.width and one.height]
        self._walker.expect(bool(good), "there is no picture in the library")
        good.sort(key=lambda one: (one.width or 0) * (one.height or 0))
        return [good[min(1, len(good) - 1)], good[0]]

    async def _item(self, item_id: str) -> Item:
        item = await self._session.library.item(item_id)
        self._walker.expect(item is not None, "it is not in the library")
        assert item is not None  # noqa: S101 - for the type checker; said in words above
        return item

    async def _choose(self, *items: Item) -> None:
        bench = self._walker.bench
        bench.window.set_page("gallery")
        keys = [item.key for item in items]
        gallery = bench.gallery.controller
        bench.gallery.view.grid.clear_choice()  # a version of the same item may be looked at
        gallery.reveal(keys)
        bench.gallery.view.grid.setFocus()
        await self._walker.until(lambda: sorted(gallery.chosen_keys()) == sorted(keys))

    async def _open_adjuster(self, *items: Item) -> None:
        """Choose items and open the adjuster's form for them."""
        walker, bench = self._walker, self._walker.bench
        await self._choose(*items)
        bench.commands.run("runs.adjust")
        await walker.until(lambda: bench.window.page == "runs")
        wanted = [item.id for item in items]
        await walker.until(lambda: [ref.item_id for ref in self._runs.draft.mains] == wanted)

    def _fill_in(self, **values: int) -> None:
        from scenario_desktop.ui.panels.runs.dock import RunsDock

        form = self._only(self._walker.bench.window, RunsDock).form
        for name, value in values.items():
            type_into(self._walker, form.editor(name), str(value))

    async def _made(
        self, known: Collection[str], generations: int, each: int
    ) -> list[GenerationPublic]:
        """Wait on the server for so many more generations, each whole, and return them."""
        found: list[GenerationPublic] = []

        async def are_whole() -> bool:
            page = await self._client.list_generations()
            found[:] = [one for one in page.data if one.id not in known]
            return [_done(one.predictions) for one in found] == [each] * generations

        await self._walker.until_async(are_whole)
        return found

    async def _address_of(self, item: Item) -> str:
        return await self._session.library.fresh_url(item.key)

    async def _bytes_of(self, address: str) -> bytes:
        return await self._session.files.fetch(address, 2**28)

    async def _newest_refine(self, prediction_id: str) -> RefinePublic:
        page = await self._client.list_refines(prediction_id)
        self._walker.expect(bool(page.data), "the server has no refine of it")
        return max(page.data, key=lambda one: (one.width or 0, one.id))

    async def _send_refines(self) -> None:
        """Press the button, and wait until each input has its result."""
        jobs, inputs = self._session.jobs, self._panel.inputs
        before = {row.id for row in jobs.rows}
        self._walker.bench.commands.run("refine.run")

        def is_done() -> bool:
            rows = [row for row in jobs.rows if row.id not in before]
            failed = [row.error for row in rows if row.error]
            self._walker.expect(not failed, f"it failed: {' '.join(failed)}")
            return len([row for row in rows if row.result_ids]) == len(inputs)

        await self._walker.until(is_done)

    def _is_known(self, *item_ids: str) -> Callable[[], Awaitable[bool]]:
        async def are_there() -> bool:
            found = [await self._session.library.item(item_id) for item_id in item_ids]
            return all(item is not None and item.status == "success" for item in found)

        return are_there

    def _is_unknown(self, item_id: str) -> Callable[[], Awaitable[bool]]:
        async def is_so() -> bool:
            return await self._session.library.item(item_id) is None

        return is_so

    def _is_gone(self, generation_id: str) -> Callable[[], Awaitable[bool]]:
        async def is_so() -> bool:
            try:
                await self._client.get_generation(generation_id)
            except NotFound:
                return True
            return False

        return is_so

    def _dialogs(self) -> list[Any]:
        from scenario_desktop.ui.dialogs import Dialog

        window = self._walker.bench.window
        return [one for one in window.findChildren(Dialog) if one.isVisible()]

    async def _question(self) -> Dialog:
        from scenario_desktop.ui.dialogs import Dialog

        return await dialog_of(self._walker, Dialog)


def _input_address(generation: GenerationPublic) -> str:
    """Return where the server has the picture that a generation was made of."""
    return next((media.url or "" for media in generation.reference_images_media), "")


def _size(made: PredictionPublic | RefinePublic) -> tuple[int | None, int | None]:
    media = made.result_image_media
    return (media.width, media.height) if media is not None else (None, None)


def _done(predictions: Sequence[PredictionPublic]) -> int:
    return sum(one.image_url is not None for one in predictions)


def _texts(place: Any) -> str:
    from PySide6.QtWidgets import QLabel

    said = " ".join(one.text() for one in place.findChildren(QLabel) if one.isVisible())
    return said.replace(NO_BREAK, " ")

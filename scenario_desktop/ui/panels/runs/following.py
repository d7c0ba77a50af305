"""Shows on the page what becomes of a run: how far it is, its attempts, its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from scenario_desktop.errors import BadInput
from scenario_desktop.items import Item
from scenario_desktop.services.job_views import ACTIVE, JobState, JobView
from scenario_desktop.services.sartiq.adjusting import AdjustPreview, preview_adjust
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.words import duration
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.dialogs import choose_save_path
from scenario_desktop.ui.panels.runs.beside_view import Side
from scenario_desktop.ui.panels.runs.kinds import KINDS
from scenario_desktop.ui.panels.runs.page import Action, ResultTile, RunsPage, Status, View
from scenario_desktop.ui.panels.runs.pictures import RunPicturesLoader
from scenario_desktop.ui.panels.runs.ports import RunsPorts
from scenario_desktop.ui.panels.runs.state import (
    Attempt,
    RunDraft,
    agentic_text,
    attempts_of,
    key_of,
)
from scenario_desktop.ui.widgets.banner import Tone

if TYPE_CHECKING:
    from scenario_desktop.api.models.sartiq.answers import AgenticShotStatus

_CANCEL, _JOBS, _REVEAL = "Cancel", "Show in the jobs", "Show in the library"
#: Shapes that differ by less than this are laid over each other, as a share.
_SAME_SHAPE = 0.02
_TASK = "task"
#: Before and after at once.
_BOTH = (View.SPLIT, View.SIDES)


class RunFollower(QObject):
    """Keeps the page as the draft and its run stand.

    Signals:
        jobs_requested: a row of the jobs should be shown.
        reveal_requested: ids of results to show in the library.
    """

    jobs_requested = Signal(str)
    reveal_requested = Signal(object)

    def __init__(self, page: RunsPage, ports: RunsPorts, parent: QObject) -> None:
        super().__init__(parent)
        self._page, self._ports = page, ports
        self._draft = RunDraft(Op.GENERATE)
        self._current = ""
        self._rows: dict[tuple[Op, str], str] = {}
        self._chosen: dict[str, str] = {}  # row → tile
        self._view: dict[Op, View] = {}
        self._shown_off: set[str] = set()  # rows whose result comes to the front by itself
        self._failure = ""
        self._asked = ("", "")
        self.loader = RunPicturesLoader(ports, self)
        self.loader.found.connect(self.show)
        self.loader.small_ready.connect(self._on_small)
        self.loader.large_ready.connect(self._on_large)
        self.loader.large_failed.connect(self._on_large_failed)
        self.cancelling = AsyncAction(self._cancel, parent=self)
        self.opening = AsyncAction(self._open_outside, parent=self)
        self.saving = AsyncAction(self._save, parent=self)
        for action in (self.cancelling, self.opening, self.saving):
            action.failed.connect(ports.messages.report)
        page.result_chosen.connect(self._on_result_chosen)
        page.view_chosen.connect(self._on_view_chosen)
        page.retry_requested.connect(self.retry)
        page.status_action_requested.connect(self._on_status_action)
        page.outside_requested.connect(self.opening.trigger)
        page.save_requested.connect(self.saving.trigger)
        if ports.service is not None:
            ports.service.jobs.changed.connect(self._on_jobs_changed)
            ports.service.runs.agentic_changed.connect(self._on_jobs_changed)

    def close(self) -> None:
        """Follow nothing any more."""
        service = self._ports.service
        if service is not None:
            service.jobs.changed.disconnect(self._on_jobs_changed)
            service.runs.agentic_changed.disconnect(self._on_jobs_changed)

    # What the controller says

    @property
    def current(self) -> str:
        """The key of the picture that is looked at; empty for none."""
        return self._current

    @property
    def row_id(self) -> str:
        """The run that is shown; empty for none."""
        key = self._current if KINDS[self._draft.op].main else ""
        return self._rows.get((self._draft.op, key), "")

    def follow(self, op: Op, key: str, row_id: str) -> None:
        """Show a run that was sent for a picture, or for none."""
        self._rows[(op, key)] = row_id
        self._shown_off.add(row_id)
        self._view.pop(op, None)

    def set_draft(self, draft: RunDraft, *, is_edit: bool = False) -> None:
        """Show another state of the form; after an edit, what it will do rather than what it did.

        Args:
            is_edit: the user has changed it just now.
        """
        if draft.op is not self._draft.op:
            self._failure = ""
        elif is_edit and draft.op is Op.ADJUST:
            self._view[Op.ADJUST] = View.PICTURE
        self._draft = draft
        refs = [ref for slot in draft.slots.values() for ref in slot]
        keys = [key_of(ref) for ref in refs]
        if self._current not in keys:
            mains = draft.mains
            self._look_at(key_of(mains[0]) if mains else "")
        self.loader.find([r.item_id for r in refs], [r.file for r in refs])
        self._adopt()
        self.show()

    def look_at(self, key: str) -> None:
        """Show another picture of the form."""
        self._look_at(key)
        self._adopt()
        self.show()

    def retry(self) -> None:
        """Load again what could not be loaded."""
        self._failure = ""
        self._asked = ("", "")
        self._load_before()
        self.show()

    def _look_at(self, key: str) -> None:
        if key != self._current:
            self._current, self._failure = key, ""
            self._asked = ("", "")
            self._load_before()

    def _load_before(self) -> None:
        ref = self._ref()
        if ref is not None:
            self.loader.load_before(ref)

    def _ref(self) -> PictureRef | None:
        for refs in self._draft.slots.values():
            for ref in refs:
                if key_of(ref) == self._current:
                    return ref
        return None

    def _adopt(self) -> None:
        """Take the newest run of this kind for what is shown, also one of an earlier start."""
        service, op = self._ports.service, self._draft.op
        if service is None:
            return
        has_main = bool(KINDS[op].main)
        key = self._current if has_main else ""
        ref = self._ref()
        if (op, key) in self._rows or (has_main and (ref is None or not ref.item_id)):
            return
        for view in service.jobs.rows:
            is_of = not has_main or view.input_item_id == (ref.item_id if ref else "")
            if view.kind == op and is_of:
                self._rows[(op, key)] = view.id
                return

    def view(self) -> JobView | None:
        """Return the row of the run that is shown."""
        service = self._ports.service
        return service.jobs.view(self.row_id) if service is not None and self.row_id else None

    # Showing

    def _on_jobs_changed(self, _change: object = None) -> None:
        if self._page.isVisible():  # else it is shown anew when it comes to the front
            self._adopt()
            self.show()

    def show(self) -> None:
        """Show everything as it stands."""
        if self._ports.service is None:
            return
        view = self.view()
        status = self._agentic()
        attempts = attempts_of(status) if status is not None else []
        results = self._results(view)
        chosen = self._chosen_tile(view, attempts, results)
        self._page.show_status(self._status(view, status))
        self._show_strip(attempts, results, chosen)
        self._show_stage(view, attempts, results, chosen)

    def _agentic(self) -> AgenticShotStatus | None:
        service = self._ports.service
        if service is None or self._draft.op is not Op.AGENTIC or not self.row_id:
            return None
        return service.runs.agentic(self.row_id)

    def _results(self, view: JobView | None) -> list[Item]:
        if view is None or not view.result_ids:
            return []
        self.loader.find(view.result_ids)
        found = [self.loader.items.get(i) for i in view.result_ids]
        return [item for item in found if item is not None]

    def _task_address(self) -> str:
        service = self._ports.service
        if service is None or self._draft.op is not Op.TASK or not self.row_id:
            return ""
        task = service.runs.task(self.row_id)
        return task.image_url or "" if task is not None else ""

    def _chosen_tile(
        self, view: JobView | None, attempts: Sequence[Attempt], results: Sequence[Item]
    ) -> str:
        keys = [a.key for a in attempts] or [f"item:{item.id}" for item in results]
        chosen = self._chosen.get(view.id, "") if view is not None else ""
        if chosen in keys:
            return chosen
        best = [a.key for a in attempts if a.is_best and a.address]
        return (best or [a.key for a in attempts if a.address] or keys or [""])[0]

    def _status(self, view: JobView | None, agentic: AgenticShotStatus | None) -> Status | None:
        if view is None:
            return None
        text = f"{view.status_text}. {view.hint}".strip() if view.hint else view.status_text
        if view.state in ACTIVE:
            if agentic is not None:
                text = agentic_text(agentic)[1]
            progress = view.progress if view.progress is not None else view.upload_progress
            action = _CANCEL if view.can_cancel else ""
            return Status(text, Tone.INFO, True, progress, action)
        match view.state:
            case JobState.DONE:
                seconds = view.elapsed_s or 0.0
                took = f" after {duration(seconds)}" if seconds >= 1 else ""
                return Status(
                    f"{text}{took if not view.hint else ''}", Tone.SUCCESS,
                    action=_REVEAL if view.result_ids else "",
                )  # fmt: skip
            case JobState.FAILED:
                if agentic is not None and not agentic.final_image_url:
                    return Status(agentic_text(agentic)[1], Tone.WARNING)
                return Status(text, Tone.DANGER, action=_JOBS)
            case JobState.NOT_SENT:
                return Status(text, Tone.DANGER, action=_JOBS)
            case JobState.UNCERTAIN:
                return Status(text, Tone.WARNING, action=_JOBS)
            case _:
                return Status(text, Tone.INFO)

    def _show_strip(
        self, attempts: Sequence[Attempt], results: Sequence[Item], chosen: str
    ) -> None:
        detail = ""
        if attempts:
            tiles = [ResultTile(a.key, a.title, a.caption, "image", a.is_best) for a in attempts]
            detail = next((a.detail for a in attempts if a.key == chosen), "")
            self._page.show_results(tiles, chosen, detail)
            self._fill({a.key: self._attempt_key(a) for a in attempts})
            self.loader.load_addresses((self._attempt_key(a), a.address) for a in attempts)
            return
        if len(results) > 1 or any(item.status == "error" for item in results):
            tiles = [_tile(item) for item in results]
            self._page.show_results(tiles, chosen)
            good = [item for item in results if item.status == "success"]
            self._fill({f"item:{item.id}": f"item:{item.id}" for item in good})
            self.loader.load_small(PictureRef.of(item) for item in good)
        else:
            self._page.show_results([], "")

    def _fill(self, tiles: Mapping[str, str]) -> None:
        """Put pictures that are there into tiles that have none."""
        for tile, key in tiles.items():
            if self._page.needs_picture(tile):
                self._page.set_result_picture(tile, self.loader.small_of(key))

    def _attempt_key(self, attempt: Attempt) -> str:
        return f"{self.row_id}/{attempt.key}"

    def _show_stage(
        self,
        view: JobView | None,
        attempts: Sequence[Attempt],
        results: Sequence[Item],
        chosen: str,
    ) -> None:
        attempt = next((a for a in attempts if a.key == chosen), None)
        item = next((i for i in results if f"item:{i.id}" == chosen), None)
        address = self._task_address()
        key, where = "", ""
        if attempt is not None and attempt.address:
            key, where = self._attempt_key(attempt), attempt.address
        elif item is not None and item.status == "success":
            key = chosen
        elif address:
            key, where = f"{self.row_id}/{_TASK}", address
        self._page.outside.setVisible(item is not None and item.kind == "video")
        self._page.save.setVisible(bool(where))
        if key and self._asked != (key, self.row_id):
            self._asked = (key, self.row_id)
            self.loader.load_after(key, where)
        after = self.loader.large(key) if key else QPixmap()
        if key and after.isNull():
            after = self.loader.small_of(key)
        ref = self._ref()
        before = self._before(ref)
        self._show_head(ref, item)
        is_failed = view is not None and view.state in (JobState.FAILED, JobState.NOT_SENT)
        if self._draft.op is Op.ADJUST and ref is not None and not before.isNull():
            self._show_adjusting(before, after)
        elif not before.isNull() or not after.isNull():
            self._show_pictures(before, after, attempt.title if attempt else "Result")
        else:
            self._page.show_views([(View.PICTURE, "Picture")], View.PICTURE)
            self._show_nothing(view, ref, is_failed=is_failed)

    def _before(self, ref: PictureRef | None) -> QPixmap:
        if ref is None:
            return QPixmap()
        large = self.loader.large(key_of(ref))
        return large if not large.isNull() else self.loader.small_of(key_of(ref))

    def _show_head(self, ref: PictureRef | None, item: Item | None) -> None:
        kind = KINDS[self._draft.op]
        if ref is not None:
            found = self.loader.items.get(ref.item_id)
            name = found.name if found is not None and found.name else ref.name
            self._page.show_head(name or kind.title, self.loader.sizes.get(key_of(ref)))
        elif item is not None:
            size = (item.width, item.height) if item.width and item.height else None
            self._page.show_head(item.name or kind.title, size)
        else:
            self._page.show_head(kind.title, None)

    def _show_pictures(self, before: QPixmap, after: QPixmap, name: str) -> None:
        views = [(View.PICTURE, "Before")] if not before.isNull() else []
        views += _both(before, after)
        if not after.isNull():
            views.append((View.RESULT, "Result"))
        known = [view for view, _ in views]
        usual = next((view for view in known if view in _BOTH), known[-1])
        wanted = self._view.get(self._draft.op, usual)
        shown = wanted if wanted in known else usual
        self._page.show_views(views, shown)
        if shown is View.SIDES:
            self._show_beside(before, after, name)
            return
        self._page.show_picture(before, after, shown, ("Before", name))
        if shown is View.RESULT:
            self._show_result_size()

    def _show_adjusting(self, before: QPixmap, after: QPixmap) -> None:
        views = [(View.PICTURE, "Preview"), *_both(before, after)]
        if not after.isNull():
            views.append((View.RESULT, "Result"))
        known = [view for view, _ in views]
        both = next((view for view in known if view in _BOTH), View.PICTURE)
        usual = both if self.row_id in self._shown_off else View.PICTURE
        wanted = self._view.get(Op.ADJUST, usual)
        shown = wanted if wanted in known else usual
        self._page.show_views(views, shown)
        if shown is View.SIDES:
            self._show_beside(before, after, "After")
            return
        if shown is not View.PICTURE:
            self._page.show_picture(before, after, shown, ("Before", "After"))
            self._show_result_size()
            return
        self._page.show_adjust(before)
        preview, problem = self.preview()
        self._page.adjust.set_preview(preview, problem)

    def _show_beside(self, before: QPixmap, after: QPixmap, name: str) -> None:
        sizes = self.loader.sizes
        self._page.show_beside(
            Side(before, "Before", sizes.get(self._current)),
            Side(after, name, sizes.get(self._asked[0])),
        )

    def _show_result_size(self) -> None:
        size = self.loader.sizes.get(self._asked[0])
        if size is not None:
            self._page.show_size(size)

    def preview(self) -> tuple[AdjustPreview | None, str]:
        """Return what adjusting the picture that is looked at will do, or why nothing."""
        size = self.loader.sizes.get(self._current)
        if size is None:
            return None, "The size of the picture is not known yet."
        like = self._draft.refs("reference_images")[:1]
        reference = self.loader.sizes.get(key_of(like[0])) if like else None
        try:
            return preview_adjust(*size, self._draft.shown(), reference), ""
        except BadInput as error:
            return None, error.message

    def _show_nothing(
        self, view: JobView | None, ref: PictureRef | None, *, is_failed: bool
    ) -> None:
        kind, page = KINDS[self._draft.op], self._page
        if self._failure:
            page.show_empty(
                "image-off", "The picture cannot be shown", self._failure, "Try again", Action.RETRY
            )
        elif ref is not None and self.loader.before.is_busy:
            page.show_loading("Loading the picture…")
        elif view is not None and view.state in ACTIVE:
            page.show_loading(view.status_text, view.title)
        elif view is not None and view.state is JobState.DONE and not view.result_ids:
            text = (
                "Its address is told again when the service is asked."
                if (self._draft.op is Op.TASK)
                else "The service names no picture."
            )
            page.show_empty(kind.icon, "Nothing to show here", text, "")
        elif is_failed and ref is None and not kind.main:
            text = "Change the form and start it again."
            page.show_empty("image-off", "No picture came of it", text, "")
        elif kind.main:
            page.show_empty(
                kind.icon, "Choose a picture",
                f"{kind.promise} Pick pictures in the library, or drop files here.",
                "Add…", Action.ADD,
            )  # fmt: skip
        else:
            page.show_empty(
                kind.icon, kind.title,
                f"{kind.promise} Fill in the form at the right; what comes of it appears here.", "",
            )  # fmt: skip

    # What comes, and what the user does

    def _on_small(self, key: str, picture: QPixmap, _name: str) -> None:
        tile = key.rpartition("/")[2] if key.startswith(f"{self.row_id}/") else key
        if self.row_id or key.startswith("item:"):
            self._page.set_result_picture(tile, picture)
        is_shown = key in (self._current, self._asked[0])
        if is_shown and not picture.isNull() and self.loader.large(key).isNull():
            self.show()

    def _on_large(self, key: str, _picture: QPixmap) -> None:
        if key in (self._current, self._asked[0]):
            self._failure = ""
            self.show()

    def _on_large_failed(self, key: str, why: str) -> None:
        if key in (self._current, self._asked[0]):
            self._failure = why
            self.show()

    def _on_result_chosen(self, key: str) -> None:
        if self.row_id:
            self._chosen[self.row_id] = key
            if self._view.get(self._draft.op) is View.PICTURE:
                self._view.pop(self._draft.op)
            self._shown_off.add(self.row_id)
            self.show()

    def _on_view_chosen(self, view: str) -> None:
        self._view[self._draft.op] = View(view)
        self.show()

    def _on_status_action(self) -> None:
        view = self.view()
        if view is None:
            return
        if view.state in ACTIVE:
            self.cancelling.trigger(view.id)
        elif view.state is JobState.DONE:
            self.reveal_requested.emit(view.result_ids)
        else:
            self.jobs_requested.emit(view.id)

    async def _cancel(self, row_id: str) -> None:
        if self._ports.service is not None:
            await self._ports.service.jobs.cancel(row_id)

    async def _open_outside(self) -> None:
        view = self.view()
        chosen = self._chosen_tile(view, [], self._results(view)).removeprefix("item:")
        item = self.loader.items.get(chosen)
        if item is not None:
            await self._ports.open_outside(item)

    async def _save(self) -> None:
        """Save an attempt's or a task's picture, which has no place in the library."""
        service = self._ports.service
        address = self._shown_address()
        if service is None or not address:
            return
        name = f"{KINDS[self._draft.op].title} result.png"
        path = await choose_save_path(self._page.window(), "Save the picture", name)
        if path is not None:
            await service.addresses.save(address, Path(path))
            self._ports.messages.toast(f"Saved {path.name}")

    def _shown_address(self) -> str:
        status = self._agentic()
        attempts = attempts_of(status) if status is not None else []
        chosen = self._chosen_tile(self.view(), attempts, [])
        found: Mapping[str, str] = {a.key: a.address for a in attempts}
        return found.get(chosen) or self._task_address()


def _tile(item: Item) -> ResultTile:
    if item.status == "error":
        return ResultTile(f"item:{item.id}", f"{item.name}: failed", "Failed", "circle-alert")
    if item.status == "pending":
        return ResultTile(f"item:{item.id}", f"{item.name}: in work", "In work", "clock")
    is_video = item.kind == "video"
    return ResultTile(f"item:{item.id}", item.name, "Video" if is_video else "",
                      "play" if is_video else "image")  # fmt: skip


def _both(before: QPixmap, after: QPixmap) -> list[tuple[View, str]]:
    """Return the way to see both at once: under a handle only where they are of one shape."""
    if before.isNull() or after.isNull():
        return []
    return [(View.SPLIT, "Split") if _is_same_shape(before, after) else (View.SIDES, "Both")]


def _is_same_shape(before: QPixmap, after: QPixmap) -> bool:
    first = before.width() * after.height()
    second = after.width() * before.height()
    return abs(first - second) <= _SAME_SHAPE * max(first, second, 1)

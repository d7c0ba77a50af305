"""The window with all its panels, and the workspace that is open in them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from scenario_desktop import paths
from scenario_desktop.errors import CredentialsUnavailable, Unauthorised
from scenario_desktop.items import Item, Section, TagCount
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui import icons
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.forms.drafts import SettingsAccess
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.canvas.commands import KEYS as CANVAS_KEYS
from scenario_desktop.ui.panels.first_run.view import FirstRunView
from scenario_desktop.ui.panels.gallery.page import make_gallery
from scenario_desktop.ui.panels.gallery.prefs import GalleryPrefs
from scenario_desktop.ui.panels.imports.controller import ImportsController
from scenario_desktop.ui.panels.imports.view import ImportCard
from scenario_desktop.ui.panels.inspector.controller import InspectorController
from scenario_desktop.ui.panels.inspector.view import InspectorView
from scenario_desktop.ui.panels.jobs.controller import JobsController
from scenario_desktop.ui.panels.jobs.notifier import Notifier
from scenario_desktop.ui.panels.jobs.view import JobBar, JobsView
from scenario_desktop.ui.panels.keys.view import LIBRARY, KeysSheet
from scenario_desktop.ui.panels.palette.controller import PaletteController
from scenario_desktop.ui.panels.palette.entries import Entry, Scope
from scenario_desktop.ui.panels.preview.controller import PreviewController
from scenario_desktop.ui.panels.preview.view import PreviewView
from scenario_desktop.ui.panels.sidebar.controller import SidebarController
from scenario_desktop.ui.panels.sidebar.model import Target, TargetKind, Work
from scenario_desktop.ui.panels.sidebar.view import SidebarView
from scenario_desktop.ui.panels.topbar.controller import TopBarController
from scenario_desktop.ui.panels.topbar.view import TopBarView
from scenario_desktop.ui.panels.topbar.waiting import WaitingEdits
from scenario_desktop.ui.widgets.suggestions import MAX_ROWS
from scenario_desktop.ui.workbench import (
    canvas_room,
    detect_room,
    generation_room,
    refine_room,
    runs_room,
    training_room,
)
from scenario_desktop.ui.workbench.chosen import MAX_PLACED, Chosen
from scenario_desktop.ui.workbench.finding import find_entries
from scenario_desktop.ui.workbench.item_commands import ItemCommands
from scenario_desktop.ui.workbench.navigation import FIRST_RUN, Navigation
from scenario_desktop.ui.workbench.place import GalleryPlace
from scenario_desktop.ui.workbench.searching import Searching
from scenario_desktop.ui.workbench.shell import GALLERY, Shell
from scenario_desktop.ui.workbench.spend import MonthSpend
from scenario_desktop.ui.workbench.usage_room import UsageRoom

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session
    from scenario_desktop.services.sync_loop import SyncStatus


@dataclass(frozen=True, slots=True)
class WorkbenchPorts:
    """What the workbench needs of the program around it.

    Attributes:
        drag_folder: where copies lie that are dragged into other programs; emptied at start.
    """

    settings: SettingsAccess
    drag_folder: Path


class Workbench(QObject):
    """Fills the window and shows one session at a time in it.

    Attributes:
        window, commands, store: for whoever adds to them.

    Signals:
        settings_requested, spending_requested, connect_requested: dialogs that the program around
            it opens.
        sartiq_requested: the open workspace has no Sartiq half, and one is wanted.
        retry_requested: the server should be tried again now.
        keys_requested: the keys of the open workspace should be typed anew.
    """

    settings_requested = Signal()
    spending_requested = Signal()
    connect_requested = Signal()
    sartiq_requested = Signal()
    retry_requested = Signal()
    keys_requested = Signal()

    def __init__(self, ports: WorkbenchPorts, shell: Shell) -> None:
        super().__init__()
        self._ports = ports
        self._session: Session | None = None
        self._unopened: object = None
        self._is_local = True
        self.commands, self.window, self.store = shell.commands, shell.window, shell.store
        self.window.on_state = self._remember_window
        self.window.setWindowIcon(icons.app_icon())
        self.notices = self.window.notices
        self.gallery = make_gallery(
            self.store,
            notices=self.notices,
            commands=self.commands,
            prefs=shell.prefs,
            cache=shell.cache,
            grid=shell.grid,
        )
        self._shown_already = shell.workspace_id
        if shell.query is not None:
            self.gallery.controller.adopt(shell.query, shell.order)
        self.chosen = Chosen(self.gallery.controller, self.window, self._has_session)
        self._add_commands()
        self.sidebar_view = SidebarView(
            [
                Work("detect.open", "Detect", "scan-line", "D", needs_scenario=True),
                Work("refine.open", "Refine", "maximize-2", "R"),
                Work("usage.open", "Usage", "chart-column", "U"),
                Work(runs_room.NEW, "New with Sartiq…", "sparkles", "N"),
            ]
        )
        self.topbar_view = TopBarView(self.commands)
        self.first_run = FirstRunView(samples=len(sample_pictures()))
        self.sidebar = SidebarController(self.sidebar_view, self.commands, self.notices)
        self.topbar = TopBarController(self.topbar_view, self.window, self.commands, self.notices)
        self.waiting_edits = WaitingEdits(self.topbar_view, self.window, notices=self.notices)
        self.card = ImportCard(self.window)
        self.imports = ImportsController(self.card, self.notices)
        self.spend = MonthSpend(self.sidebar_view, self.notices, settings=ports.settings)
        self.usage = UsageRoom(self.window, ports.settings, self.store)
        self.place = GalleryPlace(self.gallery.controller, ports.settings)
        self.searching = Searching(
            self.topbar_view.search,
            self.collection_names,
            self,
            complete_tags=self._complete_tags,
        )
        self.searching.complete.failed.connect(self.notices.report)
        self.detect = detect_room.DetectRoom(self.window, self.commands, ports.settings)
        self.refine = refine_room.RefineRoom(
            self.window,
            self.commands,
            ports.settings,
            self.chosen,
        )
        self.runs = runs_room.RunsRoom(
            self.window,
            self.commands,
            ports.settings,
            self.chosen,
            ports.drag_folder / "player",
        )
        self.generation = generation_room.GenerationRoom(self.window)
        self.training = training_room.TrainingRoom(self.window, self.commands)
        self.canvas = canvas_room.CanvasRoom(
            self.window, self.commands, ports.settings, ports.drag_folder / "canvas"
        )
        self.job_bar, self.jobs_view = JobBar(), JobsView()
        self.jobs = JobsController(
            self.jobs_view, self.job_bar, self.notices, Notifier(self.window)
        )
        self.commands.add(*self.jobs.commands())
        self.inspector_view = InspectorView()
        self.inspector = InspectorController(
            self.inspector_view, self.store, notices=self.notices, commands=self.commands
        )
        self.preview_view = PreviewView(self.gallery.view)
        self.preview = PreviewController(self.preview_view, self.store)
        self.items = ItemCommands(
            self.window,
            self.gallery.controller,
            self.notices,
            self.collection_names,
            editor=self.inspector,
            page=_LibraryPage(self.window, self.preview),
            player_folder=ports.drag_folder / "player",
        )
        self.items.add_to(self.commands)
        self.palette = PaletteController(
            self.window, self.commands, self.notices, pictures=self.store
        )
        self._detecting = self._action(self._open_detect_with)
        self._refining = self._action(self._open_refine_with)
        self._creating = self._action(self._new_canvas)
        self._placing = self._action(self._place_chosen)
        self._editing = self._action(self._edit_again)
        self._counting = self._action(self._count_all, Overlap.RESTART)
        self._place_panels()
        shell.drop_blanks()
        self.window.restore_jobs()
        self.navigation = Navigation(
            self.window, self.notices, gallery=self.gallery, first_run=self.first_run,
            sidebar=self.sidebar, searching=self.searching, inspector=self.inspector,
            forms={
                runs_room.PAGE: self.runs, detect_room.PAGE: self.detect,
                refine_room.PAGE: self.refine,
            },
            back=self.canvas.come_back, cover=self.preview_view,
        )  # fmt: skip
        self._connect()
        self.topbar.show_starting("Starting")

    def _action(self, function: Any, overlap: Overlap = Overlap.IGNORE) -> AsyncAction:
        action = AsyncAction(function, parent=self, overlap=overlap)
        action.failed.connect(self.notices.report)
        return action

    def _place_panels(self) -> None:
        window = self.window
        window.set_top_bar(self.topbar_view)
        window.set_sidebar(self.sidebar_view)
        window.add_page(GALLERY, self.gallery.view)
        window.add_page(FIRST_RUN, self.first_run)
        window.set_dock(self.inspector_view, page=GALLERY)
        window.set_job_bar(self.job_bar)
        window.set_job_panel(self.jobs_view)

    def _connect(self) -> None:
        gallery, first_run = self.gallery.controller, self.first_run
        self.sidebar.query_chosen.connect(self.navigation.go_to)
        self.sidebar_view.all_wanted.connect(self._choose_all)
        gallery.query_changed.connect(self.navigation.show_query)
        gallery.import_requested.connect(self.import_files)
        gallery.choose_files_requested.connect(self.imports.choose.trigger)
        gallery.retry_requested.connect(self.retry_requested)
        gallery.keys_requested.connect(self.keys_requested)
        gallery.prefs_changed.connect(self._remember_gallery)
        gallery.detect_requested.connect(self._detecting.trigger)
        gallery.canvas_wanted.connect(self._creating_trigger)
        gallery.job_retry_requested.connect(self.jobs.show_job)
        self.searching.query_wanted.connect(self.navigation.go_to)
        first_run.files_dropped.connect(self.import_files)
        first_run.choose_requested.connect(self.imports.choose.trigger)
        first_run.samples_requested.connect(self.add_samples)
        first_run.connect_requested.connect(self.connect_requested)
        first_run.sartiq_requested.connect(self.sartiq_requested)
        gallery.selection_changed.connect(self._on_selection_changed)
        gallery.preview_requested.connect(self.preview.toggle)
        # Enter and double clicks open a canvas; Space shows every item large.
        self.gallery.view.grid.activated.disconnect(gallery.preview_requested)
        self.gallery.view.grid.activated.connect(self._open_item)
        self.gallery.view.grid.group_activated.connect(self.generation.open)
        inspector = self.inspector
        inspector.preview_requested.connect(self.preview.open)
        inspector.detect_requested.connect(self._detecting.trigger)
        inspector.refine_requested.connect(self._refining.trigger)
        inspector.play_requested.connect(self.items.actions["play"].trigger)
        self.preview.play_requested.connect(self.items.actions["play"].trigger)
        self.navigation.video_revealed.connect(self.preview.open)
        inspector.compare_requested.connect(self.preview.compare)
        inspector.generation_requested.connect(self.generation.open)
        inspector.canvas_requested.connect(self.canvas.open)
        inspector.copy_url_requested.connect(self.items.actions["copy_url"].trigger)
        inspector.download_requested.connect(self.items.actions["download"].trigger)
        self.items.actions["copy_url"].busy_changed.connect(inspector.set_copying)
        self.items.collection_wanted.connect(self.sidebar_view.collection_wanted)
        inspector.item_chosen.connect(self.navigation.show_key)
        inspector.children_requested.connect(self.navigation.show_children)
        inspector.tag_chosen.connect(gallery.set_tag)
        inspector.close_requested.connect(self._close_dock)
        self.palette.entry_chosen.connect(self.navigation.show_entry)
        self.sidebar.tag_search_wanted.connect(self._search_tags)
        self.detect.left.connect(self.navigation.leave)
        self.canvas.left.connect(self.navigation.leave)
        self.sidebar_view.rested.connect(self._on_drag_rested)
        self.refine.left.connect(self.navigation.leave)
        self.refine.settings_requested.connect(self.spending_requested)
        self.refine.connect_requested.connect(self.sartiq_requested)
        self.refine.login_requested.connect(self.keys_requested)
        self.refine.retry_requested.connect(self.retry_requested)
        self.refine.reveal_requested.connect(self.navigation.revealing.trigger)
        self.runs.left.connect(self.navigation.leave)
        self.runs.settings_requested.connect(self.spending_requested)
        self.runs.connect_requested.connect(self.sartiq_requested)
        self.runs.login_requested.connect(self.keys_requested)
        self.runs.retry_requested.connect(self.retry_requested)
        self.runs.jobs_requested.connect(self.jobs.show_job)
        self.runs.reveal_requested.connect(self.navigation.revealing.trigger)
        self.jobs.run_edit_requested.connect(self.runs.open_row)
        self.jobs.generation_requested.connect(self.generation.open_job)
        self.generation.left.connect(self.navigation.leave)
        self.training.left.connect(self.navigation.leave)
        self.training.connect_requested.connect(self.sartiq_requested)
        self.generation.draft_wanted.connect(self.runs.open_draft)
        self.generation.library_requested.connect(self.navigation.show_generation)
        self.generation.tool_requested.connect(self._use_item)
        self.generation.reveal_requested.connect(self.navigation.revealing.trigger)
        self.canvas.detect_wanted.connect(self._detect_item)
        self.canvas.in_front.connect(self.topbar.put_in_front)
        self.canvas.locks_changed.connect(gallery.set_locks)
        self.spend.left_known.connect(self.detect.set_left)
        self.spend.usage_requested.connect(self.usage.open)
        self.usage.month_told.connect(self.spend.tell)
        self.usage.reveal_requested.connect(self.navigation.revealing.trigger)
        self.usage.job_requested.connect(self.jobs.show_job)
        self.usage.budget_requested.connect(self.spending_requested)
        self.usage.keys_requested.connect(self.keys_requested)
        self.detect.settings_requested.connect(self.spending_requested)
        self.jobs.shown_requested.connect(self.window.show_jobs)
        self.jobs.reveal_requested.connect(self.navigation.revealing.trigger)
        self.jobs.edit_requested.connect(self._editing.trigger)
        self.jobs.place_requested.connect(self.canvas.results.place)
        self.window.jobs_shown.connect(self._on_jobs_shown)
        self.topbar_view.state_requested.connect(self._on_state_requested)
        self.topbar_view.search.left.connect(self.navigation.focus_page)
        self.window.bottom_changed.connect(self.card.set_bottom)

    # The workspace

    def bind(self, session: Session, *, is_local: bool) -> None:
        """Show a workspace."""
        self._session, self._is_local = session, is_local
        self.navigation.bind(session.library)
        self.notices.withdraw(self._unopened)
        self.first_run.set_local(is_local)
        is_there = self._shown_already == session.workspace_id and not session.was_rebuilt
        self._shown_already = None
        self.gallery.controller.open(
            session.library,
            session.thumbnails,
            jobs=session.jobs,
            prepare_drag=self._drag_copies,
            keeps=is_there,
            is_local=is_local,
            has_generations=session.sartiq is not None,
        )
        self.sidebar.bind(session.library, has_scenario=session.has_scenario)
        self.topbar.bind(session.library.history, session.sync, is_local=is_local)
        self.waiting_edits.bind(session.outbox)
        self.imports.bind(session.imports)
        self.items.bind(session)
        self.detect.bind(session, is_local=is_local)
        self.refine.bind(session)
        self.usage.bind(session)
        self.runs.bind(session)
        self.generation.bind(session)
        self.training.bind(session)
        self.canvas.bind(session)
        notes = runs_room.notes_of(session)
        self.jobs.set_session(session.jobs, session.library, self.store, notes=notes)
        self.inspector.open(session.library, session.previews)
        self.preview.open_workspace(
            session.previews, self.gallery.controller, session.library, session.videos
        )
        self.palette.bind(self._find, self.store)
        session.library.changed.connect(self._on_library_changed)
        session.sync.status_changed.connect(self.gallery.controller.set_sync_status)
        session.sync.status_changed.connect(self._on_sync_status)
        self.gallery.controller.set_sync_status(session.sync.status)
        self._on_sync_status(session.sync.status)
        self.spend.bind(session, is_local=is_local)
        self.place.open(session.workspace_id, is_there=is_there)
        self._on_selection_changed(self.gallery.controller.chosen_count)
        self.navigation.show_query(self.gallery.controller.query)

    def unbind(self) -> None:
        """Show no workspace, as between two of them."""
        session, self._session = self._session, None
        if session is None:
            return
        self.navigation.bind(None)
        self.place.close()
        self.spend.bind(None)
        session.library.changed.disconnect(self._on_library_changed)
        session.sync.status_changed.disconnect(self.gallery.controller.set_sync_status)
        session.sync.status_changed.disconnect(self._on_sync_status)
        self.window.set_page(GALLERY)
        self.palette.bind(None, None)
        self.preview.open_workspace(None, None)
        self.inspector.open(None)
        self.canvas.unbind()
        self.detect.unbind()
        self.refine.unbind()
        self.usage.unbind()
        self.runs.unbind()
        self.generation.unbind()
        self.training.unbind()
        self.jobs.set_session(None)
        self.items.bind(None)
        self.imports.bind(None)
        self.waiting_edits.bind(None)
        self.topbar.unbind()
        self.sidebar.unbind()
        self.gallery.controller.open(None)

    def show_unopened(self, error: object) -> None:
        """Say why no workspace is open, also where one looks for its items."""
        self._unopened = error
        self.notices.report(error)
        self.topbar_view.set_state("circle-alert", "Not open", "danger", "Try again")
        self.gallery.controller.show_unopened(error)

    def collection_names(self) -> dict[str, str]:
        """Return the names of the open workspace's collections by id."""
        return {c.id: c.name for c in self.sidebar.counts().collections}

    # What the user can do

    def import_files(self, files: Sequence[Path]) -> None:
        """Bring files in; into the collection that is shown, if one is."""
        self.imports.add(files, self.gallery.controller.query.collection_id)

    def usage_open(self) -> None:
        """Show what was used and spent."""
        self.usage.open()

    def add_samples(self) -> None:
        self.imports.add(sample_pictures())

    def _add_commands(self) -> None:
        self.commands.add(
            Command(
                "library.import", "Import pictures…", self._choose_files, icon="image-plus",
                shortcut="Ctrl+O", reason=self.chosen.needs_workspace, words="add open files",
            ),
            Command(
                "library.samples", "Add the sample pictures", self.add_samples, icon="images",
                reason=self.chosen.needs_workspace,
            ),
            Command(
                "detect.open", "Detect…", self._start_detect, icon="scan-line", shortcut="D",
                reason=self.chosen.needs_workspace, note=self.chosen.note,
                words="control map canny depth pose edges",
            ),
            Command(
                "refine.open", "Refine…", self._refining_trigger, icon="maximize-2", shortcut="R",
                reason=self.chosen.needs_workspace, note=self.chosen.note,
                words="upscale larger sartiq enhance",
            ),
            Command(
                "generation.open", "Open generation", self._open_chosen_generation,
                icon="sparkles", shortcut="O", reason=self.chosen.needs_generation,
                words="sartiq parameters results run again",
            ),
            Command(
                "usage.open", "Usage", self.usage_open, group="Go to", icon="chart-column",
                shortcut="U", reason=self.chosen.needs_workspace,
                words="cost spend money budget units report dashboard",
            ),
            Command(
                "canvas.new", "New canvas…", self._creating_trigger, icon="layers",
                shortcut="Ctrl+N", reason=self.chosen.needs_workspace, note=self.chosen.note,
                words="create draw paint edit",
            ),
            Command(
                "canvas.open", "Open canvas", self._open_chosen_canvas, icon="pencil",
                reason=self.chosen.needs_canvas, words="edit draw paint",
            ),
            Command(
                "canvas.place", "Place on canvas", self._placing_trigger, icon="image-plus",
                reason=self.chosen.needs_pictures, note=self.chosen.note, words="layer put insert",
            ),
            Command(
                "library.sync", "Sync now", self._sync_now, icon="refresh-cw", shortcut="F5",
                reason=self.chosen.needs_workspace,
            ),
            Command(
                "view.settings", "Settings…", self.settings_requested.emit, group="View",
                icon="settings", shortcut="Ctrl+,", words="preferences theme",
            ),
            Command(
                "workspace.connect", "Connect account…", self.connect_requested.emit,
                icon="cloud", words="account key login",
            ),
            Command(
                "help.keys", "Show the keyboard shortcuts", self._show_keys, group="Help",
                icon="command", shortcut="F1", words="keys help",
            ),
            Command(
                "program.quit", "Quit", self.window.close, group="View", icon="x",
                shortcut="Ctrl+Q", words="exit close",
            ),
        )  # fmt: skip

    def _on_sync_status(self, status: SyncStatus) -> None:
        if status.state == "idle" and status.error is None:
            self.notices.withdraw_connection_trouble()
            # A pass that finds nothing changes nothing, and would leave the welcome page unshown.
            if status.at is not None and not self.sidebar.counts().sections.get(Section.ALL):
                self._counting.trigger()

    def _has_session(self) -> bool:
        return self._session is not None

    def _show_keys(self) -> None:
        page = CANVAS_KEYS if self.window.page == canvas_room.PAGE else LIBRARY
        KeysSheet(self.window, self.commands.all(), page).open()

    def _open_chosen_generation(self) -> None:
        self.generation.open(self.chosen.generation)

    def _placing_trigger(self) -> None:
        self._placing.trigger()

    async def _place_chosen(self) -> None:
        items = await self.gallery.controller.chosen_items(MAX_PLACED)
        pictures = [i.id for i in items if i.kind in ("image", "") and i.type != "canvas"]
        if pictures:
            self.canvas.results.place(pictures)
        else:
            self.notices.toast("Only pictures can be placed on a canvas")

    def _open_chosen_canvas(self) -> None:
        item = self.chosen.canvas
        if item is not None:
            self.canvas.open(item.id)

    def _on_drag_rested(self, target: Target) -> None:
        """Bring the open canvas to the front, so that what is dragged can be dropped on it."""
        controller = self.canvas.controller
        is_there = target == Target(TargetKind.SECTION, Section.CANVASES)
        if is_there and controller is not None and controller.is_open:
            self.window.set_page(canvas_room.PAGE)

    def _open_item(self, key: int) -> None:
        """Open a canvas in the editor, anything else large."""
        item = self.gallery.controller.cache.get(key)
        is_canvas = item is not None and item.type == "canvas" and item.deleted_at is None
        if item is not None and is_canvas:
            self.canvas.open(item.id)
        else:
            self.preview.toggle(key)

    def _refining_trigger(self) -> None:
        self._refining.trigger()

    async def _open_refine_with(self) -> None:
        gallery = self.gallery.controller
        key = self.preview.shown_key or self.inspector.version
        if self.window.page != GALLERY:
            self.refine.open()
        elif key is not None:
            self.refine.open(await gallery.read([key]))
        else:
            self.refine.open(await gallery.chosen_items())

    def _creating_trigger(self) -> None:
        self._creating.trigger()

    async def _new_canvas(self) -> None:
        is_gallery = self.window.page == GALLERY
        items = await self.gallery.controller.chosen_items() if is_gallery else []
        self.canvas.start(items)

    def _detect_item(self, item: Item) -> None:
        self.detect.open([item])

    def _choose_files(self) -> None:
        self.imports.choose.trigger()

    def _sync_now(self) -> None:
        if self._session is not None:
            self._session.sync.request()

    # Where things lead

    def _choose_all(self) -> None:
        if self.window.page == GALLERY:
            self.commands.run("gallery.select_all")
            self.navigation.focus_page()  # what comes next is meant for the pictures, too

    def _start_detect(self) -> None:
        self._detecting.trigger()

    async def _open_detect_with(self) -> None:
        items = await self.gallery.controller.chosen_items()
        self.detect.open([item for item in items if item.kind in ("image", "")])

    def _on_state_requested(self) -> None:
        """Do what helps: other keys where they are missing or refused, else try again."""
        session = self._session
        if session is not None:
            lacks_keys = session.sync.status.state == "unauthorised"
        else:
            lacks_keys = isinstance(self._unopened, (CredentialsUnavailable, Unauthorised))
        (self.keys_requested if lacks_keys else self.retry_requested).emit()

    def _on_jobs_shown(self, is_shown: bool) -> None:
        focus = self.window.focusWidget()
        if is_shown:
            self.jobs_view.list.setFocus()
        elif focus is None or self.jobs_view.isAncestorOf(focus):
            self.navigation.focus_page()

    async def _edit_again(self, kind: str, request: dict[str, Any]) -> None:
        """Open the form with a request that was sent before."""
        if self._session is None:
            return
        if kind == refine_room.KIND:
            self.refine.open(request=request)
            return
        item = await self._session.library.item(str(request.get("image", "")))
        self.detect.open([item] if item is not None else [], request)

    def _on_selection_changed(self, count: int) -> None:
        keys = self.gallery.controller.chosen_keys()
        self.inspector.set_selection(keys)
        if len(keys) == 1:
            self.preview.follow(keys[0])
        self.palette.set_selection_count(count)

    def _use_item(self, op: Op, item: Item) -> None:
        if op is Op.REFINE:
            self.refine.open([item])
        else:
            self.runs.open(op, [item])

    def _close_dock(self) -> None:
        self.window.show_dock(False)

    def _search_tags(self) -> None:
        self.palette.open("#")

    async def _complete_tags(self, prefix: str) -> Sequence[TagCount]:
        if self._session is None:
            return ()
        return await self._session.library.complete_tags(prefix, limit=MAX_ROWS)

    async def _find(self, typed: str, scope: Scope) -> Sequence[Entry]:
        if self._session is None:
            return ()
        return await find_entries(self._session.library, typed, scope)

    async def _drag_copies(self, items: Sequence[Item]) -> list[Path]:
        """Make copies with good names for another program, in a folder of their own."""
        if self._session is None:
            return []
        folder = self._ports.drag_folder / uuid.uuid4().hex
        saved = await self._session.downloads.save(items, folder)
        return [file.path for file in saved if file.path is not None]

    # What changes by itself

    def _on_library_changed(self, _change: object) -> None:
        self._counting.trigger()

    async def _count_all(self) -> None:
        """Follow collections' names, and leave the welcome page when there is something."""
        await self.sidebar.refresh.settle()
        self.gallery.controller.set_collections(self.collection_names())
        self.searching.show_collections()
        if self.window.page in (GALLERY, FIRST_RUN):
            self.navigation.show_library()

    def _remember_window(self, state: dict[str, Any]) -> None:
        settings = self._ports.settings
        window = settings.settings.window.model_copy(update={"panels": state})
        settings.update(window=window)

    def _remember_gallery(self, prefs: GalleryPrefs) -> None:
        settings = self._ports.settings
        settings.update(gallery={**settings.settings.gallery.model_dump(), **prefs.to_dict()})


class _LibraryPage:
    """The gallery's page, for the commands that act on what is chosen in it."""

    def __init__(self, window: MainWindow, preview: PreviewController) -> None:
        self._window, self._preview = window, preview

    @property
    def previewed(self) -> int | None:
        return self._preview.shown_key

    @property
    def is_shown(self) -> bool:
        return self._window.page in (GALLERY, FIRST_RUN)

    def show_editor(self) -> None:
        self._window.show_dock(True)


def sample_pictures() -> list[Path]:
    """Return the pictures that come with the program."""
    return sorted(paths.resource("samples").glob("*.jpg"))

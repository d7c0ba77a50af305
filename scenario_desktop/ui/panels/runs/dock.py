"""The form at the right of the page of runs: what is asked for, and the button."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.forms.form import NOT_USED, Form
from scenario_desktop.ui.forms.picture_editors import PicturesEditor
from scenario_desktop.ui.forms.tiles import OUTSET
from scenario_desktop.ui.forms.word_editors import KnownEntry, KnownIdEditor
from scenario_desktop.ui.panels.request.dock import EDGE, DockHead, lay_out, open_below
from scenario_desktop.ui.panels.request.footer import Footer, FooterView
from scenario_desktop.ui.panels.runs.kinds import (
    FOLDED,
    KINDS,
    SEARCH_ABOVE,
    SHAPES,
    SIZES,
    headings,
    slots,
    specs,
)
from scenario_desktop.ui.panels.runs.state import Note, RunDraft
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.surface import Surface


class RunsDock(Surface):
    """Shows a draft of one kind at a time; tells what the user does with it.

    Signals:
        edited: the name of a field without pictures that changed.
        pictures_edited: a slot, and the keys of the pictures that are left in it.
        picture_looked_at: the key of a picture to show.
        add_requested: a slot, and the widget below which to offer what can be put there.
        files_dropped, keys_dropped: a slot, and Paths or keys of items.
        name_given: what kind of id, the id, and what the user calls it.
        forget_requested: what kind of id, and the id that should not be offered any more.
        kind_wanted: another kind of run.
        size_wanted, shape_wanted: width and height that a list of common ones named.
        submit_requested, reset_requested, close_requested: what the buttons say.
        settings_requested, login_requested, retry_requested: ways out of what stands in the way.
    """

    edited = Signal(str)
    pictures_edited = Signal(str, object)
    picture_looked_at = Signal(str)
    add_requested = Signal(str, object)
    files_dropped = Signal(str, object)
    keys_dropped = Signal(str, object)
    name_given = Signal(str, str, str)
    forget_requested = Signal(str, str)
    kind_wanted = Signal(object)
    size_wanted = Signal(int, int)
    shape_wanted = Signal(int, int)
    submit_requested = Signal()
    reset_requested = Signal()
    close_requested = Signal()
    settings_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self._op = Op.GENERATE
        self._forms: dict[Op, Form] = {}
        self._known: Mapping[str, Sequence[KnownEntry]] = {}
        self.banner = Banner()
        self.banner.hide()
        self._note = Banner()
        self.search = _Search()
        self._found = PlainLabel("", "small", "text_3")
        self._sizes = Button(
            "Common sizes", kind=ButtonKind.SECONDARY, size=ButtonSize.SMALL, has_arrow=True
        )
        self.footer = FooterView("Start")
        self._column = QVBoxLayout()
        self._build()
        self.search.textChanged.connect(self._on_search)
        self.search.left.connect(self.search.clear)
        self._sizes.clicked.connect(self._on_sizes)
        self.footer.button.clicked.connect(self.submit_requested)
        self.footer.settings_requested.connect(self.settings_requested)
        self.footer.login_requested.connect(self.login_requested)
        self.footer.retry_requested.connect(self.retry_requested)
        self.title.setText("New with Sartiq")
        self.search.hide()
        self._found.hide()
        self._sizes.hide()
        self._note.hide()

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(EDGE - OUTSET, 12, EDGE - OUTSET, EDGE)
        self._column.setSpacing(12)
        above = QVBoxLayout()
        above.setContentsMargins(OUTSET, 0, OUTSET, 0)
        above.setSpacing(8)
        above.addWidget(self.banner)
        above.addWidget(self._note)
        above.addWidget(self.search)
        above.addWidget(self._found)
        above.addWidget(self._sizes, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addLayout(above)
        self._column.addStretch(1)
        self.title = Button("", kind=ButtonKind.GHOST, size=ButtonSize.SMALL, has_arrow=True)
        self.title.clicked.connect(self._on_title)
        self._head = DockHead(self.title, left=EDGE - 10, is_wide=False)
        self._head.more_requested.connect(self._on_more)
        self._head.close_requested.connect(self.close_requested)
        self.scroller = lay_out(self, self._head, content, self.footer)

    @property
    def op(self) -> Op:
        return self._op

    @property
    def form(self) -> Form:
        """The form that is shown; made when it is first needed."""
        if self._op not in self._forms:
            self._forms[self._op] = self._make_form(self._op)
        return self._forms[self._op]

    def _make_form(self, op: Op) -> Form:
        form = Form(specs(op), headings=headings(op), folded=FOLDED, is_marked=True)
        form.edited.connect(self._on_edited)
        for name in slots(op):
            editor = form.editor(name)
            if isinstance(editor, PicturesEditor):
                editor.current_changed.connect(self.picture_looked_at)
                editor.add_requested.connect(self._on_add)
                editor.files_dropped.connect(self._on_files)
                editor.keys_dropped.connect(self._on_keys)
        for spec in specs(op):
            editor = form.editor(spec.name)
            if isinstance(editor, KnownIdEditor):
                editor.set_known(self._known.get(spec.of, ()))
                editor.name_given.connect(self._on_name_given)
                editor.forget_requested.connect(self._on_forget_requested)
        self._column.insertWidget(self._column.count() - 1, form)
        form.hide()
        return form

    # What the user has entered

    def values(self) -> dict[str, Any]:
        """Return what the form shows; it may be wrong."""
        return self.form.draft()

    # What is shown

    def show_kind(self, op: Op) -> None:
        """Show the form of another kind."""
        self.search.clear()
        if self._op in self._forms:
            self._forms[self._op].hide()
        self._op = op
        kind = KINDS[op]
        self.form.show()
        self.title.setText(kind.title)
        self.title.set_icon(kind.icon)
        self.title.setAccessibleName(f"{kind.title}: choose another kind")
        self.setAccessibleName(kind.title)
        self.search.setVisible(len(specs(op)) > SEARCH_ABOVE)
        self._found.hide()
        self._sizes.setVisible(op is Op.ADJUST)
        self.scroller.verticalScrollBar().setValue(0)

    def show_draft(self, draft: RunDraft) -> None:
        """Show a draft of the kind that is shown; nothing is emitted."""
        self.form.set_draft(draft.shown())
        for name in slots(draft.op):
            count = len(draft.refs(name))
            self.form.set_note(name, f"{count:,} selected" if count > 1 else "")

    def show_known(self, known: Mapping[str, Sequence[KnownEntry]]) -> None:
        """Offer ids that were used before, by what they are ids of."""
        self._known = known
        for op, form in self._forms.items():
            for spec in specs(op):
                editor = form.editor(spec.name)
                if isinstance(editor, KnownIdEditor):
                    editor.set_known(known.get(spec.of, ()))

    def open_groups(self, names: Sequence[str]) -> None:
        """Open the parts that these fields are in."""
        for spec in specs(self._op):
            if spec.name in names:
                self.form.set_group_open(spec.group, True)

    def show_messages(self, fields: Mapping[str, str]) -> None:
        """Write sentences under fields."""
        self.form.show_messages(fields)

    def show_unused(self, names: Iterable[str]) -> None:
        """Say of fields of the kind that is shown that they change nothing here."""
        for name in names:
            self.form.set_note(name, NOT_USED)

    def show_note(self, note: Note) -> None:
        self._note.set_message(note.text, Tone(note.kind))
        self._note.show()

    def show_banner(self, text: str, tone: Tone) -> None:
        self.banner.set_message(text, tone)
        self.banner.setVisible(bool(text))

    def set_picture(self, slot: str, key: str, picture: QPixmap, name: str) -> None:
        """Show a small picture in its slot."""
        editor = self.form.editor(slot)
        if isinstance(editor, PicturesEditor):
            editor.set_picture(key, picture, name)

    def set_current(self, key: str) -> None:
        """Mark the picture that is looked at, wherever it is."""
        for name in slots(self._op):
            editor = self.form.editor(name)
            if isinstance(editor, PicturesEditor):
                editor.set_current(key)
                editor.set_marked(key in editor.value())

    def show_footer(self, footer: Footer) -> None:
        self.footer.show_state(footer)

    # Inside

    def _on_edited(self, name: str) -> None:
        if self.sender() is not self.form:
            return
        if name in slots(self._op):
            self.pictures_edited.emit(name, self.form.editor(name).value())
        else:
            self.edited.emit(name)

    def _on_add(self) -> None:
        editor = self.sender()
        if isinstance(editor, PicturesEditor):
            self.add_requested.emit(editor.spec.name, editor)

    def _on_files(self, files: object) -> None:
        editor = self.sender()
        if isinstance(editor, PicturesEditor):
            self.files_dropped.emit(editor.spec.name, files)

    def _on_keys(self, keys: object) -> None:
        editor = self.sender()
        if isinstance(editor, PicturesEditor):
            self.keys_dropped.emit(editor.spec.name, keys)

    def _on_forget_requested(self, known_id: str) -> None:
        editor = self.sender()
        if isinstance(editor, KnownIdEditor):
            self.forget_requested.emit(editor.spec.of, known_id)

    def _on_name_given(self, known_id: str, name: str) -> None:
        editor = self.sender()
        if isinstance(editor, KnownIdEditor):
            self.name_given.emit(editor.spec.of, known_id, name)

    def _on_search(self, text: str) -> None:
        found = self.form.search(text)
        self._found.setText(f"{found:,} of {len(specs(self._op)):,} fields")
        self._found.setVisible(bool(text.strip()))

    def _on_title(self) -> None:
        menu = Menu(self.title, name="Kind of run")
        for op, kind in KINDS.items():
            choose = partial(self.kind_wanted.emit, op)
            menu.add(kind.title, choose, icon=kind.icon, is_checked=op is self._op)
        open_below(menu, self.title)

    def _on_more(self) -> None:
        menu = self._head.menu("More")
        menu.add("Reset all fields", self.reset_requested.emit, icon="rotate-ccw")
        self._head.open(menu)

    def _on_sizes(self) -> None:
        menu = Menu(self._sizes, name="Common sizes")
        for title, width, height in SIZES:
            sides = f"{width:,} × {height:,}{NO_BREAK}px"
            menu.add(f"{title}, {sides}", partial(self.size_wanted.emit, width, height))
        menu.addSeparator()
        for title, width, height in SHAPES:
            menu.add(f"Shape {title}", partial(self.shape_wanted.emit, width, height))
        open_below(menu, self._sizes)


class _Search(QLineEdit):
    """Where the fields of a long form are searched.

    Signals:
        left: Escape was pressed.
    """

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Search the fields")
        self.setAccessibleName("Search the fields")
        self.setClearButtonEnabled(False)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.left.emit()
        else:
            super().keyPressEvent(event)

"""The form at the right of the detect page: pictures, control maps, parameters, price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import MODALITY_TITLES, Modality
from scenario_desktop.items import Item
from scenario_desktop.services.words import counted, units
from scenario_desktop.ui.forms.form import Form
from scenario_desktop.ui.forms.picture_editors import PicturedChoicesEditor, PicturesEditor
from scenario_desktop.ui.forms.tiles import OUTSET
from scenario_desktop.ui.panels.detect.stand_ins import stand_in
from scenario_desktop.ui.panels.detect.state import (
    CHOICE_SPECS,
    MODALITIES_FIELD,
    NEEDS_MODEL,
    PARAMETER_SPECS,
    PICTURES_FIELD,
    DetectDraft,
    Footer,
    Note,
    Price,
    PriceLine,
    is_own,
)
from scenario_desktop.ui.panels.request.dock import EDGE, DockHead, lay_out
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import (
    Button,
    ButtonKind,
    ButtonSize,
    PriceButton,
)
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.sentences import Reasons
from scenario_desktop.ui.widgets.surface import Surface

_PARAMETERS = "parameters"


class DetectDock(Surface):
    """Shows a draft and what it costs; tells what the user does with it.

    Signals:
        parameters_edited: a value of the current control map changed.
        modalities_edited: other control maps are chosen.
        modality_looked_at: another of the chosen ones is current.
        pictures_edited: pictures were taken out.
        picture_looked_at: the id of the picture to show.
        add_requested: more pictures are wanted.
        files_dropped: a list of Paths.
        submit_requested: the button was pressed, or Ctrl+Enter.
        ask_again_requested: the price could not be asked and should be tried once more.
        settings_requested: the user wants to change the spending limit.
        reset_requested: every parameter should go back.
        close_requested: the cross in the header.
    """

    parameters_edited = Signal()
    modalities_edited = Signal()
    modality_looked_at = Signal()
    pictures_edited = Signal()
    picture_looked_at = Signal(str)
    add_requested = Signal()
    files_dropped = Signal(object)
    submit_requested = Signal()
    ask_again_requested = Signal()
    settings_requested = Signal()
    reset_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self.setAccessibleName("Detect")
        parameters = (replace(spec, group=_PARAMETERS) for spec in PARAMETER_SPECS)
        self.form = Form([*CHOICE_SPECS, *parameters])
        self._pictures = cast(PicturesEditor, self.form.editor(PICTURES_FIELD))
        self._maps = cast(PicturedChoicesEditor, self.form.editor(MODALITIES_FIELD))
        self._note = Banner()
        self._footer = _FooterView()
        for modality in NEEDS_MODEL:
            self._maps.set_note(modality, "made by a learned model")
        self._build()
        self._connect()
        self.clear_tiles()

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(EDGE - OUTSET, 12, EDGE - OUTSET, EDGE)
        column.setSpacing(EDGE)
        column.addWidget(self.form)
        note = QVBoxLayout()
        note.setContentsMargins(OUTSET, 0, OUTSET, 0)
        note.addWidget(self._note)
        column.addLayout(note)
        column.addStretch(1)
        self._head = DockHead(PlainLabel("Detect", "label_strong"))
        self._head.more_requested.connect(self._on_more)
        self._head.close_requested.connect(self.close_requested)
        lay_out(self, self._head, content, self._footer)

    def _connect(self) -> None:
        self.form.edited.connect(self._on_edited)
        self._maps.current_changed.connect(self._on_current_map_changed)
        self._pictures.current_changed.connect(self.picture_looked_at)
        self._pictures.add_requested.connect(self.add_requested)
        self._pictures.files_dropped.connect(self.files_dropped)
        self._footer.button.clicked.connect(self.submit_requested)
        self._footer.ask_again_requested.connect(self.ask_again_requested)
        self._footer.settings_requested.connect(self.settings_requested)

    # What the user has entered

    def parameters(self) -> dict[str, Any]:
        """Return the values shown for the current control map; they may be wrong."""
        return self.form.draft()

    def modalities(self) -> tuple[list[str], str]:
        """Return the chosen control maps and the current one."""
        return self._maps.value(), self._maps.current

    def picture_ids(self) -> list[str]:
        return self._pictures.value()

    # What is shown

    def show_draft(self, draft: DetectDraft) -> None:
        self._maps.set_value([m.value for m in draft.modalities])
        self._maps.set_current(draft.current.value)
        self.form.set_shown(lambda spec: spec.group != _PARAMETERS or is_own(spec, draft.current))
        self.form.set_initial(DetectRequest.initial(draft.current))
        self.form.set_draft(draft.values(draft.current))
        several = len(draft.modalities) > 1
        title = f"{MODALITY_TITLES[draft.current]} parameters" if several else ""
        self.form.set_group_title(_PARAMETERS, title)
        note = f"{len(draft.modalities)} selected" if several else "Ctrl-click picks several"
        self.form.set_note(MODALITIES_FIELD, note)

    def show_errors(self, fields: Mapping[str, str]) -> None:
        """Write sentences under fields; the one under "" is about the whole."""
        self.form.show_messages(fields, fields.get("", ""))

    def show_note(self, note: Note) -> None:
        self._note.set_message(note.text, Tone(note.kind))

    def show_pictures(self, items: Sequence[Item]) -> None:
        self._pictures.set_value([item.id for item in items])
        self.form.set_note(PICTURES_FIELD, f"{len(items):,} selected" if items else "")

    def set_current_picture(self, asset_id: str) -> None:
        self._pictures.set_current(asset_id)

    def set_thumbnail(self, item: Item, picture: QPixmap) -> None:
        self._pictures.set_picture(item.id, picture, item.name or "Unnamed picture")

    def set_tile(self, modality: Modality, picture: QPixmap) -> None:
        """Show the small map of the picture."""
        self._maps.set_picture(modality.value, picture)

    def clear_tiles(self) -> None:
        """Go back to the drawn maps."""
        for modality in Modality:
            self._maps.set_picture(modality.value, stand_in(modality))

    def show_footer(self, footer: Footer) -> None:
        self._footer.show_state(footer)

    def _on_edited(self, name: str) -> None:
        if name == MODALITIES_FIELD:
            self.modalities_edited.emit()
        elif name == PICTURES_FIELD:
            self.pictures_edited.emit()
        else:
            self.parameters_edited.emit()

    def _on_current_map_changed(self) -> None:
        self.modality_looked_at.emit()

    def _on_more(self) -> None:
        menu = self._head.menu("Detect")
        menu.add("Reset all parameters", self.reset_requested.emit, icon="rotate-ccw")
        menu.add("Add pictures…", self.add_requested.emit, icon="image-plus")
        self._head.open(menu)


class _FooterView(QWidget):
    """What is paid for, what stands in the way, and the button.

    Signals:
        ask_again_requested, settings_requested: the ways out of two of the reasons.
    """

    ask_again_requested = Signal()
    settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = PriceButton("Detect", shortcut="Ctrl+Return")
        self._error = Banner(tone=Tone.DANGER)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self._reasons = Reasons()
        self._line_rows: list[_PriceRow] = []
        self._again = Button("Ask again", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._again.clicked.connect(self.ask_again_requested)
        self._settings = Button("Spending settings", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._settings.clicked.connect(self.settings_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(EDGE, 12, EDGE, EDGE)
        layout.setSpacing(8)
        layout.addWidget(self._error)
        layout.addLayout(self._lines)
        layout.addLayout(self._reasons)
        layout.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._settings, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(2)
        layout.addWidget(self.button)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_state(self, footer: Footer) -> None:
        self._error.set_message(footer.error, Tone.DANGER)
        self._error.setVisible(bool(footer.error))
        self._show_lines(footer)
        self._show_reasons(footer)
        self._show_button(footer)

    def _show_lines(self, footer: Footer) -> None:
        lines = list(footer.lines)
        if footer.after is not None:
            lines.append(PriceLine("Left this month after this", units(footer.after)))
        while len(self._line_rows) < len(lines):
            self._line_rows.append(_PriceRow())
            self._lines.addWidget(self._line_rows[-1])
        for row, line in zip_longest(self._line_rows, lines):
            row.show_line(line)

    def _show_reasons(self, footer: Footer) -> None:
        self._reasons.show_reasons(footer.reasons)
        self._again.setVisible(footer.price is Price.FAILED)
        self._settings.setVisible(footer.is_refused)

    def _show_button(self, footer: Footer) -> None:
        button = self.button
        has_no_price = footer.price is Price.KNOWN and footer.total is None
        button.set_verb(f"Detect {counted(footer.jobs, 'job')}" if has_no_price else "Detect")
        if footer.is_sending:
            button.set_verb("Starting")
            button.set_asking()
        elif footer.price is Price.ASKING:
            button.set_asking()
        else:
            button.set_price(units(footer.total) if footer.total is not None else "")
        is_ready = footer.price in (Price.KNOWN, Price.ASKING) and not footer.reasons
        button.setEnabled(is_ready)
        why = " ".join(footer.reasons)
        button.setAccessibleDescription(why)


class _PriceRow(QWidget):
    """What, and what it costs."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ElidedLabel("", "small", "text_2")
        self._amount = PlainLabel("", "small", "text_2")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._text, 1)
        row.addWidget(self._amount)

    def show_line(self, line: PriceLine | None) -> None:
        self.setVisible(line is not None)
        if line is not None:
            self._text.setText(line.text)
            self._amount.setText(line.amount)

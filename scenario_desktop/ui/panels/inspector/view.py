"""The dock at the right of the gallery: what is selected, from its picture to its last field."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui.panels.inspector.fact_sheet import FactSheet
from scenario_desktop.ui.panels.inspector.facts import FactGroup
from scenario_desktop.ui.panels.inspector.parts import (
    DescriptionField,
    NameField,
    ParentRow,
    PreviewButton,
    Relatives,
    section,
)
from scenario_desktop.ui.panels.inspector.tag_field import TagField, TagState
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonSize, IconButton
from scenario_desktop.ui.widgets.empty_state import IconTile
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.surface import Hairline, Surface
from scenario_desktop.ui.widgets.tips import set_tip

_EDGE = 16


class Mode(Enum):
    """What is selected: nothing, one item, or several."""

    EMPTY = auto()
    ONE = auto()
    MANY = auto()


class InspectorView(Surface):
    """Everything about the selection.

    Signals:
        close_requested: the cross in the header.
        menu_requested: the widget below which the menu opens.
        preview_requested: the picture was pressed.
        name_edited, description_edited: the text wanted.
        favourite_toggled: whether the selection is to be a favourite.
        detect_requested, copy_url_requested, download_requested, restore_requested: buttons;
            refine_requested, generation_requested, play_requested, canvas_requested likewise.
        compare_requested: before and after of the item should be seen.
        relative_chosen: the key of a relative.
        parent_requested, all_children_requested: as they say.
        asset_chosen: the id of an item named by a fact.
        retry_requested: what failed should be tried again.
    """

    close_requested = Signal()
    menu_requested = Signal(object)
    preview_requested = Signal()
    name_edited = Signal(str)
    description_edited = Signal(str)
    favourite_toggled = Signal(bool)
    detect_requested = Signal()
    copy_url_requested = Signal()
    download_requested = Signal()
    restore_requested = Signal()
    refine_requested = Signal()
    generation_requested = Signal()
    play_requested = Signal()
    canvas_requested = Signal()
    compare_requested = Signal()
    relative_chosen = Signal(object)
    parent_requested = Signal()
    all_children_requested = Signal()
    asset_chosen = Signal(str)
    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self.setAccessibleName("Inspector")
        self.mode = Mode.EMPTY
        self.preview = PreviewButton()
        self.name = NameField()
        self.tags = TagField("T")
        self.description = DescriptionField()
        self.children_strip = Relatives()
        self.parent_row = ParentRow()
        self.facts = FactSheet()
        self._build()
        self._connect()
        self.show_empty("Nothing selected", "Choose a picture to see its details.")

    # what to show

    def show_empty(self, title: str, text: str) -> None:
        """Show that nothing is selected, and what to do."""
        self.mode = Mode.EMPTY
        self._empty_title.setText(title)
        self._empty_text.setText(text)
        self._pages.setCurrentIndex(0)
        self.tags.close_field()
        self.more.setEnabled(False)

    def show_one(
        self,
        name: str,
        headline: str,
        *,
        is_favourite: bool,
        is_deleted: bool,
        is_foreign: bool = False,
        has_picture: bool = True,
    ) -> None:
        """Show one item; its details follow.

        Args:
            is_foreign: its service keeps neither names nor descriptions.
            has_picture: there is something to work on; not of what failed or is in work.
        """
        self._show_page(Mode.ONE, headline, is_favourite=is_favourite, is_deleted=is_deleted)
        if not has_picture:
            for button in (self.detect, self.refine, self.copy_url, self.download):
                button.hide()
        self.name.set_name(name, can_edit=not is_deleted and not is_foreign)
        self.description.set_locked(is_deleted or is_foreign)
        self._description_box.setVisible(not is_foreign)

    def show_making(self, *, has_generation: bool, is_video: bool, is_canvas: bool = False) -> None:
        """Offer what there is only of some items: their generation, to play them, to edit them.

        A canvas is opened, and worked on from there: its file is no picture.
        """
        self.generation.setVisible(has_generation)
        self.play.setVisible(is_video)
        self.canvas.setVisible(is_canvas)
        if is_canvas:
            self.detect.hide()
            self.refine.hide()
        self._fit_buttons()

    def show_many(self, title: str, summary: str, *, is_favourite: bool, is_deleted: bool) -> None:
        """Show a selection of several items."""
        self._show_page(Mode.MANY, summary, is_favourite=is_favourite, is_deleted=is_deleted)
        self.show_making(has_generation=False, is_video=False)
        self.name.set_name(title, can_edit=False)
        self.set_relatives("", 0, ())
        self.facts.set_groups(())
        self._facts_line.hide()

    def set_tags(self, states: Sequence[TagState], total: int, *, hint: str = "") -> None:
        self.tags.set_states(states, total)
        self._tags_hint.setText(hint)
        self._tags_hint.setVisible(bool(hint))

    def set_can_tag(self, can_tag: bool) -> None:
        self.tags.set_enabled(can_tag)

    def set_description(self, text: str) -> None:
        self.description.set_text(text)

    def set_parent(self, name: str, note: str = "") -> None:
        """Show what the item was made from; an empty name hides it."""
        self._parent_box.setVisible(bool(name))
        if name:
            self.parent_row.set_item(name, note)

    def set_relatives(
        self, parent_name: str, count: int, children: Sequence[tuple[int, str]]
    ) -> None:
        """Show parent and children at once; keys and names of the first few of ``count``."""
        self.set_parent(parent_name)
        self.set_children(count, children)

    def set_children(
        self,
        count: int,
        children: Sequence[tuple[int, str]],
        *,
        are_versions: bool = False,
        can_compare: bool = False,
    ) -> None:
        """Show what was made from it, or its versions, which can be compared with it."""
        self._children_box.setVisible(bool(children))
        self._children_title.setText("Versions" if are_versions else "Made from this")
        self.compare.setVisible(can_compare)
        self.children_strip.set_items(children, count)

    def set_facts(self, groups: tuple[FactGroup, ...]) -> None:
        self.facts.set_groups(groups)
        self._facts_line.setVisible(bool(groups))

    def set_notice(self, text: str, action: str = "") -> None:
        """Say what failed, in place; an empty text takes it away."""
        self._notice.setVisible(bool(text))
        if text:
            self._notice.set_message(text, Tone.DANGER, action=action)

    def set_copying(self, is_busy: bool) -> None:
        self.copy_url.set_busy(is_busy)

    # building

    def _build(self) -> None:
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(self._empty_page())
        self.scroller = ScrollArea(self._content())
        # Its content folds when it gets narrow, which it could not if it kept the dock wide.
        self.scroller.setMinimumWidth(1)
        self._pages.addWidget(self.scroller)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._header())
        layout.addWidget(Hairline())
        layout.addWidget(pages, 1)

    def _header(self) -> QHBoxLayout:
        self.more = IconButton("ellipsis", "More", size=ButtonSize.SMALL)
        close = IconButton("x", "Close inspector", size=ButtonSize.SMALL)
        close.clicked.connect(self.close_requested)
        row = QHBoxLayout()
        row.setContentsMargins(_EDGE, 6, 8, 6)
        row.setSpacing(4)
        row.addWidget(PlainLabel("Inspector", "label_strong"), 1)
        row.addWidget(self.more)
        row.addWidget(close)
        return row

    def _empty_page(self) -> QWidget:
        page = QWidget()
        self._empty_title = PlainLabel("", "body_strong")
        self._empty_text = PlainLabel("", "small", "text_2", wrap=True)
        self._empty_text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        center = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(4)
        column.addStretch(2)
        column.addWidget(IconTile("image"), 0, center)
        column.addSpacing(8)
        column.addWidget(self._empty_title, 0, center)
        column.addWidget(self._empty_text)
        column.addStretch(3)
        return page

    def _content(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(_EDGE, 12, _EDGE, 24)
        column.setSpacing(_EDGE)
        self._notice = Banner("", Tone.DANGER)
        self._notice.hide()
        self._facts_line = Hairline()
        column.addWidget(self.preview)
        column.addLayout(self._head())
        column.addLayout(self._buttons())
        column.addWidget(self._notice)
        column.addWidget(self._tags_box())
        self._description_box = _box("Description", self.description)
        column.addWidget(self._description_box)
        self._parent_box = _box("Made from", self.parent_row)
        column.addWidget(self._parent_box)
        self._children_title = section("Made from this")
        self.compare = Button("Before and after", icon="columns-2", size=ButtonSize.SMALL)
        self.compare.hide()
        self._children_box = _titled(self._children_title, self.children_strip, self.compare)
        column.addWidget(self._children_box)
        column.addWidget(self._facts_line)
        column.addWidget(self.facts)
        column.addStretch(1)
        return content

    def _head(self) -> QVBoxLayout:
        self.download = IconButton("download", "Download…", size=ButtonSize.SMALL)
        self.favourite = IconButton("heart", "Favourite", size=ButtonSize.SMALL)
        self.favourite.setCheckable(True)
        self._headline = PlainLabel("", "small", "text_2", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.name, 1)
        row.addWidget(self.download)
        row.addWidget(self.favourite)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addLayout(row)
        head.addWidget(self._headline)
        return head

    def _buttons(self) -> QVBoxLayout:
        self.detect = _action("Detect", "scan-line")
        self.refine = _action("Refine", "maximize-2")
        self.copy_url = _action("Copy URL", "link")
        self.restore = _action("Restore", "undo-2")
        self.canvas = _action("Open canvas", "layers")
        self.canvas.hide()
        self._button_row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._button_row.setSpacing(8)
        for button in (self.canvas, self.detect, self.refine, self.copy_url, self.restore):
            self._button_row.addWidget(button)
        self.play = _action("Open in player", "play")
        self.generation = _action("Open generation", "sparkles")
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addLayout(self._button_row)
        for button in (self.play, self.generation):
            button.hide()
            column.addWidget(button)
        return column

    def _tags_box(self) -> QWidget:
        self._tags_hint = PlainLabel("", "small", "text_3", wrap=True)
        self._tags_hint.hide()
        return _box("Tags", self.tags, self._tags_hint)

    def _connect(self) -> None:
        self.more.clicked.connect(self._on_more)
        self.preview.clicked.connect(self.preview_requested)
        self.name.edited.connect(self.name_edited)
        self.description.edited.connect(self.description_edited)
        self.favourite.clicked.connect(self.favourite_toggled)
        self.detect.clicked.connect(self.detect_requested)
        self.refine.clicked.connect(self.refine_requested)
        self.generation.clicked.connect(self.generation_requested)
        self.play.clicked.connect(self.play_requested)
        self.canvas.clicked.connect(self.canvas_requested)
        self.compare.clicked.connect(self.compare_requested)
        self.copy_url.clicked.connect(self.copy_url_requested)
        self.download.clicked.connect(self.download_requested)
        self.restore.clicked.connect(self.restore_requested)
        self.children_strip.chosen.connect(self.relative_chosen)
        self.children_strip.all_requested.connect(self.all_children_requested)
        self.parent_row.clicked.connect(self.parent_requested)
        self.facts.asset_chosen.connect(self.asset_chosen)
        self._notice.action_requested.connect(self.retry_requested)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_buttons()

    def _fit_buttons(self) -> None:
        """Let words go where there is no room, then lay the buttons below one another."""
        self._set_copy_words("Copy URL")
        if not self._do_buttons_fit():
            self._set_copy_words("")
        is_row = self._do_buttons_fit()
        if not is_row:
            self._set_copy_words("Copy URL")
        directions = QBoxLayout.Direction
        self._button_row.setDirection(directions.LeftToRight if is_row else directions.TopToBottom)

    def _do_buttons_fit(self) -> bool:
        row = (self.canvas, self.detect, self.refine, self.copy_url)
        shown = [button for button in row if not button.isHidden()]
        wanted = sum(b.sizeHint().width() for b in shown) + 8 * (len(shown) - 1)
        return wanted <= self.width() - 2 * _EDGE - 1

    def _set_copy_words(self, words: str) -> None:
        self.copy_url.setText(words)
        self.copy_url.setAccessibleName("Copy URL")
        set_tip(self.copy_url, "" if words else "Copy URL", "" if words else "Ctrl+Shift+C")
        horizontal = QSizePolicy.Policy.Expanding if words else QSizePolicy.Policy.Fixed
        self.copy_url.setSizePolicy(horizontal, QSizePolicy.Policy.Fixed)
        self.copy_url.updateGeometry()

    def _on_more(self) -> None:
        self.menu_requested.emit(self.more)

    def _show_page(
        self, mode: Mode, headline: str, *, is_favourite: bool, is_deleted: bool
    ) -> None:
        self.mode = mode
        self._pages.setCurrentIndex(1)
        self._headline.setText(headline)
        self.favourite.setChecked(is_favourite)
        name = "Remove from favourites" if is_favourite else "Add to favourites"
        self.favourite.set_name(name, "F")
        self.favourite.setVisible(not is_deleted)
        self.detect.setVisible(not is_deleted)
        self.refine.setVisible(not is_deleted)
        self.download.setVisible(not is_deleted)
        self.copy_url.setVisible(not is_deleted and mode is Mode.ONE)
        self.restore.setVisible(is_deleted)
        self._description_box.setVisible(mode is Mode.ONE)
        self.more.setEnabled(True)
        self._fit_buttons()


def _action(text: str, icon: str) -> Button:
    button = Button(text, icon=icon, size=ButtonSize.SMALL)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button


def _box(title: str, *widgets: QWidget) -> QWidget:
    """Return a group: its head and what belongs to it."""
    return _titled(section(title), *widgets)


def _titled(head: QWidget, *widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    column.addWidget(head)
    for widget in widgets:
        column.addWidget(widget)
    return box

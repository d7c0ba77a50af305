"""The reusable widgets: states, keys, names, and one sheet that shows them all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

import scenario_desktop
from scenario_desktop.items import Picture
from scenario_desktop.ui.theme import Theme, ThemeMode
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import (
    Button,
    ButtonKind,
    ButtonSize,
    IconButton,
    PriceButton,
    button,
)
from scenario_desktop.ui.widgets.chips import AddChip, ChipFlow, ChipState, TagChip
from scenario_desktop.ui.widgets.combo import Combo
from scenario_desktop.ui.widgets.compare_view import BADGE_INSET, CompareMode, CompareView
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.focus_ring import FocusRing
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.picture_view import PictureView
from scenario_desktop.ui.widgets.popover import Popover
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.sentences import FactRow
from scenario_desktop.ui.widgets.slider import NumberField, Slider, SliderField
from scenario_desktop.ui.widgets.spinner import Spinner
from scenario_desktop.ui.widgets.surface import Card, Surface
from scenario_desktop.ui.widgets.switch import CheckBox, Switch
from scenario_desktop.ui.widgets.tips import tip
from tests.widget.access import unnamed

LONG = "Ember Valley, a very long name that fits nowhere at all, take two"


def save(widget: QWidget, name: str) -> None:
    """Keep a picture where the environment asks for it; see how the widgets look."""
    folder = os.environ.get("SCENARIO_SHOTS")
    if folder:
        widget.grab().save(str(Path(folder) / f"{name}.png"))


class Sheet(Surface):
    """Every widget once, in every state that can be shown without the mouse."""

    def __init__(self) -> None:
        super().__init__("panel")
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 24, 24, 24)
        grid.setHorizontalSpacing(40)
        grid.setVerticalSpacing(20)
        left, middle, right = (self._column(grid, i) for i in range(3))
        self._buttons(left)
        self._choices(left)
        self._text(middle)
        self._numbers(middle)
        self._news(right)
        for column in (left, middle, right):
            column.addStretch(1)

    @staticmethod
    def _column(grid: QGridLayout, index: int) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(14)
        grid.addLayout(column, 0, index)
        return column

    @staticmethod
    def _row(column: QVBoxLayout, *widgets: QWidget) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in widgets:
            row.addWidget(widget)
        row.addStretch(1)
        column.addLayout(row)

    def _buttons(self, column: QVBoxLayout) -> None:
        kinds = [Button(kind.value.capitalize(), kind=kind) for kind in ButtonKind]
        self._row(column, *kinds[:4])
        self._row(column, *kinds[4:], Button("With arrow", has_arrow=True))
        icons = [Button("Detect", icon="scan-line"), Button("Copy URL", icon="link")]
        small = Button("Cancel", size=ButtonSize.SMALL)
        busy = Button("Saving", icon="copy")
        busy.set_busy(True)
        self._row(column, *icons, small, busy)
        off = [Button(kind.value.capitalize(), kind=kind) for kind in list(ButtonKind)[:3]]
        for widget in off:
            widget.setEnabled(False)
        self._row(column, *off)
        on = IconButton("panel-right", "Inspector")
        on.setCheckable(True)
        on.setChecked(True)
        disabled = IconButton("redo-2", "Redo")
        disabled.setEnabled(False)
        self._row(column, IconButton("undo-2", "Undo", shortcut="Ctrl+Z"), disabled, on)
        choose = button("Choose files", kind=ButtonKind.PRIMARY, shortcut="Ctrl+O")
        self._row(column, choose, KeyCap("Ctrl+F"), KeyCap("Ctrl+D", is_split=True))
        self.price = PriceButton("Detect", shortcut="Ctrl+Return")
        self.price.set_price("3 CU")
        column.addWidget(self.price)
        asking = PriceButton("Detect", shortcut="Ctrl+Return")
        asking.set_asking()
        column.addWidget(asking)

    def _choices(self, column: QVBoxLayout) -> None:
        self.segmented = Segmented(
            [
                Segment("split", "Split", "columns-2"),
                Segment("map", "Map only", "square"),
                Segment("overlay", "Overlay", "blend"),
            ],
            name="View",
        )
        self._row(column, self.segmented)
        on = Switch("Never spend")
        on.setChecked(True)
        self._row(column, Switch("Ask above a price"), on)
        checked = CheckBox("Forest")
        checked.setChecked(True)
        self._row(column, CheckBox("Shore"), checked)
        flow = ChipFlow()
        flow.set_tail(AddChip("Add tag", "T"))
        flow.set_tags(["environment", "rocket", "meadow"])
        column.addWidget(flow)
        self._row(
            column,
            TagChip("environment", ChipState.ALL, note="12"),
            TagChip("forest", ChipState.SOME, note="5 of 12"),
            TagChip("key art", ChipState.NONE),
        )

    def _text(self, column: QVBoxLayout) -> None:
        for style in ("page", "title", "body_strong", "body", "small", "caption", "mono"):
            column.addWidget(PlainLabel(f"{style}: Ember Valley 1,284", style))
        column.addWidget(
            PlainLabel("A red rocket standing on a golden meadow, " * 3, tone="text_2", wrap=True)
        )
        column.addWidget(ElidedLabel(LONG * 2))
        field = QLineEdit()
        field.setPlaceholderText("Placeholder")
        field.setAccessibleName("Name")
        column.addWidget(field)
        bad = QLineEdit("not a number")
        bad.setAccessibleName("Number")
        bad.setProperty("bad", "true")
        column.addWidget(bad)
        area = QPlainTextEdit("Crisp wood and pebbles, keep the dusk light, no new objects")
        area.setAccessibleName("Prompt")
        area.setFixedHeight(72)
        column.addWidget(area)
        self.combo = Combo(name="Model")
        self.combo.addItems(["detail-keeper-v2", "storybook", "isometric"])
        column.addWidget(self.combo)

    def _numbers(self, column: QVBoxLayout) -> None:
        self.low = SliderField(
            "Lower threshold", 0, 255, default=100, help_text="0–255. Lower keeps fainter edges."
        )
        self.low.set_value(72)
        column.addWidget(self.low)
        column.addWidget(SliderField("Confidence", 0, 1, default=0.3, step=0.01, decimals=2))
        bars = [ProgressBar(), ProgressBar(), ProgressBar(), ProgressBar()]
        bars[0].set_fraction(0.64)
        bars[1].set_fraction(0.22, uploaded=1.0)
        bars[2].set_fraction(None)
        bars[3].set_fraction(1.0, tone="success")
        for bar in bars:
            column.addWidget(bar)

    def _news(self, column: QVBoxLayout) -> None:
        for tone in Tone:
            column.addWidget(
                Banner(
                    "The preview is computed here. The job runs on Scenario at full size.",
                    tone,
                    action="Check again" if tone is Tone.WARNING else "",
                )
            )
        card = Card()
        inner = QVBoxLayout(card)
        inner.addWidget(
            EmptyState("images", "Nothing matches", "The filter is tag:forest.", "Clear filter")
        )
        column.addWidget(card)
        self._row(column, Spinner(), PlainLabel("Running, 64 %", "small", "accent_text"))


@pytest.fixture
def sheet(qtbot: QtBot) -> Sheet:
    made = Sheet()
    qtbot.addWidget(made)
    made.resize(1320, 860)
    made.show()
    return made


@pytest.mark.parametrize("mode", [ThemeMode.DARK, ThemeMode.LIGHT])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_sheet_shows_in_both_themes(
    qapp: QApplication, sheet: Sheet, look: Theme, mode: ThemeMode, scale: float
) -> None:
    look.apply(qapp, mode, scale)
    sheet.resize(round(1320 * (1 + scale) / 2), round(860 * scale))
    qapp.processEvents()
    save(sheet, f"components-{mode.value}-{round(scale * 100)}")
    image = sheet.grab().toImage()
    assert image.pixelColor(2, 2) == look.tokens.panel


def test_no_text_is_cut_at_200_percent(qapp: QApplication, sheet: Sheet, look: Theme) -> None:
    look.set_scale(2.0)
    sheet.resize(2200, 1700)
    qapp.processEvents()
    line = look.line("small")
    cut = [
        widget
        for widget in sheet.findChildren(QWidget)
        if isinstance(widget, (Button, TagChip, Combo, QLineEdit, PlainLabel))
        and widget.isVisible()
        and not isinstance(widget.parent(), NumberField)
        and widget.height() < min(line, widget.sizeHint().height())
    ]
    assert not cut


def test_every_control_has_a_name(sheet: Sheet) -> None:
    assert unnamed(sheet) == []


def test_labels_never_read_markup(qtbot: QtBot, qapp: QApplication) -> None:
    label = PlainLabel("<b>x</b>")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert "<b>" not in tip("<b>x</b>")


def test_only_the_label_module_makes_labels() -> None:
    package = Path(scenario_desktop.__file__).parent / "ui"
    forbidden = re.compile(r"\bQLabel\(|\bQMessageBox\b|\.setStyleSheet\(|\bQGroupBox\b")
    allowed = {"labels.py": "QLabel(", "theme.py": ".setStyleSheet("}
    breaches = [
        f"{file.relative_to(package)}: {found}"
        for file in package.rglob("*.py")
        for found in forbidden.findall(file.read_text(encoding="utf-8"))
        if allowed.get(file.name) != found
    ]
    assert not breaches


def test_a_cut_label_tells_it_all_in_its_tip(qtbot: QtBot) -> None:
    label = ElidedLabel(LONG)
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert LONG in label.toolTip()
    label.resize(2000, 20)
    assert not label.toolTip()


def test_a_wrapped_label_grows_by_whole_lines(qtbot: QtBot, look: Theme) -> None:
    label = PlainLabel("word " * 40, wrap=True)
    qtbot.addWidget(label)
    assert label.heightForWidth(200) % look.line() == 0
    assert label.heightForWidth(100) > label.heightForWidth(200)


def test_the_slider_tells_only_what_the_user_does(qtbot: QtBot) -> None:
    slider = Slider(name="Size")
    qtbot.addWidget(slider)
    heard: list[int] = []
    slider.moved_by_user.connect(heard.append)
    slider.setRange(0, 100)
    slider.setValue(50)
    assert heard == []
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert heard == [51]


def test_a_press_on_the_track_jumps_there(qtbot: QtBot) -> None:
    slider = Slider(name="Size")
    qtbot.addWidget(slider)
    slider.setRange(0, 100)
    slider.resize(214, 24)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(157, 12))
    assert slider.value() == 75


def test_slider_and_field_follow_each_other(qtbot: QtBot) -> None:
    field = SliderField("Confidence", 0, 1, default=0.3, step=0.01, decimals=2)
    qtbot.addWidget(field)
    heard: list[float] = []
    field.edited.connect(heard.append)
    qtbot.keyClick(field.slider, Qt.Key.Key_Right)
    field.field.setValue(0.8)
    assert heard == [pytest.approx(0.31), pytest.approx(0.8)]
    assert field.slider.value() == 80
    assert field.is_changed()
    field.reset.click()
    assert field.value() == pytest.approx(0.3)
    assert not field.is_changed()


def test_arrows_move_the_choice_of_segments(qtbot: QtBot, sheet: Sheet) -> None:
    heard: list[str] = []
    sheet.segmented.chosen.connect(heard.append)
    qtbot.keyClick(sheet.segmented, Qt.Key.Key_Right)
    assert (heard, sheet.segmented.value()) == (["map"], "map")
    sheet.segmented.set_value("split")
    assert heard == ["map"]


def test_a_disabled_segment_is_passed_over(qtbot: QtBot, sheet: Sheet) -> None:
    sheet.segmented.set_enabled("map", False, "The page is too narrow")
    qtbot.keyClick(sheet.segmented, Qt.Key.Key_Right)
    assert sheet.segmented.value() == "overlay"


def test_a_long_segment_has_the_same_room_beside_its_words_as_a_short_one(qtbot: QtBot) -> None:
    choice = Segmented([("all", "All"), ("side", "Side by side"), ("d", "Difference")], name="View")
    qtbot.addWidget(choice)
    buttons = choice.findChildren(QAbstractButton)
    choice.resize(choice.sizeHint())
    choice.show()
    assert [b.width() - b.sizeHint().width() for b in buttons] == [0, 0, 0]
    choice.resize(600, choice.height())
    assert max(b.width() for b in buttons) - min(b.width() for b in buttons) <= 1


def test_the_delete_key_asks_to_remove_a_tag(qtbot: QtBot) -> None:
    chip = TagChip("rocket")
    qtbot.addWidget(chip)
    with qtbot.waitSignal(chip.removed, timeout=30_000) as heard:
        qtbot.keyClick(chip, Qt.Key.Key_Delete)
    assert heard.args == ["rocket"]


def test_chips_that_stay_are_kept(qtbot: QtBot) -> None:
    flow = ChipFlow()
    qtbot.addWidget(flow)
    flow.set_tags(["a", "b"])
    kept = flow.chip("b")
    flow.set_tags(["c", "b"])
    assert flow.chip("b") is kept
    assert flow.chip("a") is None


def test_the_price_never_lets_itself_be_clicked_while_asked_for(qtbot: QtBot) -> None:
    price = PriceButton("Detect")
    qtbot.addWidget(price)
    price.set_asking()
    assert price.text() == "Detect · …"
    assert price.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    price.set_price("3 CU")
    assert price.text() == "Detect · 3 CU"
    assert not price.is_busy


def test_the_combo_opens_in_the_window_and_tells_the_choice(qtbot: QtBot, sheet: Sheet) -> None:
    heard: list[int] = []
    sheet.combo.activated.connect(heard.append)
    sheet.combo.showPopup()
    popover = sheet.findChild(Popover)
    assert popover is not None
    assert popover.isVisible()
    save(sheet, "combo-open")
    focused = QApplication.focusWidget()
    qtbot.keyClick(focused, Qt.Key.Key_Down)
    qtbot.keyClick(focused, Qt.Key.Key_Return)
    assert heard == [1]
    assert sheet.combo.currentText() == "storybook"


def test_escape_closes_a_popover_and_gives_the_focus_back(qtbot: QtBot, sheet: Sheet) -> None:
    sheet.combo.setFocus()
    sheet.combo.showPopup()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is sheet.combo


def test_the_ring_shows_for_the_keyboard_only(qtbot: QtBot, sheet: Sheet) -> None:
    ring = FocusRing(sheet)
    sheet.activateWindow()
    qtbot.keyClick(sheet, Qt.Key.Key_Tab)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert ring.isVisible()
    save(sheet, "focus-ring")
    qtbot.mouseClick(sheet.price, Qt.MouseButton.LeftButton)
    assert not ring.isVisible()


def _picture(width: int = 200, height: int = 100) -> Picture:
    return Picture(width, height, bytes([200, 40, 40, 255]) * (width * height))


def test_a_picture_fits_and_keeps_its_shape(qtbot: QtBot) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(100, 100)
    view.set_picture(_picture())
    assert view.picture_rect().size().toTuple() == (100, 50)
    assert view.zoom() == pytest.approx(0.5)


def test_zooming_keeps_what_is_under_the_pointer(qtbot: QtBot) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(100, 100)
    view.set_picture(_picture())
    at = QPointF(75, 50)
    before = (at.x() - view.picture_rect().left()) / view.picture_rect().width()
    view.set_zoom(4, at)
    after = (at.x() - view.picture_rect().left()) / view.picture_rect().width()
    assert after == pytest.approx(before, abs=0.01)


def test_a_sharper_copy_takes_the_same_place(qtbot: QtBot) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(100, 100)
    view.set_picture(_picture(20, 10), QSize(200, 100))
    view.set_zoom(2)
    place = view.picture_rect()
    view.set_picture(_picture(200, 100))
    assert view.picture_rect() == place


def test_the_keys_fit_and_show_pixel_by_pixel(qtbot: QtBot) -> None:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(100, 100)
    view.set_picture(_picture())
    qtbot.keyClick(view, Qt.Key.Key_1)
    assert view.zoom() == pytest.approx(1.0)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.is_fit


def test_the_handle_splits_the_two_pictures(qtbot: QtBot) -> None:
    view = CompareView()
    view.margin = 0
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.set_picture(_picture())
    view.set_second(Picture(200, 100, bytes([0, 0, 255, 255]) * 20_000))
    view.set_words("", "")
    view.set_split(0.25)
    image = view.grab().toImage()
    assert image.pixelColor(20, 90).red() == 200
    assert image.pixelColor(120, 90).blue() == 255
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.split == pytest.approx(0.27)


def test_a_button_gives_up_its_shortcut_before_its_words(qtbot: QtBot) -> None:
    button = PriceButton("Adjust 2 pictures", shortcut="Ctrl+Return")
    qtbot.addWidget(button)
    button.resize(button.sizeHint())
    assert button._shows_keys
    button.resize(button.width() - 30, button.height())
    assert not button._shows_keys


def test_badges_leave_a_small_picture_rather_than_lie_on_each_other(qtbot: QtBot) -> None:
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(500, 200)
    view.set_picture(Picture(20, 20, bytes(1600)))
    words = "Before, 20 px", "After, 40 px"
    area, widest = view.badge_room(*words)
    assert area.width() > view.picture_rect().width()
    assert area.center().x() == pytest.approx(view.picture_rect().center().x(), abs=1)
    assert view.rect().contains(area.toRect())
    assert widest >= 100  # both are read whole
    view.resize(100, 200)
    area, widest = view.badge_room(*words)
    assert 2 * widest + 3 * BADGE_INSET <= area.width() <= 100
    alone, _ = view.badge_room("", words[1])
    assert alone.width() == 100


def test_the_map_alone_and_over_the_picture(qtbot: QtBot) -> None:
    view = CompareView()
    view.margin = 0
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.set_picture(_picture())
    view.set_second(Picture(200, 100, bytes([0, 0, 255, 255]) * 20_000))
    view.set_words("", "")
    view.set_mode(CompareMode.MAP)
    assert view.grab().toImage().pixelColor(100, 90).red() == 0
    view.set_mode(CompareMode.OVERLAY)
    assert 0 < view.grab().toImage().pixelColor(100, 90).red() < 200


def test_a_menu_paints_its_shortcuts_beside_the_titles(qtbot: QtBot) -> None:
    menu = Menu(name="Menu")
    qtbot.addWidget(menu)
    menu.add("Short", menu.hide)
    without = menu.sizeHint().width()
    menu.add("Long", menu.hide, shortcut="Ctrl+Shift+C")
    assert menu.minimumWidth() > without + 40
    assert all(action.shortcut().isEmpty() for action in menu.actions())


def test_a_short_tip_stays_on_one_line() -> None:
    assert "white-space: pre" in tip("Nothing to undo", "Ctrl+Z")
    assert "white-space: normal" in tip("word " * 40)


def test_a_scroll_bar_takes_no_room(qtbot: QtBot) -> None:
    content = QWidget()
    area = ScrollArea(content)
    qtbot.addWidget(area)
    area.resize(200, 100)
    area.show()
    width = content.width()
    assert not area.bar.isVisible()
    content.setMinimumHeight(400)
    qtbot.waitUntil(area.bar.isVisible, timeout=30_000)
    assert content.width() == width == 200
    area.bar.setValue(120)
    assert content.y() == -120
    area.verticalScrollBar().setValue(0)
    assert area.bar.value() == 0
    assert area.bar.geometry().right() == 199


def test_a_fact_without_room_takes_a_second_line(qtbot: QtBot, look: Theme) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = FactRow("Price")
    row.setParent(window)
    row.show_value("Sartiq gives none in advance")
    one, two = row.heightForWidth(400), row.heightForWidth(150)
    assert two >= 2 * look.line("small") > one
    row.show_value("")
    assert row.isHidden()

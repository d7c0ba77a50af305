"""The canvas as a file: what is in it, how it is called, and what is asked before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from scenario_desktop.canvas.format import TextLayer, Transform
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.panels.canvas.dialogs import ExportDialog, ReplaceDialog
from tests.support import until
from tests.widget.test_canvas_pictures import Desk

WORDS = TextLayer(
    id="words", name="Text", text="", size=60, color="#d03050", transform=Transform(x=5, y=5)
)


@pytest.fixture
def desk(qapp: Any, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "drag")
    desk.open("asset_1")
    desk.page.resize(900, 700)
    desk.page.show()
    yield desk
    desk.page.close()


def write(desk: Desk, text: str) -> None:
    """Have a field over the canvas with words that are no layer yet."""
    desk.page.stage.write(WORDS, is_new=True)
    box = desk.page.stage.text_box
    assert box is not None
    box.insertPlainText(text)


def is_red(image: QImage) -> bool:
    return any(
        image.pixelColor(x, y).red() > 150
        for x in range(image.width())
        for y in range(image.height())
    )


async def answered(page: QWidget, kind: type[dialogs.Dialog], code: int) -> None:
    found: list[dialogs.Dialog] = []
    await until(lambda: bool(found.extend(page.window().findChildren(kind)) or found))
    found[0].done(code)


async def export(desk: Desk, path: Path, *answers: tuple[type[dialogs.Dialog], int]) -> None:
    """Export as PNG under a name that the file dialog gives back."""
    running = desk.pictures.actions["export"]
    running.trigger()
    await answered(desk.page, ExportDialog, dialogs.ACCEPTED)
    files: list[QFileDialog] = []
    await until(lambda: bool(files.extend(desk.page.findChildren(QFileDialog)) or files))
    field = files[0].findChild(QLineEdit, "fileNameEdit")
    assert field is not None
    field.setText(str(path))
    files[0].accept()
    for kind, code in answers:
        await answered(desk.page, kind, code)
    await running.settle()


async def test_words_that_are_being_typed_are_exported(
    qt_loop: Any, desk: Desk, tmp_path: Path
) -> None:
    write(desk, "HI")
    await export(desk, tmp_path / "typed.png")
    assert is_red(QImage(str(tmp_path / "typed.png")))
    assert not desk.page.stage.is_writing


async def test_words_that_are_being_typed_are_detected(qt_loop: Any, desk: Desk) -> None:
    write(desk, "HI")
    desk.pictures.actions["detect"].trigger()
    await desk.pictures.actions["detect"].settle()
    assert is_red(QImage(str(desk.detected[0][0])))


@pytest.mark.parametrize("code", [dialogs.ACCEPTED, dialogs.REJECTED])
async def test_a_name_that_gets_another_ending_replaces_nothing_unasked(
    qt_loop: Any, desk: Desk, tmp_path: Path, code: int
) -> None:
    there = tmp_path / "photo.jpg.png"
    there.write_bytes(b"precious")
    await export(desk, tmp_path / "photo.jpg", (ReplaceDialog, code))
    assert (there.read_bytes() == b"precious") is (code == dialogs.REJECTED)


def test_what_a_format_cannot_hold_is_said_before(qapp: Any) -> None:
    window = QWidget()
    dialog = ExportDialog(window, 4096, 4096, is_transparent=True)
    assert not dialog.note.text()
    dialog.kind.set_value("JPEG")
    dialog.kind.chosen.emit("JPEG")
    assert "becomes white" in dialog.note.text()
    dialog.kind.set_value("WEBP")
    dialog.scale.set_value(400)
    dialog.scale.edited.emit(400)
    assert "16,383" in dialog.note.text()
    assert not dialog.save.isEnabled()
    assert not dialog.library.isEnabled()
    dialog.scale.set_value(300)
    dialog.scale.edited.emit(300)
    assert dialog.save.isEnabled()
    window.deleteLater()

"""What leaves a canvas as a file or as a picture of the library, from the real window."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scenario_desktop.services.canvas.lease import LeaseTimes
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.panels.canvas.dialogs import ExportDialog
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S, error_card, press, session_of, toast
from tests.support import until

QUICK = CanvasTimes(lease=LeaseTimes(pulse_s=0.2), draft_s=0.1)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


async def ask_export(ann: CanvasDesk, kind: str, percent: int) -> None:
    """Open the export dialog and fill it in."""
    ann.program.workbench.commands.run("canvas.export")
    found: list[ExportDialog] = []

    def is_there() -> bool:
        found[:] = [d for d in ann.window.findChildren(ExportDialog) if d.isVisible()]
        return bool(found)

    await until(is_there, timeout_s=PATIENCE_S)
    found[0].kind.set_value(kind)
    found[0].scale.set_value(percent)


def saved_as(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    async def choose(*_args: Any, **_values: Any) -> Path:
        return path

    monkeypatch.setattr(dialogs, "choose_save_path", choose)


@pytest.mark.parametrize(
    ("kind", "percent", "name", "size"),
    [
        ("PNG", 100, "mine.png", (480, 320)),
        ("JPEG", 50, "mine.jpg", (240, 160)),
        ("WEBP", 200, "mine.webp", (960, 640)),
    ],
)
@at_the_desk(QUICK)
async def test_a_canvas_is_exported_in_each_kind_and_size(
    ann: CanvasDesk, monkeypatch: pytest.MonkeyPatch, folder: Path,
    kind: str, percent: int, name: str, size: tuple[int, int],
) -> None:  # fmt: skip
    await ann.start()
    await ann.hold()
    saved_as(monkeypatch, folder / "out" / "mine")  # the ending is added
    await ask_export(ann, kind, percent)
    press(ann.window, "Save as…")
    await ann.settled("export")
    with Image.open(folder / "out" / name) as picture:
        assert (picture.format, picture.size) == (kind, size)
        found: Any = picture.convert("RGB").getpixel((percent, percent))
    red, green, blue = found
    assert abs(red - 0xD0) + abs(green - 0x30) + abs(blue - 0x50) < 40
    assert toast(ann.program) == f"Exported {name}"
    assert [path.name for path in (folder / "out").iterdir()] == [name]


@at_the_desk(QUICK)
async def test_a_canvas_becomes_a_picture_of_the_library(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    before = {asset.id for asset in (await ann.ben.list_assets()).assets}
    await ask_export(ann, "WEBP", 50)
    press(ann.window, "Add to library")
    await until(lambda: "to the library" in toast(ann.program), timeout_s=PATIENCE_S)
    assets = [a for a in (await ann.ben.list_assets()).assets if a.id not in before]
    (made,) = [asset for asset in assets if not asset.is_hidden]
    assert made.name.startswith("Ember Valley")
    item = await session_of(ann.program).library.item(made.id)
    assert item is not None
    assert (item.width, item.height) == (240, 160)


@at_the_desk(QUICK)
async def test_an_export_that_fails_leaves_the_file_that_was_there(
    ann: CanvasDesk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    await ann.start()
    old = folder / "mine.png"
    old.write_bytes(b"old")
    saved_as(monkeypatch, old)
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    await ask_export(ann, "PNG", 100)
    press(ann.window, "Save as…")
    await until(lambda: error_card(ann.program), timeout_s=PATIENCE_S)
    monkeypatch.undo()
    assert "No space left" in error_card(ann.program)
    assert old.read_bytes() == b"old"
    assert [path.name for path in folder.iterdir()] == ["mine.png"]
    assert ann.controller.is_open

"""Canvas pixels to bytes and back."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import Document
from scenario_desktop.errors import BadInput
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_layer_is_compressed_and_comes_back_exactly(qapp: QApplication) -> None:
    image = empty(256, 256)
    image.fill(QColor(10, 200, 30, 128))
    data = encoding.png(image)
    assert len(data) < 256 * 256
    assert encoding.decoded(data) == image


@pytest.mark.parametrize(
    ("background", "begins"), [("#336699", b"\xff\xd8"), ("", b"\x89PNG")], ids=["opaque", "clear"]
)
def test_a_thumbnail_is_as_small_as_it_can_be(background: str, begins: bytes) -> None:
    document = Document(width=40, height=30, background=background)
    data = encoding.thumbnail(document, Pixels())
    assert data.startswith(begins)
    assert encoding.decoded(data).size().toTuple() == (40, 30)


def test_one_clear_pixel_makes_a_picture_not_opaque() -> None:
    image = QImage(33, 5, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("white"))
    assert encoding.is_opaque(image)
    image.setPixelColor(32, 4, QColor(0, 0, 0, 0))
    assert not encoding.is_opaque(image)


def test_a_damaged_layer_says_so() -> None:
    with pytest.raises(BadInput, match="damaged"):
        encoding.decoded(b"\x89PNG but not really")

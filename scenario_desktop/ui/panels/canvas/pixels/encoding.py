"""Pictures to bytes and back. All of it may run in a thread."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter, QPainter

from scenario_desktop.canvas.format import Document
from scenario_desktop.errors import BadInput, StoreFailed
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.pixels.tiling import FORMAT

#: Long side of the picture that stands for a canvas in the library, pixels.
THUMBNAIL_PX = 1024
#: Of PNG: the quickest that is compressed at all; from 90 on Qt writes the plain pixels.
_QUICK = 80
_MAX_DECODED_MIB = 1024


def png(image: QImage) -> bytes:
    """Return a picture as PNG, quickly."""
    return encoded(image, "PNG", _QUICK)


def encoded(image: QImage, kind: str, quality: int) -> bytes:
    """Return a picture as a file of a kind: PNG, JPEG or WEBP.

    Raises:
        StoreFailed: it cannot be written so, as a WebP beyond 16,383 px.
    """
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if kind == "JPEG":
        image = on_white(image)
    writer = QImageWriter(buffer, kind.encode())
    writer.setQuality(quality)
    is_good = writer.write(image)
    buffer.close()
    if not is_good:
        raise StoreFailed(f"The picture cannot be written as {kind}: {writer.errorString()}.")
    return bytes(data.data())


def on_white(image: QImage) -> QImage:
    """Return a picture without transparency, for files that cannot have any."""
    result = QImage(image.size(), QImage.Format.Format_RGB32)
    result.fill(Qt.GlobalColor.white)
    painter = QPainter(result)
    painter.drawImage(QPoint(0, 0), image)
    painter.end()
    return result


def decoded(data: bytes) -> QImage:
    """Return the picture of a PNG, or of a JPEG, that this program wrote.

    Raises:
        BadInput: it is damaged.
    """
    raw = QByteArray(data)
    buffer = QBuffer(raw)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, b"jpeg" if data.startswith(b"\xff\xd8") else b"png")
    reader.setAutoDetectImageFormat(False)
    reader.setAllocationLimit(_MAX_DECODED_MIB)
    image = reader.read()
    if image.isNull():
        raise BadInput("A layer of the draft is damaged.", details=reader.errorString())
    return image.convertToFormat(FORMAT)


def thumbnail(document: Document, pixels: Pixels) -> bytes:
    """Return the flattened canvas small: a JPEG, or a PNG where something shines through.

    It goes along with every save, however little has changed.
    """
    side = max(document.width, document.height)
    scale = min(1.0, THUMBNAIL_PX / side)
    rect = QRect(0, 0, document.width, document.height)
    image = drawing.render(document, pixels, rect, scale)
    return encoded(image, "JPEG", 88) if is_opaque(image) else png(image)


def is_opaque(image: QImage) -> bool:
    """Say whether nothing shines through."""
    alpha = image.convertToFormat(QImage.Format.Format_Alpha8)
    width, data = alpha.width(), bytes(alpha.constBits())
    row = b"\xff" * width
    return all(data.startswith(row, y * alpha.bytesPerLine()) for y in range(alpha.height()))

"""Small pictures for the gallery, in two formats that the window may trust. Called in workers."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_desktop.imaging import decode

if TYPE_CHECKING:
    from PIL import Image

JPEG_QUALITY = 85
WEBP_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An encoded small picture, upright and sRGB.

    Attributes:
        data: a JPEG, or a WebP where the picture is transparent anywhere.
        width: pixels; height likewise.
    """

    data: bytes
    width: int
    height: int
    mime_type: str


def make_thumbnail(source: bytes | Path | str, size_px: int = 256) -> Thumbnail:
    """Make a thumbnail whose longer side is ``size_px``, or the picture's own if that is less.

    Raises:
        BadInput: as ``decode.decode_rgba``.
    """
    with decode.opened(source) as image:
        return encode_thumbnail(decode.upright_srgb(image, size_px))


def encode_thumbnail(picture: Image.Image) -> Thumbnail:
    """Encode a picture (RGB or RGBA) that already has the size of a thumbnail."""
    target = io.BytesIO()
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() != (255, 255):
        picture.save(target, "WEBP", quality=WEBP_QUALITY, method=0)
        mime_type = "image/webp"
    else:
        picture.convert("RGB").save(target, "JPEG", quality=JPEG_QUALITY)
        mime_type = "image/jpeg"
    return Thumbnail(target.getvalue(), picture.width, picture.height, mime_type)

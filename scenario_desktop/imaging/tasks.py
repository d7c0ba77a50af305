"""What worker processes are asked to do: top-level functions for ``WorkerPool.run``.

Whole pictures travel as file paths where a file exists; results are small, or raw pixels that were
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import decode
from scenario_desktop.imaging.decode import PictureInfo
from scenario_desktop.imaging.thumbnails import Thumbnail, encode_thumbnail, make_thumbnail
from scenario_desktop.items import Picture

#: Formats that a picture can be converted to -> Pillow's name and options.
CONVERSIONS: dict[str, tuple[str, dict[str, object]]] = {
    "jpeg": ("JPEG", {"quality": 92, "subsampling": 0}),
    "jpg": ("JPEG", {"quality": 92, "subsampling": 0}),
    "png": ("PNG", {"compress_level": 3}),
    "webp": ("WEBP", {"quality": 90, "method": 2}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
    "tiff": ("TIFF", {"compression": "tiff_deflate"}),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """A picture that was read to its end, and its thumbnail."""

    info: PictureInfo
    thumbnail: Thumbnail


def examine(source: Path | str | bytes, size_px: int = 256) -> Examined:
    """Check a new picture and make its thumbnail in one go.

    Raises:
        BadInput: not a picture that is read here, empty, damaged, cut off or too large.
    """
    with decode.opened(source) as image:
        info = decode.info_of(image)
        return Examined(info, encode_thumbnail(decode.upright_srgb(image, size_px)))


def thumbnail_file(path: Path | str, size_px: int = 256) -> Thumbnail:
    """Make the thumbnail of a file; see ``make_thumbnail``."""
    return make_thumbnail(Path(path), size_px)


def thumbnail_bytes(data: bytes, size_px: int = 256) -> Thumbnail:
    """Make the thumbnail of an encoded picture in memory; see ``make_thumbnail``."""
    return make_thumbnail(data, size_px)


def picture_file(path: Path | str, max_px: int | None = None) -> Picture:
    """Decode a file, no side longer than ``max_px`` pixels."""
    return decode.decode_rgba(Path(path), max_px)


def picture_bytes(data: bytes, max_px: int | None = None) -> Picture:
    """Decode an encoded picture in memory, no side longer than ``max_px`` pixels."""
    return decode.decode_rgba(data, max_px)


def convert_file(source: Path | str, target: Path | str, extension: str) -> int:
    """Write a picture in another format and return the new file's size in bytes.

    Where the format has no transparency, white shows through.

    Raises:
        BadInput: the extension is not one of ``CONVERSIONS``, or the source cannot be read.
    """
    from PIL import Image

    try:
        name, options = CONVERSIONS[extension.lower()]
    except KeyError:
        raise BadInput(f"A picture cannot be converted to {extension}.") from None
    with decode.opened(source) as image:
        picture = decode.upright_srgb(image)
    if picture.mode == "RGBA" and name in ("JPEG", "BMP"):
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture).convert("RGB")
    picture.save(target, name, **options)
    return Path(target).stat().st_size

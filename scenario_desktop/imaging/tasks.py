"""What worker processes are asked to do: top-level functions for ``WorkerPool.run``.

Whole pictures travel as file paths where a file exists; results are small, or raw pixels that were
asked for.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import controlmaps, decode, rooms, video
from scenario_desktop.imaging.decode import PictureInfo
from scenario_desktop.imaging.progress import report
from scenario_desktop.imaging.thumbnails import Thumbnail, encode_thumbnail, make_thumbnail
from scenario_desktop.imaging.video import VideoInfo
from scenario_desktop.items import Picture

#: Previews up to this size in pixels are kept decoded by the worker, 12 MiB each at most.
KEPT_PX = 2048

if TYPE_CHECKING:
    from scenario_desktop.imaging.controlmaps.common import Array

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

#: Maps that are light lines of a pixel or two on black.
THIN_LINES = frozenset({"canny", "lineart_anime", "mlsd"})
#: How wide such a line is made in a thumbnail, pixels.
THUMBNAIL_LINE_PX = 2


@dataclass(frozen=True, slots=True)
class ControlMapInfo:
    """A control map that was written to a file.

    Attributes:
        width: pixels, the input's seen upright; height likewise.
        has_color: False for a map in shades of gray.
        compute_ms: the map alone, without reading and writing files.
        total_ms: everything that the worker did.
    """

    width: int
    height: int
    size_bytes: int
    has_color: bool
    compute_ms: float
    total_ms: float
    thumbnail: Thumbnail


@dataclass(frozen=True, slots=True)
class Examined:
    """A picture that was read to its end, and its thumbnail."""

    info: PictureInfo
    thumbnail: Thumbnail


def load_libraries() -> None:
    """Import what all other tasks need, which takes a fresh worker some half a second."""
    import cv2
    from PIL import Image

    Image.init()
    cv2.setNumThreads(1)


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


def lent_picture(path: Path | str, max_px: int | None = None) -> Picture:
    """Do as ``picture_file``, for ``WorkerPool.run_into``."""
    return decode.decode_into(rooms.memory, Path(path), max_px)


def video_info(path: Path | str) -> VideoInfo:
    """Say what a video is; see ``probe_video``."""
    return video.probe_video(path)


def video_frames(path: Path | str, start: int, count: int, width: int, height: int) -> Picture:
    """Decode frames of a video, one below the other, for ``WorkerPool.run_into``."""
    return video.read_frames(rooms.memory, path, start, count, width, height)


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


def control_map_picture(
    source: Path | str | bytes, modality: str, parameters: dict[str, Any], max_px: int | None = None
) -> tuple[Picture, float]:
    """Compute a control map for looking at, no side longer than ``max_px`` pixels.

    Returns:
        The map, and the milliseconds that computing it took without reading the file.

    Raises:
        NeedsModel: depth and pose.
        BadInput: the picture or the parameters cannot be used.
    """
    import cv2

    rgb = _read_rgb(source, max_px) if isinstance(source, bytes) else _kept_rgb(source, max_px)
    drawn, compute_ms = _timed_draw(modality, rgb, parameters)
    code = cv2.COLOR_GRAY2RGBA if drawn.ndim == 2 else cv2.COLOR_RGB2RGBA
    rgba = cv2.cvtColor(drawn, code)
    return Picture(rgba.shape[1], rgba.shape[0], rgba.tobytes()), compute_ms


def control_map_file(
    source: Path | str, target: Path | str, modality: str, parameters: dict[str, Any],
    thumbnail_px: int = 256,
) -> ControlMapInfo:  # fmt: skip
    """Compute a control map at the picture's full size and write it as PNG.

    A map without colour is written with one channel, and Canny's two tones with one bit: a third of
    the time and half of the bytes. Reports its progress.

    Raises:
        NeedsModel: depth and pose.
        BadInput: the picture or the parameters cannot be used.
    """
    from PIL import Image

    if modality in controlmaps.NEED_A_MODEL:
        raise controlmaps.needs_model(modality)  # before the picture is read for nothing
    begin = time.perf_counter()
    report(0.05)
    rgb = _read_rgb(source, None)
    report(0.2)
    drawn, compute_ms = _timed_draw(modality, rgb, parameters)
    report(0.75)
    data = _png(
        drawn, has_two_tones=modality == "canny" and not parameters.get("remove_background")
    )
    Path(target).write_bytes(data)
    report(0.9)
    height, width = drawn.shape[:2]
    scale = min(1.0, thumbnail_px / max(width, height))
    thumbnail = encode_thumbnail(Image.fromarray(_reduced(drawn, scale, modality)))
    report(1.0)
    total_ms = (time.perf_counter() - begin) * 1000
    return ControlMapInfo(
        width, height, len(data), drawn.ndim == 3, compute_ms, total_ms, thumbnail
    )


def _reduced(drawn: Array, scale: float, modality: str) -> Array:
    """Return a map at the size of a thumbnail.

    Lines of one pixel would be averaged away: they are first made as wide as two pixels of the
    thumbnail, so that they are still there in a small cell.
    """
    import cv2
    import numpy as np

    height, width = drawn.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    reach = round(THUMBNAIL_LINE_PX / scale)
    if modality in THIN_LINES and reach > 1:
        drawn = cv2.dilate(drawn, np.ones((reach, reach), np.uint8))
    return cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)


def _kept_rgb(path: Path | str, max_px: int | None) -> Array:
    """Decode a file, or take it from the last few: a slider asks for the same one many times."""
    if max_px is None or max_px > KEPT_PX:
        return _read_rgb(path, max_px)
    try:
        stat = Path(path).stat()
    except OSError:
        return _read_rgb(path, max_px)  # which says what is wrong
    return _last_rgb(str(path), stat.st_mtime_ns, stat.st_size, max_px)


@functools.lru_cache(maxsize=4)
def _last_rgb(path: str, mtime_ns: int, size_bytes: int, max_px: int) -> Array:
    return _read_rgb(path, max_px)


def _read_rgb(source: Path | str | bytes, max_px: int | None) -> Array:
    """Decode into height x width x 3, uint8, sRGB; white shows through where it is transparent."""
    import cv2
    import numpy as np
    from PIL import Image

    cv2.setNumThreads(1)  # the pool already keeps every core busy
    with decode.opened(source) as image:
        picture = decode.upright_srgb(image, max_px)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        picture = picture.convert("RGB")
    return np.asarray(picture)


def _timed_draw(modality: str, rgb: Array, parameters: dict[str, Any]) -> tuple[Array, float]:
    import cv2

    begin = time.perf_counter()
    try:
        drawn = controlmaps.draw(modality, rgb, parameters)
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from error
        raise
    return drawn, (time.perf_counter() - begin) * 1000


def _png(drawn: Array, *, has_two_tones: bool) -> bytes:
    import cv2

    options = [cv2.IMWRITE_PNG_COMPRESSION, 1,
               cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]  # fmt: skip
    if has_two_tones:
        options = [cv2.IMWRITE_PNG_BILEVEL, 1]
    ordered = cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR) if drawn.ndim == 3 else drawn
    return cv2.imencode(".png", ordered, options)[1].tobytes()

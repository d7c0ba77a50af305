"""Edits from file to file: top-level functions for ``WorkerPool.run``, beside those of ``tasks``.

Their parameters go by the names of the request's fields. None means the default, and what belongs
to another edit is ignored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_desktop.imaging import decode
from scenario_desktop.imaging.edits import adjust, refine
from scenario_desktop.imaging.progress import report
from scenario_desktop.imaging.thumbnails import Thumbnail, encode_thumbnail

if TYPE_CHECKING:
    from scenario_desktop.imaging.controlmaps.common import Array

JPEG_QUALITY = 92
#: The format holds no longer sides, pixels.
JPEG_MAX_PX = 65_500

#: The fields of an adjust request that say what is done.
ADJUST_FIELDS = (
    "mode", "target_width", "target_height", "aspect_ratio", "tolerance", "margin_top",
    "margin_right", "margin_bottom", "margin_left", "resampling", "scaling_proportions",
    "cropping_position",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A picture that was changed and written to a file.

    Attributes:
        width: pixels; height likewise.
        mime_type: image/jpeg where the source was one and it is not too long; else image/png.
        compute_ms: the change alone, without reading and writing files.
        total_ms: everything that the worker did.
        faces: how many were found, where they were searched for.
    """

    width: int
    height: int
    size_bytes: int
    mime_type: str
    compute_ms: float
    total_ms: float
    thumbnail: Thumbnail
    faces: int = 0


def refine_file(
    source: Path | str, target: Path | str, parameters: dict[str, Any], thumbnail_px: int = 256
) -> EditedFile:
    """Enlarge a picture; see ``refine.refine``. Reports its progress.

    Args:
        parameters: ``scale_factor``, or ``width`` and ``height``, which win.

    Raises:
        BadInput: the picture cannot be read, or ``refine.plan_refine`` refuses the size.
    """
    begin = time.perf_counter()
    info = decode.probe(Path(source))
    # Before the pixels are read for nothing.
    plan = refine.plan_refine(
        info.width,
        info.height,
        scale=parameters.get("scale_factor"),
        width=parameters.get("width"),
        height=parameters.get("height"),
    )
    picture, is_jpeg = _read(source)
    result, compute_ms = _timed(refine.apply_refine, picture, plan)
    return _written(result, target, is_jpeg, begin, compute_ms, thumbnail_px)


def adjust_file(
    source: Path | str, target: Path | str, parameters: dict[str, Any],
    reference: Path | str | None = None, thumbnail_px: int = 256,
) -> EditedFile:  # fmt: skip
    """Bring a picture to another size or shape; see ``adjust.plan_adjust``.

    Args:
        parameters: those of ``plan_adjust`` that a request has.
        reference: a picture whose size is taken where the parameters name none.

    Raises:
        BadInput: a picture cannot be read, or ``adjust.plan_adjust`` refuses the parameters.
    """
    begin = time.perf_counter()
    wishes = {name: parameters[name] for name in ADJUST_FIELDS if parameters.get(name) is not None}
    if reference is not None:
        like = decode.probe(Path(reference))
        wishes["reference_size"] = (like.width, like.height)
    picture, is_jpeg = _read(source)
    report(0.2)

    def adjusted() -> Array:
        position = str(wishes.get("cropping_position", "")).strip().lower()
        if position == adjust.AROUND_SUBJECT:
            wishes["subject"] = adjust.subject_box(_on_white(picture))
        plan = adjust.plan_adjust(picture.shape[1], picture.shape[0], **wishes)
        return adjust.apply_adjust(picture, plan)

    result, compute_ms = _timed(adjusted)
    return _written(result, target, is_jpeg, begin, compute_ms, thumbnail_px)


def background_file(
    source: Path | str, target: Path | str, palette: Path | str, thumbnail_px: int = 256
) -> EditedFile:
    """Recolour a picture's background; see ``backdrop.fix_background``. Reports its progress.

    Raises:
        BadInput: a picture cannot be read, or no background was found.
    """
    from scenario_desktop.imaging.edits import backdrop

    begin = time.perf_counter()
    picture, is_jpeg = _read(source)
    like = _on_white(_read(palette, backdrop.WORK_PX)[0])
    report(0.1)
    changed, compute_ms = _timed(backdrop.fix_background, _on_white(picture), like)
    result = _with_alpha_of(picture, changed)
    return _written(result, target, is_jpeg, begin, compute_ms, thumbnail_px)


def face_file(source: Path | str, target: Path | str, thumbnail_px: int = 256) -> EditedFile:
    """Make the faces of a picture clearer; see ``faces.fix_faces``. Reports its progress.

    Raises:
        BadInput: the picture cannot be read, or no face was found.
    """
    from scenario_desktop.imaging.edits import faces

    begin = time.perf_counter()
    picture, is_jpeg = _read(source)
    report(0.1)
    (changed, found), compute_ms = _timed(faces.fix_faces, _on_white(picture))
    result = _with_alpha_of(picture, changed)
    return _written(result, target, is_jpeg, begin, compute_ms, thumbnail_px, faces=len(found))


def _read(source: Path | str, max_px: int | None = None) -> tuple[Array, bool]:
    """Decode into height x width x 3, or 4 where it is transparent anywhere; and whether it was a
    JPEG."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)  # the pool already keeps every core busy
    with decode.opened(Path(source)) as image:
        is_jpeg = decode.info_of(image).format == "JPEG"
        picture = decode.upright_srgb(image, max_px)
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    return np.asarray(picture), is_jpeg


def _on_white(picture: Array) -> Array:
    """Return height x width x 3; white shows through where the picture is transparent."""
    import numpy as np
    from PIL import Image

    if picture.shape[2] == 3:
        return picture
    image = Image.fromarray(picture)
    ground = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))


def _with_alpha_of(picture: Array, changed: Array) -> Array:
    import numpy as np

    return changed if picture.shape[2] == 3 else np.dstack([changed, picture[..., 3]])


def _timed(function: Callable[..., Any], *args: Any) -> tuple[Any, float]:
    begin = time.perf_counter()
    with _memory_errors():
        result = function(*args)
    return result, (time.perf_counter() - begin) * 1000


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn OpenCV's error for lack of memory into Python's, which the pool explains."""
    import cv2

    try:
        yield
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from error
        raise


def _written(
    result: Array, target: Path | str, is_jpeg: bool, begin: float, compute_ms: float,
    thumbnail_px: int, faces: int = 0,
) -> EditedFile:  # fmt: skip
    """Encode, write and make the thumbnail."""
    import cv2
    from PIL import Image

    height, width = result.shape[:2]
    is_jpeg = is_jpeg and max(width, height) <= JPEG_MAX_PX
    scale = min(1.0, thumbnail_px / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(_for_thumbnail(result, size))
    thumbnail = encode_thumbnail(small)
    report(0.92)
    if is_jpeg:
        code, extension = cv2.COLOR_RGB2BGR, ".jpg"
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
                   cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]  # fmt: skip
    else:
        code = cv2.COLOR_RGBA2BGRA if result.shape[2] == 4 else cv2.COLOR_RGB2BGR
        extension = ".png"
        # Half the time of the default strategy, and smaller for photographs.
        options = [cv2.IMWRITE_PNG_COMPRESSION, 1,
                   cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]  # fmt: skip
    with _memory_errors():
        ordered = cv2.cvtColor(result, code)
        del result
        data = cv2.imencode(extension, ordered, options)[1]
    with Path(target).open("wb") as file:
        file.write(data.data)
    report(1.0)
    total_ms = (time.perf_counter() - begin) * 1000
    mime_type = "image/jpeg" if is_jpeg else "image/png"
    return EditedFile(width, height, data.nbytes, mime_type, compute_ms, total_ms, thumbnail, faces)


def _for_thumbnail(result: Array, size: tuple[int, int]) -> Array:
    import cv2
    import numpy as np
    from PIL import Image

    if result.shape[2] == 3:
        return cv2.resize(result, size, interpolation=cv2.INTER_AREA)
    # Pillow weights colours by alpha.
    return np.asarray(Image.fromarray(result).resize(size, Image.Resampling.BOX, reducing_gap=2.0))

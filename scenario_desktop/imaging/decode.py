"""Reading pictures that nobody vouches for. Called inside worker processes only.

The format comes from the first bytes and an allow-list, never from the name. A picture is read to
its end before it counts as read: half a JPEG passes every header check. What is returned is upright
(EXIF), 8 bit and sRGB.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_desktop.errors import BadInput
from scenario_desktop.items import Picture

if TYPE_CHECKING:
    from PIL import Image

#: Pillow's name of each format that is read -> its MIME type.
ALLOWED_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}

#: Pixels of one picture (width times height); more is refused before decoding. 100 million take
#: 400 MB as RGBA, which with one copy fits a worker's memory.
MAX_PIXELS = 100_000_000

#: From this size on, in pixels, pictures are reduced with OpenCV.
LARGE_PX = 640

#: Bytes of one unpacked text chunk of a PNG: generators keep whole workflows in there.
MAX_TEXT_BYTES = 16 * 2**20

#: What Pillow and its decoders raise on damaged files, apart from memory running out.
_DAMAGE = (
    OSError, EOFError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError,
    AttributeError, AssertionError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip

_OTHER_FORMAT_HINT = "Pictures can be JPEG, PNG, WebP, TIFF, GIF or BMP."
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What the header of a picture says.

    Attributes:
        format: Pillow's name, such as "JPEG".
        width: pixels, as seen upright; height likewise.
        frames: 1 for a still picture; frames of an animation, pages of a TIFF.
        has_alpha: whether it can be transparent anywhere.
    """

    format: str
    mime_type: str
    width: int
    height: int
    frames: int
    has_alpha: bool


def sniff(head: bytes) -> str | None:
    """Return the name of the format that these first 16 bytes begin, or None if it is not read."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\x00", b"MM\x00*"):
        return "TIFF"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[:2] == b"BM" and len(head) >= 14:
        return "BMP"
    return None


def probe(source: Path | str | bytes) -> PictureInfo:
    """Read what the header says; the pixels may still turn out damaged.

    Raises:
        BadInput: not a picture that is read here, empty, damaged or too large.
    """
    with opened(source) as image:
        return info_of(image)


def decode_rgba(source: Path | str | bytes, max_px: int | None = None) -> Picture:
    """Decode the first frame, no side longer than ``max_px`` pixels.

    Raises:
        BadInput: not a picture that is read here, empty, damaged, cut off or too large.
    """
    with opened(source) as image:
        picture = upright_srgb(image, max_px).convert("RGBA")
        return Picture(picture.width, picture.height, picture.tobytes())


def decode_into(
    memory: Callable[[int], memoryview | None], source: Path | str, max_px: int | None = None
) -> Picture:
    """Do as ``decode_rgba``, with the pixels in memory that is there, if there is any.

    Args:
        memory: is asked for so many bytes.

    Raises:
        BadInput: not a picture that is read here, empty, damaged, cut off or too large.
    """
    import numpy as np
    from PIL import Image

    with opened(source) as image:
        picture = upright_srgb(image, max_px)
        width, height = picture.size
        room = memory(width * height * 4)
        if room is None:
            return Picture(width, height, picture.convert("RGBA").tobytes())
        if picture.mode == "RGB":
            picture.putalpha(255)  # in place: it has room for that already
        pixels = np.frombuffer(room, np.uint8)
        target = Image.frombuffer("RGBA", picture.size, pixels, "raw", "RGBA", 0, 1)
        target.readonly = 0  # or a copy would be pasted into
        target.paste(picture)
        return Picture(width, height, room)


def info_of(image: Image.Image) -> PictureInfo:
    """Return what is known of an opened picture. Call it before decoding: JPEG sizes change."""
    width, height = image.size
    if _orientation(image) >= 5:
        width, height = height, width
    # Phones put a depth or gain map behind the photo (MPO); that is no animation.
    is_phone_photo = image.format == "MPO"
    kind = "JPEG" if is_phone_photo else str(image.format)
    return PictureInfo(
        format=kind,
        mime_type=ALLOWED_FORMATS[kind],
        width=width,
        height=height,
        frames=1 if is_phone_photo else int(getattr(image, "n_frames", 1)),
        has_alpha="A" in image.getbands()
        or image.mode in ("La", "RGBa")
        or "transparency" in image.info,
    )


@contextmanager
def opened(source: Path | str | bytes) -> Iterator[Image.Image]:
    """Open a picture for reading and turn every failure inside the block into ``BadInput``."""
    from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_BYTES
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings(), _file(source) as file:
        # Metadata that does not parse is no reason to refuse a picture; too many pixels are.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        head = file.read(16)
        if not head:
            raise BadInput("This file is empty.")
        kind = sniff(head)
        if kind is None:
            raise BadInput("This file is not a picture that can be read.", hint=_OTHER_FORMAT_HINT)
        file.seek(0)
        try:
            with Image.open(file, formats=[kind]) as image:
                _check_size(image.size)
                yield image
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large() from error
        except UnidentifiedImageError as error:
            raise _damaged(file, kind, "The beginning of the file is not understood.") from error
        except _DAMAGE as error:
            raise _damaged(file, kind, str(error)) from error


def upright_srgb(image: Image.Image, max_px: int | None = None) -> Image.Image:
    """Decode an opened picture into 8 bit sRGB, mode RGB or RGBA, turned upright.

    Alpha is kept where the file has any. With ``max_px`` it is made smaller, never larger, and a
    JPEG is decoded at a fraction of its size where that is enough.
    """
    from PIL import Image

    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    if max_px is not None:
        # Twice the wanted size, so that the filter below still has detail to work on.
        image.draft(None, (max_px * 2, max_px * 2))
    image.load()
    if orientation == 1:  # PNG may carry it behind the pixels
        orientation = _orientation(image)
    picture = _to_8_bit(image)
    if max_px is not None and max(picture.size) > max_px:
        picture = _reduced(picture, max_px)
    picture = _to_srgb(picture, profile)
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return picture if turn is None else picture.transpose(turn)


@contextmanager
def _file(source: Path | str | bytes) -> Iterator[Any]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below; only opening is guarded
    except FileNotFoundError as error:
        raise BadInput("This file is no longer there.") from error
    except PermissionError as error:
        raise BadInput("This file may not be read.", hint="Check its permissions.") from error
    except (OSError, ValueError) as error:
        raise BadInput("This file cannot be opened.", details=str(error)) from error
    with file:
        yield file


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise BadInput("This picture has no pixels.")
    if width * height > MAX_PIXELS:
        raise _too_large(size)


def _too_large(size: tuple[int, int] | None = None) -> BadInput:
    measure = f"{size[0]} × {size[1]} pixels" if size else "too many pixels"
    return BadInput(
        f"This picture is too large to open: {measure}.",
        hint=f"Up to {MAX_PIXELS // 1_000_000} million pixels are read.",
    )


def _damaged(file: Any, kind: str, reason: str) -> BadInput:
    """Tell a file that was cut off from one that is damaged otherwise."""
    text = reason.lower()
    is_cut = any(word in text for word in ("truncated", "eof", "not enough", "incomplete"))
    if is_cut or _ends_early(file, kind):
        return BadInput(
            "This file ends too early; it seems to have been cut off.",
            hint="Copy or download it again.",
            details=reason,
        )
    return BadInput(
        f"This {'WebP' if kind == 'WEBP' else kind} file is damaged, or of an unusual kind.",
        hint="Open it in a picture editor and save it again.",
        details=reason,
    )


def _ends_early(file: Any, kind: str) -> bool:
    """Compare the file's length or end with what its format promises."""
    try:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        head = file.read(12)
        file.seek(max(0, size - 64))
        tail = file.read()
    except (OSError, ValueError):
        return False
    if kind == "WEBP" and len(head) == 12:
        return bool(size < struct.unpack("<I", head[4:8])[0] + 8)
    if kind == "BMP" and len(head) == 12:
        return bool(size < struct.unpack("<I", head[2:6])[0])
    marks = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b"\x3b"}
    return kind in marks and marks[kind] not in tail


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return the picture in a mode with 8 bits a channel, its tones kept."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_gray_to_8_bit(image))
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("LA", "La", "PA", "RGBa"):
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _gray_to_8_bit(image: Image.Image) -> Any:
    """Scale gray of 16 or 32 bits or floats to 0–255; Pillow's own conversion clips it to white.

    16-bit values are scaled from 0–65535. 32-bit integers that fit 16 bits count as such, others
    as 0–2³²-1. Floats count as 0–1 if they fit, else from their lowest to their highest value.
    """
    import numpy as np

    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return (values >> 8).astype(np.uint8)
    numbers = np.nan_to_num(values.astype(np.float64))
    low, high = float(numbers.min()), float(numbers.max())
    if image.mode == "I":
        low, high = 0.0, 65535.0 if high <= 65535.0 else 4294967295.0
    elif low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    scaled = (numbers - low) * (255.0 / max(high - low, 1e-9))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _reduced(picture: Image.Image, max_px: int) -> Image.Image:
    from PIL import Image

    scale = max_px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if max_px >= LARGE_PX and picture.mode in ("L", "RGB"):
        import cv2
        import numpy as np

        # 45 ms less per preview than Pillow; transparent pictures need its weighting by alpha.
        return Image.fromarray(cv2.resize(np.asarray(picture), size, interpolation=cv2.INTER_AREA))
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the embedded profile where it says something else than sRGB.

    A profile that is broken or meant for another mode is left out, as browsers do.
    """
    from PIL import ImageCms

    has_alpha = picture.mode == "RGBA"
    if profile and picture.mode in ("RGB", "CMYK", "L", "RGBA"):
        try:
            source = ImageCms.getOpenProfile(io.BytesIO(profile))
            is_srgb = "sRGB" in ImageCms.getProfileDescription(source)
            if not is_srgb and _fits(source.profile.xcolor_space, picture.mode):
                alpha = picture.getchannel("A") if has_alpha else None
                base = picture.convert("RGB") if has_alpha else picture
                target = ImageCms.createProfile("sRGB")
                # The output mode of a gray picture must differ for the conversion to be made.
                converted = ImageCms.profileToProfile(base, source, target, outputMode="RGB")
                if converted is not None:
                    if alpha is not None:
                        converted.putalpha(alpha)
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # the picture is shown without it
    if picture.mode == "LAB":
        return _lab_to_rgb(picture)
    # Converting a picture to its own mode would copy it.
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


def _fits(color_space: str, mode: str) -> bool:
    return color_space.strip() == {"L": "GRAY", "CMYK": "CMYK"}.get(mode, "RGB")


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, target = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, target, outputMode="RGB")
    if converted is None:
        raise ValueError("Lab colours could not be converted")
    return converted

"""Reading pictures of every kind, good and bad."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import decode, tasks
from scenario_desktop.imaging.thumbnails import make_thumbnail
from scenario_desktop.items import Picture


def photo(width: int = 120, height: int = 80) -> Image.Image:
    """A picture with a red left half, a gradient and a white corner: its turns can be told."""
    rows = np.linspace(40, 200, height, dtype=np.uint8)[:, None]
    picture = Image.fromarray(np.broadcast_to(rows[..., None], (height, width, 3)).copy())
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2, height // 2), fill=(230, 30, 30))
    draw.rectangle((width - 12, 0, width, 12), fill=(255, 255, 255))
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def pixels(picture: Picture) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(picture.data, np.uint8)
    return flat.reshape(picture.height, picture.width, 4)


def png(width: int, height: int, bits: int, color: int, rows: bytes) -> bytes:
    """Build a PNG by hand: for headers that no library writes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body)
        )  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_reads_every_allowed_format(kind: str) -> None:
    data = encoded(photo(), kind)
    info = decode.probe(data)
    assert (info.format, info.mime_type) == (kind, decode.ALLOWED_FORMATS[kind])
    assert (info.width, info.height, info.frames) == (120, 80, 1)
    near = pixels(decode.decode_rgba(data))[20, 20].astype(int)
    assert np.abs(near - (230, 30, 30, 255)).max() < 40


def test_goes_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(photo(), "JPEG"))
    assert decode.probe(path).format == "JPEG"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>", "not a pic"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"<!doctype html><html>Service unavailable", "not a picture"),
        (b"PK\x03\x04" + bytes(60), "not a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "damaged|cut off"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "damaged|cut off"),
        (b"BM" + bytes(60), "damaged|cut off|no pixels"),
        (png(0, 0, 8, 2, b""), "damaged|cut off|no pixels"),
    ],
    ids=["empty", "svg", "eps", "html", "zip", "jpeg-zeros", "png-zeros", "bmp-zeros", "0x0"],
)
def test_refuses_what_is_no_picture(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        tasks.examine(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_half_a_file_is_refused(kind: str, part: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    for read in (tasks.thumbnail_bytes, decode.decode_rgba):
        with pytest.raises(BadInput, match="cut off"):
            read(data[: int(len(data) * part)])


def test_a_bomb_is_refused_before_decoding() -> None:
    rows = bytes(1000)
    with pytest.raises(BadInput, match="too large"):
        decode.probe(png(13_300, 13_300, 1, 0, rows))
    with pytest.raises(BadInput, match="too large"):
        decode.probe(png(60_000, 60_000, 8, 2, rows))


def test_narrow_pictures_survive() -> None:
    thumbnail = make_thumbnail(encoded(Image.new("RGB", (1, 6000), "red")), 256)
    assert (thumbnail.width, thumbnail.height) == (1, 256)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_turned_pictures_are_upright(orientation: int, kind: str) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = photo().transpose(turns[orientation]) if orientation > 1 else photo()
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, kind, exif=exif)
    info = decode.probe(data)
    upright = pixels(decode.decode_rgba(data))
    assert upright.shape[:2] == (80, 120)
    assert (info.width, info.height) == (120, 80)
    assert upright[5, 115, 1] > 200
    assert upright[20, 20, 1] < 90
    assert (make_thumbnail(data, 60).width, make_thumbnail(data, 60).height) == (60, 40)


@pytest.mark.parametrize(
    ("dtype", "kind"), [(np.uint16, "PNG"), (np.uint16, "TIFF"), (np.int32, "TIFF")]
)
def test_16_bit_gray_keeps_its_tones(dtype: type, kind: str) -> None:
    values = np.full((8, 8), 30_000, dtype)
    picture = pixels(decode.decode_rgba(encoded(Image.fromarray(values), kind)))
    assert abs(int(picture[4, 4, 0]) - 117) <= 1


def test_float_gray_counts_from_0_to_1() -> None:
    values = np.full((8, 8), 0.5, np.float32)
    picture = pixels(decode.decode_rgba(encoded(Image.fromarray(values), "TIFF")))
    assert picture[4, 4, 0] in (127, 128)


def test_cmyk_is_shown_in_its_colours() -> None:
    data = encoded(Image.new("RGB", (16, 16), (220, 30, 40)).convert("CMYK"), "JPEG", quality=95)
    near = pixels(decode.decode_rgba(data))[8, 8].astype(int)
    assert np.abs(near - (220, 30, 40, 255)).max() < 12


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "RGB"])
def test_reads_every_mode(mode: str) -> None:
    picture = photo().convert("RGBA").convert(mode) if mode != "P" else photo().convert("P")
    assert decode.decode_rgba(encoded(picture)).width == 120


def test_transparency_of_a_palette_is_kept() -> None:
    picture = photo().convert("P")
    data = encoded(picture, transparency=picture.getpixel((20, 20)))
    assert decode.probe(data).has_alpha
    assert pixels(decode.decode_rgba(data))[20, 20, 3] == 0
    assert make_thumbnail(data).mime_type == "image/webp"


def test_an_opaque_picture_gets_a_jpeg_thumbnail() -> None:
    assert make_thumbnail(encoded(photo().convert("RGBA"))).mime_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_show_their_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert decode.probe(data).frames == 3
    first = pixels(decode.decode_rgba(data))[10, 10]
    assert first[0] > 240
    assert first[1] < 20


def swapped_profile() -> bytes:
    """An RGB profile in which red and green have changed places."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for text in (b"sRGB", "sRGB".encode("utf-16-be")):
        data = data.replace(text, text.replace(b"s", b"x").replace(b"R", b"y"))
    return data.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")


def test_a_profile_changes_the_colours() -> None:
    picture = Image.new("RGBA", (8, 8), (220, 0, 0, 90))
    seen = pixels(decode.decode_rgba(encoded(picture, icc_profile=swapped_profile())))[4, 4]
    assert np.abs(seen.astype(int) - (0, 220, 0, 90)).max() <= 3


@pytest.mark.parametrize("profile", [b"garbage" * 20, b"\0", swapped_profile()[:300]])
def test_a_broken_profile_is_left_out(profile: bytes) -> None:
    data = encoded(Image.new("RGB", (8, 8), (200, 100, 50)), icc_profile=profile)
    assert tuple(pixels(decode.decode_rgba(data))[4, 4]) == (200, 100, 50, 255)


def test_a_large_text_chunk_is_no_reason_to_refuse() -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("workflow", "x" * 10_000_000, zip=True)
    assert decode.decode_rgba(encoded(photo(), pnginfo=note)).width == 120


def test_an_endless_text_chunk_is_refused() -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("workflow", "x" * 40_000_000, zip=True)
    with pytest.raises(BadInput, match="damaged"):
        decode.probe(encoded(photo(), pnginfo=note))


def test_a_missing_and_a_forbidden_file_have_their_own_words(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no longer there"):
        decode.probe(tmp_path / "gone.png")
    with pytest.raises(BadInput, match=r"cannot be opened|may not be read"):
        decode.probe(tmp_path)


def test_thumbnails_are_never_larger_than_the_picture() -> None:
    small = make_thumbnail(encoded(photo(30, 20)), 256)
    large = make_thumbnail(encoded(photo(900, 600), "JPEG"), 256)
    assert (small.width, small.height) == (30, 20)
    assert (large.width, large.height) == (256, 171)


@pytest.mark.parametrize("extension", sorted(tasks.CONVERSIONS))
def test_converts_to_every_format(tmp_path: Path, extension: str) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(encoded(photo().convert("RGBA")))
    assert tasks.convert_file(source, target, extension) == target.stat().st_size
    assert decode.probe(target).width == 120


def mutate(data: bytes) -> Callable[[list[tuple[int, int]]], bytes]:
    def apply(changes: list[tuple[int, int]]) -> bytes:
        out = bytearray(data)
        for place, value in changes:
            out[place % len(out)] = value
        return bytes(out)

    return apply


KINDS = {kind: encoded(photo(24, 16), kind) for kind in decode.ALLOWED_FORMATS}


@given(
    kind=st.sampled_from(sorted(KINDS)),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12),
    cut=st.integers(1, 4000),
)
def test_damage_ends_in_a_picture_or_in_clear_words(
    kind: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = mutate(KINDS[kind])(changes)[:cut]
    with contextlib.suppress(BadInput):
        assert tasks.examine(data).thumbnail.width > 0

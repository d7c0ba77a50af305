"""Edits from file to file, as the workers do them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scenario_desktop import paths
from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import edit_tasks
from scenario_desktop.imaging.edits import faces
from scenario_desktop.imaging.edits.faces import Face
from scenario_desktop.imaging.edits.refine import refine
from scenario_desktop.imaging.pool import Progress, WorkerPool
from tests.drawn_face import drawn_face

Array = np.ndarray[Any, Any]


def sample(name: str = "espresso.jpg") -> Path:
    return paths.resource("samples", name)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_refined_jpeg_is_a_jpeg_and_tells_its_size(target: Path) -> None:
    info = edit_tasks.refine_file(sample(), target, {"scale_factor": 2.0})
    image = opened(target)
    assert (image.format, info.mime_type) == ("JPEG", "image/jpeg")
    assert image.size == (info.width, info.height) == (1200, 800)
    assert info.size_bytes == target.stat().st_size
    assert 0 < info.compute_ms <= info.total_ms
    thumbnail = Image.open(io.BytesIO(info.thumbnail.data))
    assert max(thumbnail.size) == 256
    assert thumbnail.size == (info.thumbnail.width, info.thumbnail.height)


@pytest.mark.parametrize("name", ["in.png", "in.webp", "in.bmp", "in.tiff"])
def test_all_others_become_png_without_loss(tmp_path: Path, target: Path, name: str) -> None:
    picture = np.asarray(opened(sample()))[:90, :120]
    options: dict[str, Any] = {"lossless": True} if name.endswith("webp") else {}
    Image.fromarray(picture).save(tmp_path / name, **options)
    info = edit_tasks.refine_file(tmp_path / name, target, {"width": 240, "height": 180})
    assert info.mime_type == "image/png"
    assert np.array_equal(np.asarray(opened(target)), refine(picture, scale=2))


def test_what_is_too_long_for_a_jpeg_becomes_a_png(tmp_path: Path, target: Path) -> None:
    Image.new("RGB", (9000, 2), "teal").save(tmp_path / "in.jpg")
    info = edit_tasks.refine_file(tmp_path / "in.jpg", target, {"scale_factor": 8})
    assert (info.width, info.mime_type, opened(target).format) == (72_000, "image/png", "PNG")


def test_transparency_is_kept(tmp_path: Path, target: Path) -> None:
    picture = np.zeros((40, 60, 4), np.uint8)
    picture[10:30, 10:50] = (200, 40, 40, 255)
    Image.fromarray(picture).save(tmp_path / "in.png")
    info = edit_tasks.refine_file(tmp_path / "in.png", target, {"scale_factor": 4})
    assert opened(target).mode == "RGBA"
    assert info.thumbnail.mime_type == "image/webp"
    edit_tasks.adjust_file(tmp_path / "in.png", target, {"aspect_ratio": 1.0, "mode": "pad"})
    assert opened(target).getpixel((30, 2)) == (0, 0, 0, 0)


def test_a_picture_is_worked_on_upright(tmp_path: Path, target: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    opened(sample()).save(tmp_path / "in.jpg", exif=exif)
    info = edit_tasks.refine_file(tmp_path / "in.jpg", target, {"scale_factor": 2})
    assert (info.width, info.height) == (800, 1200)
    assert opened(target).size == (800, 1200)


def test_a_size_that_cannot_be_is_refused_before_reading(tmp_path: Path, target: Path) -> None:
    data = sample().read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="2, 4 or 8"):
        edit_tasks.refine_file(tmp_path / "cut.jpg", target, {"scale_factor": 3})
    with pytest.raises(BadInput, match="ends too early"):
        edit_tasks.refine_file(tmp_path / "cut.jpg", target, {"scale_factor": 2})
    assert not target.exists()


def test_adjusting_takes_what_the_request_says_and_leaves_the_rest(target: Path) -> None:
    request = {
        "target_width": 301, "target_height": 199, "mode": "crop", "cropping_position": None,
        "batch_size": 1, "subject_id": "no affair of ours",
    }  # fmt: skip
    info = edit_tasks.adjust_file(sample(), target, request)
    assert opened(target).size == (info.width, info.height) == (301, 199)


def test_a_reference_image_gives_the_size(target: Path) -> None:
    info = edit_tasks.adjust_file(sample(), target, {}, sample("cat-portrait.jpg"))
    assert (info.width, info.height) == (451, 300)


def test_a_cut_can_follow_the_subject(tmp_path: Path, target: Path) -> None:
    picture = np.full((120, 300, 3), (210, 214, 220), np.uint8)
    picture[40:90, 220:270] = (180, 30, 40)
    Image.fromarray(picture).save(tmp_path / "in.png")
    wishes = {"aspect_ratio": 1.0, "mode": "crop", "cropping_position": "Subject"}
    edit_tasks.adjust_file(tmp_path / "in.png", target, wishes)
    result = np.asarray(opened(target))
    assert (result[:, :, 0] == 180).sum() == 50 * 50


def test_a_background_is_recoloured_and_alpha_kept(tmp_path: Path, target: Path) -> None:
    picture = np.full((120, 160, 4), 255, np.uint8)
    picture[..., :3] = (220, 210, 200)
    picture[40:120, 50:110, :3] = (150, 30, 40)
    picture[:6, :6, 3] = 0
    Image.fromarray(picture).save(tmp_path / "in.png")
    Image.new("RGB", (50, 50), (60, 110, 180)).save(tmp_path / "palette.png")
    edit_tasks.background_file(tmp_path / "in.png", target, tmp_path / "palette.png")
    result = np.asarray(opened(target)).astype(int)
    assert np.abs(result[20, 130, :3] - (60, 110, 180)).max() < 8
    assert tuple(result[90, 80]) == (150, 30, 40, 255)
    assert np.array_equal(result[..., 3], picture[..., 3])


def test_faces_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: Path) -> None:
    monkeypatch.setattr(faces, "find_faces", lambda rgb: [Face(113, 111, 256, 256)])
    Image.fromarray(drawn_face()).save(tmp_path / "in.png")
    info = edit_tasks.face_file(tmp_path / "in.png", target)
    assert (info.faces, info.width, info.height) == (1, 480, 480)


async def test_workers_do_it_and_report_how_far_they_are(target: Path) -> None:
    pool, progress = WorkerPool(1), Progress()
    try:
        info = await pool.run_reporting(
            progress, edit_tasks.refine_file, sample(), target, {"scale_factor": 4}
        )
        with pytest.raises(BadInput, match="Give a scale"):
            await pool.run(edit_tasks.refine_file, sample(), target, {})
    finally:
        await pool.aclose()
    assert (info.width, info.height) == opened(target).size
    assert progress.fraction == 1.0


async def test_eight_times_a_picture_takes_little_memory(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "in.png"
    opened(sample()).resize((600, 500)).save(source)
    pool = WorkerPool(1, memory_limit_mib=768)
    try:
        info = await pool.run(edit_tasks.refine_file, source, target, {"scale_factor": 8})
    finally:
        await pool.aclose()
    assert (info.width, info.height) == (4800, 4000)

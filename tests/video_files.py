"""Tiny videos, made when a test asks for one. Each frame shows its own number."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from scenario_desktop.items import Picture

#: A frame's number is drawn in stripes, light for one and dark for nought, the lowest bit left.
BITS = 8


def make_video(
    path: Path, frames: int = 48, fps: float = 24.0, size: tuple[int, int] = (160, 120)
) -> Path:
    """Write a video, as the name says: ``.mp4`` or ``.avi``."""
    codec = "mp4v" if path.suffix == ".mp4" else "MJPG"
    code = cv2.VideoWriter.fourcc(*codec)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
    assert writer.isOpened()
    width, height = size
    for number in range(frames):
        frame = np.zeros((height, width, 3), np.uint8)
        for bit in range(BITS):
            shade = 220 if number >> bit & 1 else 30
            frame[:, bit * width // BITS : (bit + 1) * width // BITS] = shade
        writer.write(frame)
    writer.release()
    return path


def numbers_of(picture: Picture, height: int) -> list[int]:
    """Return which frames lie in a picture one below the other, each so high."""
    found = []
    for top in range(0, picture.height, height):
        row = (top + height // 2) * picture.width
        places = [(row + (2 * bit + 1) * picture.width // (2 * BITS)) * 4 for bit in range(BITS)]
        found.append(sum((picture.data[at] > 125) << bit for bit, at in enumerate(places)))
    return found

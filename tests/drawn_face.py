"""A schematic face that a face detector takes for one: drawn here, so it is nobody's."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Color = tuple[int, int, int]

#: Skin and hair, light to dark.
LOOKS: dict[str, tuple[Color, Color]] = {
    "fair": ((222, 178, 152), (60, 42, 34)),
    "olive": ((190, 142, 108), (40, 32, 30)),
    "brown": ((138, 94, 68), (28, 22, 22)),
    "dark": ((98, 66, 50), (22, 18, 18)),
}


def drawn_face(side_px: int = 480, look: str = "fair") -> np.ndarray[Any, Any]:
    """Return a square picture, height x width x 3, uint8, of a face from the front."""
    skin, hair = LOOKS[look]
    image = Image.new("RGB", (480, 480), (150, 165, 180))
    draw = ImageDraw.Draw(image)

    def oval(x: int, y: int, wide: int, high: int, color: Color) -> None:
        draw.ellipse((x - wide, y - high, x + wide, y + high), fill=color)

    oval(240, 215, 125, 160, hair)
    oval(240, 380, 60, 80, _shade(skin, 0.87))
    oval(240, 470, 170, 70, (70, 90, 130))
    oval(240, 240, 98, 130, skin)
    oval(240, 160, 80, 38, _shade(skin, 1.02))
    for x in (200, 280):
        oval(x, 215, 27, 17, _shade(skin, 0.74))
        oval(x, 217, 20, 9, (236, 232, 228))
        oval(x, 217, 9, 9, (48, 34, 30))
        draw.rectangle((x - 27, 188, x + 27, 195), fill=_shade(skin, 0.36))
    oval(240, 258, 13, 30, _shade(skin, 1.05))
    oval(240, 280, 20, 9, _shade(skin, 0.82))
    oval(240, 316, 38, 11, (168, 84, 80))
    oval(240, 313, 36, 3, (110, 50, 50))
    soft = image.filter(ImageFilter.GaussianBlur(3))
    return np.asarray(soft.resize((side_px, side_px), Image.Resampling.LANCZOS))


def _shade(color: Color, factor: float) -> Color:
    red, green, blue = (min(255, round(value * factor)) for value in color)
    return red, green, blue

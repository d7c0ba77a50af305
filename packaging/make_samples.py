#!/usr/bin/env python3
"""Render the drawn sample pictures in resources/samples. Needs numpy, OpenCV and Pillow.

python packaging/make_samples.py [NAME …]

Each picture is computed from noise, light and simple shapes with a fixed seed, so that the samples
are ours to ship and can be made again. The photographs among them come from elsewhere: see
resources/samples/LICENSES.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "samples"
Array = NDArray[np.float64]


def colour(text: str) -> Array:
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], float) / 255


def ramp(values: Array, *stops: str) -> Array:
    """Map values from 0 to 1 onto a gradient of colours."""
    colours = np.array([colour(stop) for stop in stops])
    at = np.linspace(0, 1, len(stops))
    clipped = np.clip(values, 0, 1)
    return np.stack([np.interp(clipped, at, colours[:, c]) for c in range(3)], axis=-1)


def noise(shape: tuple[int, int], cell: float, seed: int, octaves: int = 5) -> Array:
    """Return fractal value noise, 0 to 1; ``cell`` is the largest feature in pixels."""
    random = np.random.default_rng(seed)
    height, width = shape
    total, weight, scale = np.zeros(shape), 0.0, 1.0
    for _ in range(octaves):
        rows, columns = int(height / cell) + 3, int(width / cell) + 3
        grid = random.random((rows, columns)).astype(np.float32)
        layer = cv2.resize(
            grid, (int(columns * cell) + 1, int(rows * cell) + 1), interpolation=cv2.INTER_CUBIC
        )
        total += scale * layer[:height, :width]
        weight += scale
        scale, cell = scale * 0.5, max(cell / 2, 2.0)
    return np.clip(total / weight, 0, 1)


def blend(base: Array, top: Array, alpha: Array) -> Array:
    return base + (top - base) * np.clip(alpha, 0, 1)[..., None]


def grid(width: int, height: int) -> tuple[Array, Array]:
    y, x = np.mgrid[0:height, 0:width].astype(float)
    return x, y


def glow(width: int, height: int, at: tuple[float, float], radius: float) -> Array:
    x, y = grid(width, height)
    return np.exp(-((x - at[0] * width) ** 2 + (y - at[1] * height) ** 2) / (2 * radius**2))


def grain(picture: Array, seed: int, amount: float = 0.018) -> Array:
    return picture + np.random.default_rng(seed).normal(0, amount, picture.shape[:2])[..., None]


def ridges(
    width: int,
    height: int,
    seed: int,
    sky: tuple[str, ...],
    near: str,
    far: str,
    sun: tuple[float, float] | None,
    layers: int = 6,
    rough: float = 1.0,
    lake: bool = False,
) -> Array:
    """Mountains one behind the other, each paler than the one before it."""
    x, y = grid(width, height)
    picture = ramp(y / (height * 0.75), *sky)
    if sun:
        halo = glow(width, height, sun, height * 0.22)
        picture = blend(picture, np.ones(3) * colour("#fff1d0"), halo * 0.55)
        distance = np.hypot(x - sun[0] * width, y - sun[1] * height)
        picture = blend(picture, colour("#fff8e6"), np.clip(height * 0.05 - distance, 0, 1))
    clouds = noise((height, width), width * 0.4, seed + 90)
    stretched = cv2.resize(clouds[: height // 3], (width, height))
    picture = blend(picture, np.ones(3), np.clip(stretched - 0.55, 0, 1) * 1.1 * (1 - y / height))
    for layer in range(layers):
        depth = layer / max(layers - 1, 1)
        line = noise((3, width), width * (0.34 - 0.2 * depth), seed + layer, octaves=7)[1]
        top = height * (0.34 + 0.44 * depth) - (line - 0.5) * height * 0.5 * rough * (
            1 - 0.35 * depth
        )
        below = y - top[None, :]
        tone = ramp(np.full_like(y, depth), far, near)
        slope = np.gradient(cv2.GaussianBlur(top[None, :], (0, 0), 3)[0])
        light = np.clip(-slope[None, :] * 0.35, -0.5, 0.5) * np.exp(-np.clip(below, 0, None) / 90)
        texture = noise((height, width), 60, seed + 30 + layer) - 0.5
        tone = tone * (1 + light[..., None] + 0.16 * texture[..., None])
        mist = np.clip(below / (height * 0.35), 0, 1) * (1 - depth) * 0.55
        tone = blend(tone, colour(sky[-1]) * np.ones_like(tone), mist)
        picture = blend(picture, tone, np.clip(below, 0, 1))
    if lake:
        shore = int(height * 0.72)
        mirrored = picture[: height - shore][::-1] if height - shore <= shore else picture[::-1]
        mirrored = picture[shore - (height - shore) : shore][::-1].copy()
        ripple = ((noise((height - shore, width), 50, seed + 5) - 0.5) * 18).astype(int)
        rows, columns = np.mgrid[0 : height - shore, 0:width]
        mirrored = mirrored[rows, np.clip(columns + ripple, 0, width - 1)]
        picture[shore:] = mirrored * 0.82 + colour(near) * 0.12
    return grain(picture, seed)


def facets(width: int, height: int, seed: int, *stops: str, count: int = 260) -> Array:
    """A low-poly sheet lit from the top left."""
    random = np.random.default_rng(seed)
    points = random.random((count, 2)) * [width * 1.2, height * 1.2] - [width * 0.1, height * 0.1]
    z = noise((64, 64), 22, seed)
    plane = cv2.Subdiv2D((-width, -height, width * 4, height * 4))
    for px, py in points:
        plane.insert((float(px), float(py)))
    canvas = np.zeros((height, width, 3), np.float32)
    for ax, ay, bx, by, cx, cy in plane.getTriangleList():
        corners = np.array([[ax, ay], [bx, by], [cx, cy]])
        inside = np.clip(corners / [width, height] * 63, 0, 63).astype(int)
        heights = z[inside[:, 1], inside[:, 0]] * 420
        a, b, c = (np.append(p, h) for p, h in zip(corners, heights, strict=True))
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal) + 1e-9
        shade = abs(float(normal @ np.array([-0.5, -0.6, 0.62])))
        middle = corners.mean(axis=0)
        along = (middle[0] / width + middle[1] / height) / 2 + random.normal(0, 0.05)
        tone = ramp(np.array([along]), *stops)[0] * (0.35 + 0.95 * shade)
        cv2.fillConvexPoly(
            canvas, np.round(corners * 16).astype(np.int32), tone.tolist(), cv2.LINE_AA, 4
        )
    return grain(canvas.astype(float), seed, 0.01)


def flow(width: int, height: int, seed: int, ground: str, *stops: str) -> Array:
    """Thousands of brush strokes that follow a field of directions."""
    random = np.random.default_rng(seed)
    angle = noise((height, width), width * 0.5, seed, 3) * np.pi * 5
    hue = noise((height, width), width * 0.35, seed + 1, 3)
    hue = np.clip((hue - 0.3) / 0.4, 0, 1)
    canvas = (np.ones((height, width, 3)) * colour(ground)).astype(np.float32)
    for size, strokes in ((15, 1500), (8, 3500), (4, 5200)):
        for x, y in random.random((strokes, 2)) * [width, height]:
            tone = ramp(np.array([hue[int(y), int(x)] + random.normal(0, 0.06)]), *stops)[0]
            tone = tone * (0.8 + 0.4 * random.random())
            path = []
            for _ in range(12):
                if not (0 <= x < width and 0 <= y < height):
                    break
                path.append((x, y))
                turn = angle[int(y), int(x)]
                x, y = x + np.cos(turn) * size, y + np.sin(turn) * size
            if len(path) > 2:
                line = (np.array(path) * 16).astype(np.int32)
                cv2.polylines(canvas, [line], False, tone.tolist(), size, cv2.LINE_AA, 4)
    return grain(canvas.astype(float), seed, 0.012)


def shore(width: int, height: int, seed: int) -> Array:
    """A beach from above: sand, foam and deepening water."""
    x, y = grid(width, height)
    warp = noise((height, width), 420, seed) * 300 + noise((height, width), 60, seed + 1) * 40
    across = (x * 0.86 + y * 0.5 + warp) / (width * 0.86 + height * 0.5 + 300)
    picture = ramp(
        across, "#e9c79a", "#e2b983", "#c99761", "#9fc9c0", "#4fa3a8", "#1d6f86", "#0d4562"
    )
    speckle = noise((height, width), 9, seed + 2, 3)
    for at, width_of, strength in ((0.49, 0.013, 1.0), (0.56, 0.01, 0.75), (0.66, 0.008, 0.5)):
        foam = np.exp(-(((across - at) / width_of) ** 2)) + 0.5 * np.exp(
            -(np.clip((across - at) / (width_of * 4), 0, None) ** 2)
        ) * (across > at)
        picture = blend(picture, np.ones(3), foam * strength * np.clip(speckle * 2.2 - 0.45, 0, 1))
    sand = (noise((height, width), 5, seed + 3, 2) - 0.5) * 0.16 * (across < 0.48)
    swell = (noise((height, width), 120, seed + 4) - 0.5) * 0.22 * (across > 0.5)
    return grain(picture * (1 + sand + swell)[..., None], seed)


def forest(width: int, height: int, seed: int, fog: str, deep: str, leaf: str) -> Array:
    """Trunks that fade into fog."""
    random = np.random.default_rng(seed)
    _, y = grid(width, height)
    picture = ramp(y / height, fog, fog, deep)
    picture = blend(
        picture, np.ones(3) * colour("#fffbe0"), glow(width, height, (0.62, 0.25), 260) * 0.5
    )
    for layer in range(7):
        depth = layer / 6
        tone = colour(fog) * (1 - depth) ** 1.3 + colour(deep) * (1 - (1 - depth) ** 1.3)
        mask = np.zeros((height, width), np.float32)
        for _ in range(int(26 - 19 * depth)):
            at = random.random() * width
            wide = (5 + 34 * depth**1.6) * (0.7 + 0.6 * random.random())
            lean = random.normal(0, 14)
            body = np.array(
                [
                    [at - wide, height],
                    [at + wide, height],
                    [at + lean + wide * 0.55, -5],
                    [at + lean - wide * 0.55, -5],
                ]
            )
            cv2.fillPoly(mask, [(body * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        bark = 1 + (noise((height, width), 26, seed + layer) - 0.5) * 0.7 * depth
        picture = blend(picture, tone * bark[..., None], mask.astype(float))
        crown = noise((height, width), 150 + 120 * depth, seed + 40 + layer, 7)
        leaves = np.clip((crown - 0.5 - (y / height - 0.22) * 0.8) * 9, 0, 1) * (0.25 + 0.6 * depth)
        leafy = colour(fog) * (1 - depth) + colour(leaf) * depth
        shade = 0.7 + 0.7 * noise((height, width), 18, seed + 60 + layer, 3)
        picture = blend(picture, leafy * shade[..., None], leaves)
        floor = np.clip((y - height * (0.97 - 0.13 * depth) - (crown - 0.5) * 60) / 8, 0, 1)
        picture = blend(
            picture, (leafy * 0.55 + colour(deep) * 0.3) * shade[..., None], floor * depth
        )
    return grain(picture, seed)


def marched(
    width: int, height: int, seed: int, are_rings: bool, sky: tuple[str, str], *paints: str
) -> Array:
    """Solids on a floor, ray marched through their distance field with soft shadows."""
    random = np.random.default_rng(seed)
    x, y = grid(width, height)
    view = np.stack(
        [(x - width / 2) / height, (height / 2 - y) / height - 0.12, np.full_like(x, 1.35)], -1
    )
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    eye = np.array([0.0, 1.5, -5.2])
    balls = [
        (random.uniform(-2.6, 2.6), random.uniform(-0.8, 3.4), random.uniform(0.32, 0.85))
        for _ in range(9)
    ]

    def solids(p: Array) -> tuple[Array, Array]:
        best, which = p[..., 1].copy(), np.zeros(p.shape[:-1])
        for index, (bx, bz, radius) in enumerate(balls):
            q = p - np.array([bx, radius, bz])
            if not are_rings:
                d = np.linalg.norm(q, axis=-1) - radius
            else:
                ring = np.stack([np.hypot(q[..., 0], q[..., 1]) - radius * 0.72, q[..., 2]], -1)
                d = np.linalg.norm(ring, axis=-1) - radius * 0.27
            which = np.where(d < best, index + 1, which)
            best = np.minimum(best, d)
        return best, which

    along = np.full(x.shape, 0.5)
    for _ in range(64):
        along += np.minimum(solids(eye + view * along[..., None])[0], 1.5) * 0.95
    hit = eye + view * along[..., None]
    _, which = solids(hit)
    small = 0.002
    normal = np.stack(
        [
            solids(hit + np.eye(3)[axis] * small)[0] - solids(hit - np.eye(3)[axis] * small)[0]
            for axis in range(3)
        ],
        -1,
    )
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    sun = np.array([-0.55, 0.75, -0.35]) / np.linalg.norm([-0.55, 0.75, -0.35])
    shadow, step = np.ones(x.shape), np.full(x.shape, 0.04)
    for _ in range(26):
        away, _ = solids(hit + sun * step[..., None] + normal * 0.01)
        shadow = np.minimum(shadow, np.clip(9 * away / step, 0, 1))
        step += np.clip(away, 0.03, 0.4)
    tones = np.array([colour(paint) for paint in paints])
    paint = tones[(which.astype(int)) % len(tones)]
    light = np.clip(normal @ sun, 0, 1) * shadow
    half = (sun - view) / np.linalg.norm(sun - view, axis=-1, keepdims=True)
    shine = np.clip((normal * half).sum(-1), 0, 1) ** 60 * shadow * (which > 0) * 0.6
    lit = paint * (0.32 + 0.2 * normal[..., 1:2] + 0.75 * light[..., None]) + shine[..., None]
    haze = 1 - np.exp(-np.clip(along - 5, 0, None) * 0.09)
    back = ramp(np.clip(view[..., 1] * 1.6 + 0.35, 0, 1), sky[1], sky[0])
    picture = blend(lit, back, haze)
    return grain(np.where((along > 40)[..., None], back, picture), seed, 0.01)


def glass(width: int, height: int, seed: int, *stops: str) -> Array:
    """Stained glass: cells, lead between them, light behind."""
    random = np.random.default_rng(seed)
    x, y = grid(width, height)
    seeds = random.random((150, 2)) * [width, height]
    distance = np.full((2, height, width), np.inf)
    owner = np.zeros((height, width), int)
    for index, (sx, sy) in enumerate(seeds):
        d = np.hypot(x - sx, y - sy)
        nearer = d < distance[0]
        distance[1] = np.where(nearer, distance[0], np.minimum(distance[1], d))
        owner = np.where(nearer, index, owner)
        distance[0] = np.minimum(distance[0], d)
    value = np.clip(np.hypot(seeds[:, 0] / width - 0.5, seeds[:, 1] / height - 0.42) * 1.5, 0, 1)
    tones = ramp(np.clip(value + random.normal(0, 0.09, 150), 0, 1), *stops)
    behind = 0.65 + 0.7 * glow(width, height, (0.5, 0.42), width * 0.33)
    bubbles = 1 + (noise((height, width), 40, seed) - 0.5) * 0.5
    picture = tones[owner] * (behind * bubbles)[..., None]
    lead = np.clip((distance[1] - distance[0] - 5) / 3, 0, 1)
    return grain(picture * lead[..., None] + colour("#14110f") * (1 - lead[..., None]), seed, 0.01)


def marble(width: int, height: int, seed: int, *stops: str) -> Array:
    """Ink in water: noise that bends noise."""
    x, y = grid(width, height)
    field = noise((height, width), 500, seed, 6)
    for turn in range(3):
        dx = (noise((height, width), 420, seed + 10 + turn, 5) - 0.5) * 520
        dy = (noise((height, width), 420, seed + 20 + turn, 5) - 0.5) * 520
        field = cv2.remap(
            field.astype(np.float32),
            (x + dx).astype(np.float32),
            (y + dy).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
    veins = 0.5 + 0.5 * np.sin(field.astype(float) * 34)
    mixed = np.clip((field - 0.28) / 0.44, 0, 1) * 0.75 + veins * 0.25
    return grain(ramp(mixed, *stops), seed)


def aurora(width: int, height: int, seed: int) -> Array:
    """Curtains of light over dark hills."""
    random = np.random.default_rng(seed)
    _, y = grid(width, height)
    picture = ramp(y / height, "#050a1c", "#0b1c3a", "#15405a")
    stars = np.zeros((height, width))
    for sx, sy in random.random((700, 2)) * [width, height * 0.8]:
        stars[int(sy), int(sx)] = random.random()
    picture += cv2.GaussianBlur(stars, (0, 0), 0.9)[..., None] * 2.4
    for band in range(4):
        wave = (noise((3, width), width * 0.45, seed + band, 5)[1] - 0.5) * height * 0.5
        foot = height * (0.36 + 0.08 * band) + wave[None, :]
        rays = 0.35 + 0.9 * noise((3, width), 26, seed + 9 + band, 4)[1][None, :]
        up = np.clip((foot - y) / (height * 0.36), 0, 1)
        light = np.where(y < foot, np.exp(-up * 3.4), np.exp(-(((y - foot) / 14) ** 2))) * rays
        tone = ramp(np.clip(up * 1.3, 0, 1), "#7dffb0", "#34e0a1", "#3f8ef0", "#8d4be0")
        picture += tone * (light * 0.42)[..., None]
    hills = noise((3, width), width * 0.4, seed + 50, 7)[1]
    below = y - (height * (0.86 - 0.2 * (hills - 0.4)))[None, :]
    return grain(
        blend(picture, np.ones_like(picture) * colour("#04070f"), np.clip(below, 0, 1)), seed
    )


def skyline(width: int, height: int, seed: int) -> Array:
    """A city at dusk, three streets deep, with lit windows."""
    random = np.random.default_rng(seed)
    _, y = grid(width, height)
    picture = ramp(y / (height * 0.85), "#241a4d", "#6b3a78", "#d9706a", "#f7b66f").astype(
        np.float32
    )
    for depth, tone in enumerate(("#7c4a76", "#4a2d5e", "#1d1638")):
        x = -20.0
        while x < width:
            wide = random.uniform(46, 120) * (0.7 + 0.35 * depth)
            tall = height * random.uniform(0.22, 0.62) * (1.05 - 0.17 * depth)
            left, top, right = int(x), int(height - tall), int(x + wide)
            cv2.rectangle(picture, (left, top), (right, height), colour(tone).tolist(), -1)
            if random.random() < 0.3:
                middle = (left + right) // 2
                cv2.line(
                    picture,
                    (middle, top),
                    (middle, top - int(tall * 0.16)),
                    colour(tone).tolist(),
                    3,
                )
            pitch = 9 + 5 * depth
            for wy in range(top + pitch, height, int(pitch * 1.7)):
                for wx in range(left + pitch // 2 + 2, right - pitch, int(pitch * 1.3)):
                    if random.random() < 0.28 + 0.1 * depth:
                        warm = ramp(np.array([random.random()]), "#ffd98a", "#ff9f5a", "#9be0ff")[0]
                        cv2.rectangle(
                            picture,
                            (wx, wy),
                            (wx + pitch // 2, wy + pitch // 2 + 1),
                            (warm * (0.55 + 0.2 * depth)).tolist(),
                            -1,
                        )
            x += wide + random.uniform(-8, 14)
    bloom = cv2.GaussianBlur(np.clip(picture - 0.62, 0, 1), (0, 0), 12)
    return grain(picture.astype(float) + bloom * 0.9, seed)


def planet(width: int, height: int, seed: int) -> Array:
    """A ringed planet lit from one side."""
    random = np.random.default_rng(seed)
    x, y = grid(width, height)
    picture = ramp(
        noise((height, width), 500, seed) * 1.2 - 0.1, "#07060f", "#1a1136", "#3a1c55", "#0b1030"
    )
    for sx, sy in random.random((900, 2)) * [width, height]:
        picture[int(sy), int(sx)] += random.random() ** 3 * 1.4
    cx, cy, radius = width * 0.52, height * 0.5, height * 0.27
    u, v = (x - cx) / radius, (y - cy) / radius
    inside = np.clip((1 - np.hypot(u, v)) * radius, 0, 1)
    w = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    tilt = v * 0.94 - u * 0.32
    bands = noise((height, width), 300, seed + 1)
    turbulence = tilt * 5 + (bands - 0.5) * 1.7
    surface = ramp(0.5 + 0.5 * np.sin(turbulence * 2.6), "#c9743f", "#f1c78c", "#fff0cf", "#b3563a")
    light = np.clip(-0.72 * u - 0.35 * v + 0.6 * w, 0, 1)
    around, across = (x - cx) * 0.95 + (y - cy) * 0.32, ((y - cy) * 0.95 - (x - cx) * 0.32) / 0.26
    ring = np.hypot(around, across) / radius
    stripes = (
        (0.45 + 0.55 * np.sin(ring * 46) ** 2)
        * np.clip((ring - 1.32) * 16, 0, 1)
        * np.clip((2.2 - ring) * 9, 0, 1)
    )
    dust = ramp(np.clip((ring - 1.3) / 0.9, 0, 1), "#e8cfa6", "#a98f80", "#efe2d0")
    picture = blend(picture, dust, stripes * 0.8 * (across < 0))
    picture = blend(picture, surface * (0.05 + light[..., None] * 1.08), inside)
    return grain(blend(picture, dust, stripes * 0.85 * (across >= 0)), seed, 0.01)


def petals(width: int, height: int, seed: int, ground: tuple[str, str], *stops: str) -> Array:
    """A flower head: rings of shaded petals."""
    x, y = grid(width, height)
    soft = noise((height, width), 380, seed)
    picture = ramp(soft, *ground)
    cx, cy = width * 0.5, height * 0.52
    for ring in range(7, 0, -1):
        reach = height * 0.072 * ring
        for petal in range(8 + ring * 2):
            turn = 2 * np.pi * petal / (8 + ring * 2) + ring * 0.7
            dx, dy = x - cx - np.cos(turn) * reach * 0.62, y - cy - np.sin(turn) * reach * 0.62
            along, across = (
                dx * np.cos(turn) + dy * np.sin(turn),
                -dx * np.sin(turn) + dy * np.cos(turn),
            )
            shape = (along / (reach * 0.56)) ** 2 + (across / (reach * 0.27 + 6)) ** 2
            mask = np.clip((1 - shape) * 14, 0, 1)
            vein = 0.9 + 0.1 * np.cos(across * 0.5)
            tone = ramp(np.clip(along / reach + 0.55 + (ring - 4) * 0.03, 0, 1), *stops)
            shade = (
                0.62 + 0.42 * np.clip(1 - shape, 0, 1) ** 0.4 + 0.12 * across / (reach * 0.3)
            ) * vein
            shadow = np.clip((1.35 - shape) * 2.2, 0, 1) * 0.35
            picture = blend(picture, picture * 0.35, shadow)
            picture = blend(picture, tone * shade[..., None], mask)
    disc = np.hypot(x - cx, y - cy)
    seeds = 0.5 + 0.5 * np.sin(disc * 0.9) * np.cos(np.arctan2(y - cy, x - cx) * 34)
    core = ramp(seeds, "#3a1d08", "#a8641a", "#f3b53f")
    return grain(blend(picture, core, np.clip(height * 0.055 - disc, 0, 1)), seed)


def tiles(width: int, height: int, seed: int, *paints: str) -> Array:
    """Hexagonal blocks seen from above, lit from the left."""
    random = np.random.default_rng(seed)
    canvas = np.zeros((height, width, 3), np.float32)
    size = 46.0
    down = np.array([0.0, 200.0])
    relief = noise((height + 400, width + 400), 420, seed, 4)
    for row in range(-2, int(height / (size * 1.5)) + 9):
        for column in range(-1, int(width / (size * 1.732)) + 2):
            cx = (column + 0.5 * (row % 2)) * size * 1.732
            cy = row * size * 1.5
            level = relief[
                int(np.clip(cy + 150, 0, height + 399)), int(np.clip(cx + 150, 0, width + 399))
            ]
            lift = np.floor(np.clip((level - 0.3) / 0.4, 0, 1) * 5) * 26
            tone = ramp(
                np.array([np.clip((level - 0.3) / 0.4, 0, 1) + random.normal(0, 0.03)]), *paints
            )[0]
            angles = np.pi / 6 + np.arange(6) * np.pi / 3
            top = np.stack(
                [cx + np.cos(angles) * size * 0.98, cy - lift + np.sin(angles) * size * 0.98], 1
            )
            for i, dim in ((0, 0.5), (1, 0.62), (2, 0.82)):
                a, b = top[i], top[(i + 1) % 6]
                side = np.array([a, b, b + down, a + down])
                cv2.fillConvexPoly(
                    canvas, (side * 16).astype(np.int32), (tone * dim).tolist(), cv2.LINE_AA, 4
                )
            cv2.fillConvexPoly(canvas, (top * 16).astype(np.int32), tone.tolist(), cv2.LINE_AA, 4)
    return grain(canvas.astype(float), seed, 0.012)


def rocket(width: int, height: int, seed: int) -> Array:
    """A storybook rocket in a meadow, drawn at three times its size."""
    scale = 3
    back = ridges(
        width, height, seed, ("#8fd0ea", "#cdeaf0", "#fbeecb"), "#5aa469", "#a8cfd6", None, 4, 0.8
    )
    picture = Image.fromarray((np.clip(back, 0, 1) * 255).astype(np.uint8)).resize(
        (width * scale, height * scale)
    )
    draw = ImageDraw.Draw(picture)
    random = np.random.default_rng(seed)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(px * width * scale, py * height * scale) for px, py in points]

    for band, tone in enumerate(("#9cc95a", "#7fb54d", "#e5b94e", "#d79a3b", "#5d9a4a")):
        base = 0.66 + band * 0.075
        hill = [
            (t / 60, base + 0.035 * np.sin(t / 60 * 7 + band * 1.9) + random.normal(0, 0.002))
            for t in range(61)
        ]
        draw.polygon(at((0, 1.05), *hill, (1, 1.05)), fill=tone)
    for _ in range(420):
        px, py = random.random(), random.uniform(0.74, 1)
        tone = random.choice(["#3c7a45", "#2f5fa8", "#d94f4f", "#f6e27a", "#ffffff", "#b86fd0"])
        r = random.uniform(0.002, 0.006) * (py - 0.5)
        draw.line(at((px, py), (px, py + 0.02)), fill="#3c7a45", width=scale * 2)
        draw.ellipse(at((px - r * 2, py - r * 3), (px + r * 2, py + r * 3)), fill=tone)
    body = [
        (0.5 + 0.085 * np.cos(t) * (1.0 if np.sin(t) < 0 else 0.95), 0.5 + 0.27 * np.sin(t))
        for t in np.linspace(0, 2 * np.pi, 90)
    ]
    for side in (-1, 1):
        draw.polygon(
            at(
                (0.5 + side * 0.06, 0.62),
                (0.5 + side * 0.15, 0.8),
                (0.5 + side * 0.13, 0.84),
                (0.5 + side * 0.03, 0.74),
            ),
            fill="#b02a3c",
        )
    draw.polygon(at(*body), fill="#e8434f")
    shade = [(px + 0.0, py) for px, py in body if px > 0.5] + [
        (0.53, 0.76),
        (0.55, 0.5),
        (0.53, 0.25),
    ]
    draw.polygon(at(*shade), fill="#c9303f")
    draw.polygon(at(*[(px, py) for px, py in body if py < 0.335]), fill="#fff3dc")
    draw.polygon(at((0.44, 0.715), (0.56, 0.715), (0.545, 0.765), (0.455, 0.765)), fill="#3b3f63")
    for r, tone in ((0.043, "#f2c04e"), (0.033, "#28406f"), (0.024, "#7fc4ea")):
        draw.ellipse(
            at((0.5 - r, 0.45 - r * width / height), (0.5 + r, 0.45 + r * width / height)),
            fill=tone,
        )
    for px, tall in ((0.1, 0.6), (0.18, 0.44), (0.83, 0.55), (0.93, 0.66)):
        draw.polygon(
            at(
                (px - 0.006, 0.78),
                (px + 0.006, 0.78),
                (px + 0.002, 0.78 - tall * 0.7),
                (px - 0.002, 0.78 - tall * 0.7),
            ),
            fill="#b5485a",
        )
        for _ in range(70):
            lx, ly = px + random.normal(0, 0.03), 0.78 - tall * random.uniform(0.45, 0.85)
            r = random.uniform(0.004, 0.013)
            tone = random.choice(["#f2a23a", "#e8743a", "#f7c65a"])
            draw.ellipse(at((lx - r, ly - r * 1.2), (lx + r, ly + r * 1.2)), fill=tone)
    small = picture.resize((width, height), Image.Resampling.LANCZOS).filter(ImageFilter.SMOOTH)
    return grain(np.asarray(small).astype(float) / 255, seed, 0.02)


PICTURES: dict[str, Callable[[], Array]] = {
    "glacier-lake": lambda: ridges(
        1440,
        960,
        4,
        ("#8cc4ee", "#bfe0f2", "#f2efe2"),
        "#1f4a66",
        "#a9cbe0",
        (0.7, 0.22),
        5,
        1.2,
        True,
    ),
    "dusk-ridges": lambda: ridges(
        1280,
        960,
        12,
        ("#2b2350", "#8d4b7a", "#f08a6a", "#ffd49a"),
        "#1a1330",
        "#b8688a",
        (0.35, 0.42),
    ),
    "morning-valley": lambda: ridges(
        1600, 1000, 21, ("#f6d9c0", "#fbe9d2", "#fff6e6"), "#3f5a3a", "#d8cfae", (0.55, 0.3), 7, 0.9
    ),
    "red-canyon": lambda: ridges(
        960, 1280, 33, ("#f3c083", "#f7dcae", "#fbeacb"), "#6e1f1c", "#e09a6a", (0.4, 0.2), 6, 1.3
    ),
    "violet-facets": lambda: facets(1280, 1280, 5, "#2a1370", "#6a35d8", "#e45fc0", "#3a6cf0"),
    "ember-facets": lambda: facets(
        1440, 960, 8, "#4a0d12", "#d6401f", "#ffb03a", "#fff0b8", count=380
    ),
    "flow-study-blue": lambda: flow(
        1280, 960, 3, "#0c1a30", "#0c2a55", "#1f6fb0", "#7fd0e8", "#f4efe0", "#e8a33a"
    ),
    "flow-study-garden": lambda: flow(
        960, 1200, 14, "#10240f", "#1c4a20", "#5a9a32", "#d8d060", "#f0708a", "#fff0e0"
    ),
    "shoreline": lambda: shore(1280, 1280, 7),
    "fog-forest": lambda: forest(1200, 1500, 6, "#cfdccb", "#182a1c", "#4a7a34"),
    "autumn-forest": lambda: forest(1440, 960, 16, "#f2dcc0", "#2a1a12", "#c8641e"),
    "still-life-spheres": lambda: marched(
        1280,
        860,
        2,
        False,
        ("#6f9ad0", "#f3e4d0"),
        "#e9dcc8",
        "#d8503f",
        "#3f6fc8",
        "#f0b840",
        "#3fa88a",
        "#f2ece0",
    ),
    "ring-garden": lambda: marched(
        1024,
        1024,
        27,
        True,
        ("#1c2048", "#7a5aa8"),
        "#4a4478",
        "#f0a03c",
        "#58c8d8",
        "#e85a9a",
        "#f4f0ff",
    ),
    "stained-window": lambda: glass(
        960, 1280, 11, "#fff2b0", "#f4a52a", "#d8342f", "#5a1a78", "#14306e"
    ),
    "ink-marble": lambda: marble(
        1280, 960, 1, "#0b1f2e", "#135a70", "#e8e2d0", "#c8873a", "#f6f2e8"
    ),
    "coral-marble": lambda: marble(
        1200, 1200, 19, "#fff0e6", "#ff9a7a", "#c8305a", "#4a1650", "#ffd8b0"
    ),
    "aurora-night": lambda: aurora(1600, 1000, 10),
    "city-dusk": lambda: skyline(1500, 1000, 13),
    "ringed-planet": lambda: planet(1440, 960, 15),
    "dahlia": lambda: petals(
        1200, 1200, 17, ("#12301c", "#2f5a30"), "#6a0f38", "#e0316a", "#ff9ab0", "#ffe6da"
    ),
    "hex-isles": lambda: tiles(
        1440, 960, 18, "#123a6a", "#2a8ab0", "#e8d08a", "#6aa84a", "#3a6a38", "#f0f0f0"
    ),
    "rocket-meadow": lambda: rocket(1600, 1440, 20),
}


def main(names: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        pixels = (np.clip(PICTURES[name](), 0, 1) * 255 + 0.5).astype(np.uint8)
        Image.fromarray(pixels).save(
            FOLDER / f"{name}.jpg", quality=86, optimize=True, progressive=True
        )
        print(name, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The engine against the same work done directly, and the result against a bicubic one.

Twenty pictures of 1024² are refined to twice their size. The engine's time is from sending one
request with all of them to the end of the last, by the engine's own clock; they were uploaded
before. The direct way reads the same files, refines, encodes and makes thumbnails by the same
function, in as many processes with the same memory settings.

How good the result is, is measured on the photographs among the samples: reduced by averaging, and
enlarged again.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scenario_desktop import paths
from scenario_desktop.api.models.sartiq.answers import PredictionPublic
from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.api.sartiq.client import SartiqClient
from scenario_desktop.imaging.edit_tasks import refine_file
from scenario_desktop.imaging.edits.refine import refine
from scenario_desktop.services.engine_process import EngineProcess
from tests.bench.beside_direct import rounds, workplace
from tests.bench.likeness import psnr, ssim
from tests.bench.sample_files import samples

PICTURES, SIDE_PX, SCALE = 20, 1024, 2
ROUNDS = 3
#: How often the engine is asked whether all has ended, seconds: seldom, since asking costs it.
POLL_S = 0.25
LIMIT_S = 120.0
PHOTOGRAPHS = ("cat-portrait.jpg", "espresso.jpg")


def make_squares(folder: Path) -> list[Path]:
    """Write square JPEG files from the middle of the samples that we ship."""
    folder.mkdir()
    made = []
    for number in range(PICTURES):
        sources = samples()
        path = folder / f"picture {number:02d}.jpg"
        with Image.open(sources[number % len(sources)]) as sample:
            side = min(sample.size)
            left, top = (sample.width - side) // 2, (sample.height - side) // 2
            square = sample.convert("RGB").resize(
                (SIDE_PX, SIDE_PX), box=(left, top, left + side, top + side)
            )
        square.save(path, "JPEG", quality=88)
        made.append(path)
    return made


def direct(source: str, target: str) -> int:
    return refine_file(source, target, {"scale_factor": SCALE}).size_bytes


def direct_seconds(pool: Pool, files: list[Path], folder: Path) -> float:
    work = [(str(path), str(folder / f"{path.stem}.out")) for path in files]
    begin = time.perf_counter()
    pool.starmap(direct, work, chunksize=1)
    return time.perf_counter() - begin


async def engine_seconds(client: SartiqClient, urls: list[str]) -> float:
    """Send one request for all and return the seconds until the last has ended."""
    begin = time.time()
    answer = await client.refine(
        RefineGenerationRequest(base_image_urls=tuple(urls), scale_factor=float(SCALE))
    )
    ids = [generation.id for generation in answer.generations]
    if len(ids) != PICTURES:
        raise RuntimeError(f"{answer.total_failed} pictures were refused")
    async with asyncio.timeout(LIMIT_S):
        while True:
            generations = await client.get_generations(ids)
            made = [one for generation in generations for one in generation.predictions]
            if len(made) == PICTURES and all(has_ended(one) for one in made):
                break
            await asyncio.sleep(POLL_S)
    if any(one.error_message for one in made):
        raise RuntimeError(next(one.error_message for one in made if one.error_message))
    return max(one.updated_at.timestamp() for one in made if one.updated_at) - begin


def has_ended(one: PredictionPublic) -> bool:
    return bool(one.image_url or one.error_message)


async def measure(folder: Path, files: list[Path], pool: Pool) -> dict[str, Any]:
    engine = EngineProcess(log_file=folder / "engine.log")
    try:
        address = await engine.start(folder / "engine")
        client = SartiqClient.with_password(address.sartiq_url, address.username, address.password)
        try:
            urls = [await client.upload(p.name, "image/jpeg", p.read_bytes()) for p in files]
            return await rounds(
                partial(engine_seconds, client, urls),
                partial(direct_seconds, pool, files, folder), ROUNDS,
            )  # fmt: skip
        finally:
            await client.aclose()
    finally:
        await engine.aclose()


def likeness(scale: int) -> dict[str, float]:
    """Return the mean over the photographs: dB and 0 to 1, ours and bicubic's."""
    found: dict[str, list[float]] = {}
    for name in PHOTOGRAPHS:
        with Image.open(paths.resource("samples", name)) as image:
            size = (image.width // scale * scale, image.height // scale * scale)
            truth = np.asarray(image.convert("RGB").crop((0, 0, *size)))
        small = Image.fromarray(truth).resize(
            (size[0] // scale, size[1] // scale), Image.Resampling.BOX
        )
        bicubic = np.asarray(small.resize(size, Image.Resampling.BICUBIC))
        for label, result in (
            ("ours", refine(np.asarray(small), scale=scale)),
            ("bicubic", bicubic),
        ):
            found.setdefault(f"psnr_{label}_db", []).append(psnr(result, truth))
            found.setdefault(f"ssim_{label}", []).append(ssim(result, truth))
    return {label: round(statistics.mean(values), 4) for label, values in found.items()}


def compute_ms_per_mp() -> float:
    """Return the milliseconds that enlarging alone takes for a million pixels of the result."""
    with Image.open(samples()[0]) as image:
        picture = np.asarray(image.convert("RGB").resize((SIDE_PX, SIDE_PX)))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        refine(picture, scale=SCALE)
        times.append((time.perf_counter() - begin) * 1000)
    return round(min(times) / (SCALE * SCALE * SIDE_PX * SIDE_PX / 1e6), 1)


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    with workplace() as (folder, pool):
        files = make_squares(folder / "files")
        against_direct = asyncio.run(measure(folder, files, pool))
    return {
        "name": "refine",
        **against_direct,
        "ms_per_mp": compute_ms_per_mp(),
        **{f"{scale}x": likeness(scale) for scale in (2, 4, 8)},
    }

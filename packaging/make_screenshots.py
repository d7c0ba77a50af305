#!/usr/bin/env python3
"""Run the tour and keep the pictures that the README shows. Needs Pillow.

python packaging/make_screenshots.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "screenshots"
#: Step of the tour -> name of the picture.
KEPT = {
    "copy-url": "gallery-dark",
    "one-map": "detect-dark",
    "follow": "jobs-dark",
    "canvas-draw": "canvas-dark",
    "sartiq-refine": "refine-dark",
    "usage-bar": "usage-dark",
    "gallery-light": "gallery-light",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scenario_desktop", "tour", "--out", folder]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
        FOLDER.mkdir(exist_ok=True)
        for picture in sorted(Path(folder).glob("*.png")):
            name = KEPT.get(picture.stem.partition("-")[2])
            if name is not None:
                image = Image.open(picture).convert("RGB")
                image.save(FOLDER / f"{name}.jpg", quality=90, subsampling=0, optimize=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

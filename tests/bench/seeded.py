"""A seeded catalogue that several benchmarks share: made once, kept in the temporary folder."""

from __future__ import annotations

import getpass
import hashlib
import tempfile
from pathlib import Path

from scenario_desktop.store import catalogue_cells, catalogue_rows, catalogue_schema
from tests.bench import catalogue_seed


def catalogue_file(count: int) -> Path:
    """Return a catalogue of so many items; making a million takes about a minute, once.

    The name holds a digest of what shapes the rows, so that a change makes a new file.
    """
    sources = (catalogue_seed, catalogue_cells, catalogue_rows, catalogue_schema)
    texts = b"".join(Path(module.__file__ or "").read_bytes() for module in sources)
    digest = hashlib.sha256(texts).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"scenario-desktop-bench-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"catalogue-{count}-{digest}.sqlite"
    if not path.exists():
        for old in folder.glob(f"catalogue-{count}-*"):
            old.unlink()
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        catalogue_seed.seed(part, count, has_raw=False)
        part.replace(path)
    return path

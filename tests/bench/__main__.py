"""Run the benchmarks: one JSON object per line on stdout.

python -m tests.bench        all, each in a process of its own
python -m tests.bench NAME   the one of that name, in this process
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

NAMES = (
    "start", "scroll", "open", "thumbs", "sync", "detect", "memory", "stall",
    "brush", "poll", "canvas-open", "canvas-memory", "canvas-save",
    "usage-answer", "usage-open", "usage-scroll", "refine",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    if not arguments:
        codes = [
            subprocess.run([sys.executable, "-m", "tests.bench", name], check=False).returncode
            for name in NAMES
        ]
        return max(codes)
    name = arguments[0]
    if name not in NAMES:
        print(f"There is no benchmark named {name}. There are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"tests.bench.bench_{name.replace('-', '_')}")
    print(json.dumps(module.run()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

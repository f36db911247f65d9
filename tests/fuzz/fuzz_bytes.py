"""Let atheris look for bytes that reading does not survive.

    python -m tests.fuzz.fuzz_bytes [-max_total_time=600] [-runs=N] [FOLDER]

It begins with the samples and follows which lines of taskgraph.sources each input reaches;
the folder keeps what it found. The first byte of an input chooses the name of the file.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import seeds

NAMES = (
    "a.json",
    "a.jsonl",
    "a.yaml",
    "a.task.yaml",
    "a.task.json",
    "a.zip",
    "<stdin>",
    "a",
)
DEFAULTS = {
    "-max_total_time": "600",
    "-rss_limit_mb": "1024",
    "-timeout": "10",
    "-max_len": "20000",
    "-artifact_prefix": f"{tempfile.gettempdir()}/fuzz_bytes_",
}


def plant(folder: Path) -> None:
    """Write the samples as first inputs, each with a name that suits it."""
    for name, data in seeds().items():
        known = [
            i for i, kind in enumerate(NAMES) if name.endswith(kind[1:]) and kind != "a"
        ]
        for first in {*known, 0}:
            (folder / f"{name}.{first}").write_bytes(bytes([first]) + data)


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["taskgraph"]):
        from tests.fuzz.target import try_bytes

    def try_one(data: bytes) -> None:
        if data:
            try_bytes(data[1:], NAMES[data[0] % len(NAMES)])

    given = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    names = {argument.partition("=")[0] for argument in given}
    given += [f"{name}={value}" for name, value in DEFAULTS.items() if name not in names]
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder))
        atheris.Setup([sys.argv[0], *given, *folders, folder], try_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

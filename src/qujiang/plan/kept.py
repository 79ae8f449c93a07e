"""Finished blocks of a run kept in a folder, so that a run which was stopped or killed goes on where it was.

``run.json`` says which run the folder belongs to; each block is a file of its own, written aside and renamed. The blocks are the
numbers themselves, bit for bit, so a resumed run gives the same bytes as one that ran through.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qujiang.errors import ScenarioError
from qujiang.plan.futures import Block

RUN = "run.json"
#: What each entry of ``run.json`` is called in a message.
WORDS = {
    "district_hash": "district or scenario (its tables have changed)",
    "scenario_hash": "scenario (its tables have changed)",
    "scenario": "scenario",
    "projects": "projects opened",
    "entries_of_projects": "projects and dates of the scenario's entries",
    "futures": "number of futures",
    "seed": "seed",
    "version": "version of qujiang",
    "packages": "version of numpy or scipy",
}
TABLES = ("values", "starts", "points", "figures", "courses", "finish", "without")
ARRAYS = ("kinds", "locks", "waits_h", "free_ratio", "contradicts")


class Kept:
    """A folder of finished blocks.

    Parameters
    ----------
    folder
        Made where it does not exist. A folder with other files in it is refused.
    run
        What the blocks depend on: hashes, seed, count, versions.

    Raises
    ------
    ScenarioError
        The folder belongs to another run (what differs is named), or is no folder of a run.
    """

    def __init__(self, folder: Path | str, run: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        record = json.loads(json.dumps(dict(run), sort_keys=True))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / RUN).exists():
                if any(self.folder.iterdir()):
                    raise ScenarioError(
                        f"{self.folder} holds other files and no kept run: name an empty or a new folder"
                    )
                self._write(self.folder / RUN, json.dumps(record, ensure_ascii=False, indent=2).encode())
            found = json.loads((self.folder / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as reason:
            raise ScenarioError(f"{self.folder} cannot keep a run: {reason}") from None
        other = [name for name in record if not isinstance(found, dict) or found.get(name) != record[name]]
        if other:
            told = "; ".join(f"{WORDS.get(n, n)}: kept {_short(found, n)}, asked {_short(record, n)}" for n in other)
            raise ScenarioError(f"{self.folder} keeps another run ({told}): ask for that run, or name a new folder")

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Blocks that are there; one that cannot be read is left out, and is run again."""
        for path in sorted(self.folder.glob("block*.npz")):
            block = _read(path)
            if block is not None:
                yield int(path.stem.removeprefix("block")), block

    def keep(self, number: int, block: Block) -> None:
        """Write one block aside and rename it."""
        arrays = {f"{name}/{key}": array for name in TABLES for key, array in getattr(block, name).items()}
        arrays |= {name: getattr(block, name) for name in ARRAYS}
        path = self.folder / f"block{number:06d}.npz"
        aside = path.with_suffix(f".{os.getpid()}.part")
        try:
            with aside.open("wb") as file:
                np.savez(file, steps=np.array(block.steps), **arrays)
            aside.replace(path)
        except OSError as reason:
            aside.unlink(missing_ok=True)
            raise ScenarioError(f"{path} cannot be written: {reason.strerror or reason}") from None

    def drop(self) -> None:
        """Take the run's own files away, once its answer is complete; and the folder, where nothing else is in it."""
        for path in (*self.folder.glob("block*.npz"), *self.folder.glob("block*.part"), self.folder / RUN):
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _write(self, path: Path, content: bytes) -> None:
        aside = path.with_name(path.name + ".part")
        aside.write_bytes(content)
        aside.replace(path)


def _short(record: object, name: str) -> str:
    value = record.get(name) if isinstance(record, dict) else None
    return str(value)[:12] if name.endswith("hash") else str(value)


def _read(path: Path) -> Block | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if not {*ARRAYS, "steps"} <= arrays.keys():
        return None
    tables = {name: {k.partition("/")[2]: v for k, v in arrays.items() if k.startswith(f"{name}/")} for name in TABLES}
    return Block(**tables, **{name: arrays[name] for name in ARRAYS}, steps=int(arrays["steps"]))

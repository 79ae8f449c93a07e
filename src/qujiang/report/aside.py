"""Files that are written aside and then renamed, so that an interrupted run leaves nothing half-written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Written last: a folder whose ``run.json`` is of this run is whole.
LAST = "run.json"


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` to write into; what was written there is moved into ``folder`` when the block ends well.

    When the block fails or is interrupted, ``folder`` is as it was. Every file is renamed whole; where ``folder`` is new,
    all of them in one step.

    Raises
    ------
    OSError
        The place cannot be written.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        aside.chmod(0o755)  # mkdtemp keeps others out; the result is for all readers
        yield aside
        _move(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write one UTF-8 text file whole or not at all."""
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed below, then renamed
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
    )
    aside = Path(handle.name)
    try:
        with handle:
            handle.write(text)
        aside.chmod(0o644)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _move(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    files = sorted((path for path in aside.rglob("*") if path.is_file()), key=lambda path: (path.name == LAST, path))
    for path in files:
        target = folder / path.relative_to(aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)

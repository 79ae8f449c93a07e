"""The main job from the outside: wall and CPU seconds and peak memory of fresh processes.

    python bench/plan.py [--repeats 5]

Measured are: ``qujiang --help``; ``qujiang plan`` warm; ``qujiang plan`` the very first time (nothing compiled, nothing kept: empty folders for
byte code, numba's and the user's cache); and with the package's folder not writable (a copy of it on a read-only mount where
``unshare`` allows one, else a copy with numba's caching beside the source barred). Nothing is timed inside tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import qujiang

PACKAGE = Path(qujiang.__file__).parent
TARGETS = {"help": "< 0.3 s", "warm": "< 3 s, < 400 MB", "first": "< 10 s", "read-only": "< 10 s first, < 3 s then"}


@dataclass(frozen=True, slots=True)
class Cost:
    """One fresh process."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: list[str], environment: dict[str, str] | None = None) -> Cost:
    """Run a command to its end; peak memory is that of its largest process."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=None if environment is None else {**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} left with {process.returncode}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def told(what: str, costs: list[Cost], target: str) -> None:
    """One line: least and median of the repeats."""
    walls, cpus = [c.wall_s for c in costs], [c.cpu_s for c in costs]
    print(
        f"{what:<34}wall {min(walls):6.2f} ({statistics.median(walls):.2f})   CPU {min(cpus):6.2f} ({statistics.median(cpus):.2f})   "
        f"peak {max(c.peak_mb for c in costs):5.0f} MB   target {target}"
    )


def nothing_kept(folder: Path) -> dict[str, str]:
    """An environment in which nothing was ever compiled or kept."""
    parts = {"PYTHONPYCACHEPREFIX": "bytecode", "NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp"}
    for name in parts.values():
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {variable: str(folder / name) for variable, name in parts.items()}


def read_only(folder: Path) -> tuple[list[str], dict[str, str], str]:
    """How to start the program from a copy that cannot be written: words before, environment, what was done."""
    copy = folder / "package"
    shutil.copytree(PACKAGE, copy / "qujiang", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tmp").mkdir()
    environment = {"PYTHONPATH": str(copy), "XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    mount = f'mount --bind "{copy}" "{copy}" && mount -o remount,ro,bind "{copy}" && ! touch "{copy}/x" 2>/dev/null && exec "$@"'
    before = ["unshare", "-rm", "sh", "-c", mount, "sh"]
    if shutil.which("unshare") and not subprocess.run([*before, "true"], check=False, capture_output=True).returncode:
        return before, environment, "a copy on a read-only mount; byte code cannot be written either"
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    return (
        [],
        environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        "a copy without write permission (root may write all the same), no byte code",
    )


def main() -> None:
    """Print the figures of one run."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--repeats", type=int, default=5)
    repeats = words.parse_args().repeats
    run = [sys.executable, "-m", "qujiang"]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load}; least (median) of fresh processes, seconds"
    )
    measure([*run, "plan"])  # keeps what is kept
    told("qujiang --help", [measure([*run, "--help"]) for _ in range(repeats)], TARGETS["help"])
    told("qujiang plan", [measure([*run, "plan"]) for _ in range(repeats)], TARGETS["warm"])
    with tempfile.TemporaryDirectory() as folder:
        told(
            "qujiang plan --out",
            [measure([*run, "plan", "--out", f"{folder}/{n}"]) for n in range(repeats)],
            TARGETS["warm"],
        )
    first = []
    for _ in range(min(repeats, 3)):
        with tempfile.TemporaryDirectory() as folder:
            first.append(measure([*run, "plan"], nothing_kept(Path(folder))))
    told("qujiang plan, very first time", first, TARGETS["first"])
    with tempfile.TemporaryDirectory() as folder:
        before, environment, done = read_only(Path(folder))
        costs = [measure([*before, *run, "plan"], environment) for _ in range(repeats)]
        told("  package not writable, first", costs[:1], TARGETS["read-only"])
        if costs[1:]:
            told("  package not writable, then", costs[1:], TARGETS["read-only"])
        print(f"  ({done})")


if __name__ == "__main__":
    main()

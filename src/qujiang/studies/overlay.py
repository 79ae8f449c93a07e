"""An overlay that someone writes or uploads: checked by the district's own scenario machinery, all faults at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qujiang.district import District
from qujiang.district.scenario import read_scenario
from qujiang.errors import DataError, Fault
from qujiang.studies.question import MOST_ENTRIES, MOST_OVERLAY_BYTES, plain_text

NAME = "scenario.toml"


@contextmanager
def as_file(overlay: str) -> Iterator[Path]:
    """The overlay as a file that ``District.with_scenario`` and ``qujiang plan --scenario`` read."""
    with tempfile.TemporaryDirectory(prefix="qujiang-study-") as aside:
        path = Path(aside) / NAME
        path.write_text(plain_text(overlay) + "\n", encoding="utf-8", newline="\n")
        yield path


def laid_over(district: District, overlay: str) -> District:
    """The district with an overlay; the district itself where the overlay is empty.

    Raises
    ------
    DataError
        Every fault of the overlay: too long, no TOML, unknown tables, rows or columns, and every rule of the district that it
        would break.
    """
    check_size(overlay)
    if not plain_text(overlay):
        return district
    with as_file(overlay) as path:
        scenario, faults = read_scenario(path)
        if scenario is not None and len(scenario.entries) > MOST_ENTRIES:
            rule = f"has {len(scenario.entries):,} entries, more than {MOST_ENTRIES}"
            faults = [*faults, Fault(NAME, None, None, None, rule, "choose rows by keys or where")]
            raise DataError(faults)
        return district.with_scenario(path)


def check_size(overlay: str) -> None:
    """Refuse an overlay that is too long, before it is read.

    Raises
    ------
    DataError
        It is.
    """
    size = len(overlay.encode("utf-8", "replace"))
    if size > MOST_OVERLAY_BYTES:
        rule = f"has {size:,} bytes, more than {MOST_OVERLAY_BYTES:,}"
        raise DataError([Fault(NAME, None, None, None, rule, "choose rows by keys or where instead of one by one")])

"""Start a district: blank templates, or a copy of one that exists."""

from __future__ import annotations

import tempfile
from pathlib import Path

from qujiang.district.folders import write_folder
from qujiang.district.info import FILE, Info, write_info
from qujiang.district.vocabulary import TABLES
from qujiang.tables import write_templates

_HEAD = """\
# What the district is. base_year is the year of today's figures. Where it has a port, add
#   port_place = "..."    its id in places.csv
#   port_area = "..."     the area of observations.csv whose throughput is the port's
# and name the areas that observations and population speak of; what has a parent is never larger than it.
"""
_TODAY = """\
name_zh = "今天"
name_en = "Today"
reason = "The district as its tables describe it. Nothing is changed."
"""


def write_blank(folder: str | Path, *, base_year: int) -> Path:
    """Write a folder of blank tables with the data dictionary, ``district.toml`` and a first scenario.

    Raises
    ------
    QujiangError
        The folder exists and is not empty, or cannot be written.
    """
    folder = Path(folder)
    info = Info("my_district", "某区", "My district", base_year)
    with tempfile.TemporaryDirectory() as aside:
        texts = {path.name: path.read_text(encoding="utf-8") for path in write_templates(TABLES, aside)}
    texts |= {FILE: _HEAD + write_info(info), "scenarios/today.toml": _TODAY}
    return write_folder(folder, texts)

"""The application of another district: what it has no data for stands neither in the menu nor in the way."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient

from qujiang.desk import read_rulebook
from qujiang.district import District
from qujiang.district.starting import write_blank
from qujiang.errors import DataError
from qujiang.store import open_store
from qujiang.web import Settings, create_app

FREIGHT = [
    "demand",
    "demand_growth",
    "cargoes",
    "water_links",
    "channel_limits",
    "locks",
    "lock_counts",
    "background",
    "road_links",
    "rail_links",
    "rail_tariffs",
    "water_services",
    "vessel_classes",
    "rates",
    "emission_factors",
    "air_links",
    "port_equipment",
    "berths",
    "terminals",
    "calibration_facts",
    "checks",
    "peer_ports",
    "highways",
    "zones",
    "project_effects",
]


def blank(folder: Path) -> Path:
    return write_blank(folder, base_year=2025)


def without_freight(folder: Path) -> Path:
    """The bundled district with its people, buildings, projects and indicators, and no port."""
    District.open("qujiang").save(folder)
    for name in FREIGHT:
        path = folder / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[0] + "\n", encoding="utf-8")
    about = folder / "district.toml"
    lines = about.read_text(encoding="utf-8").splitlines()
    about.write_text("\n".join(line for line in lines if not line.startswith("port_")) + "\n", encoding="utf-8")
    for path in (folder / "scenarios").iterdir():
        path.unlink()
    return folder


@pytest.mark.parametrize(
    ("make", "menu"),
    [
        (blank, {"/", "/try", "/studies", "/outlook"}),
        (without_freight, {"/", "/try", "/studies", "/projects", "/outlook", "/desk", "/cases"}),
    ],
    ids=["blank", "without freight"],
)
def test_every_page_that_can_be_reached_answers(make, menu: set[str], tmp_path: Path) -> None:
    folder = make(tmp_path / "other")
    database = tmp_path / "live.sqlite3"
    open_store(str(database)).close()
    settings = Settings(f"sqlite:///{database}", folder / "services", district=folder, webhook_every_s=3600)
    with TestClient(create_app(settings)) as client:
        entries = client.get("/").text.split('class="rooms"', 1)[1].split("</nav>", 1)[0]
        assert menu <= set(re.findall(r'href="([^"?]+)"', entries))
        assert not {"/freight", "/port"} & set(re.findall(r'href="([^"?]+)"', entries))
        assert ("/desk" in menu) == ('href="/desk"' in entries)
        waiting, seen = ["/"], {"/"}
        while waiting:
            page = waiting.pop()
            answer = client.get(page)
            assert answer.status_code == 200, (page, answer.status_code)
            for link in re.findall(r'href="([^"#]+)', answer.text):
                parts = urlsplit(urljoin(f"http://testserver{page}", link.replace("&amp;", "&")))
                if parts.netloc == "testserver" and parts.path not in seen:
                    seen.add(parts.path)
                    waiting.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        assert menu <= seen


def test_a_folder_of_services_that_is_missing_is_a_fault_where_services_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"departments\.csv"):
        read_rulebook(tmp_path / "services")
    book = read_rulebook(tmp_path / "services", needed=False)
    assert (dict(book.services), dict(book.departments)) == ({}, {})
    (tmp_path / "services").mkdir()
    with pytest.raises(
        DataError, match=r"departments\.csv"
    ):  # a folder that lacks its files is no district without counters
        read_rulebook(tmp_path / "services", needed=False)

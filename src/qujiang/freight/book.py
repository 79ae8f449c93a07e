"""Everything that a quote needs, as plain arrays: built once from a district, kept on disk by the hash of its inputs."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qujiang.freight.names import Names, index_names

if TYPE_CHECKING:
    import polars as pl

    from qujiang.freight.problem import FreightProblem

#: Changes whenever the content of a kept book would differ for the same inputs.
BOOK_VERSION = 1
#: Tables that a book is made of.
SOURCES = (
    "places", "cargoes", "water_links", "channel_limits", "locks", "road_links", "rail_links", "rail_tariffs",
    "rates", "vessel_classes", "emission_factors", "water_services", "demand", "demand_growth",
)  # fmt: skip


@dataclass(frozen=True)
class QuoteBook:
    """Arrays of one district. Shapes: P places, F cargo forms, S seasons, W ways of sailing (all seasons together)."""

    texts: Mapping[str, Any]  # ids, names, aliases, statuses
    last_mile: np.ndarray  # (P,)
    road_km: np.ndarray  # (P, P)
    rail_km: np.ndarray  # (P, P)
    way_season: np.ndarray  # (W,)
    way_vessel: np.ndarray
    way_payload_t: np.ndarray
    way_speed_km_per_h: np.ndarray
    way_per_km: np.ndarray  # yuan a tonne of payload
    way_per_lock_h: np.ndarray
    way_per_lock: np.ndarray
    way_per_call: np.ndarray
    way_wtt: np.ndarray
    way_ttw: np.ndarray
    way_boxes: np.ndarray
    way_bulk: np.ndarray
    water_km: np.ndarray  # (W, P, P)
    coastal_km: np.ndarray
    lock_count: np.ndarray
    lock_h: np.ndarray
    form_boxed: np.ndarray  # (F,)
    form_share: np.ndarray
    value_of_time: np.ndarray
    rail_base: np.ndarray
    rail_per_km: np.ndarray
    road_per_km: np.ndarray  # (F, 2)
    road_least_km: np.ndarray
    handling: np.ndarray
    rail_handling: np.ndarray
    rail_water: np.ndarray
    hub_kg: np.ndarray
    form_last_mile: np.ndarray
    service_h: np.ndarray  # (P, P) hours between departures, NaN where no service runs
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(len(NUMBERS)))

    @cached_property
    def places(self) -> Names:
        """Places by name."""
        return index_names("place", [tuple(row) for row in self.texts["places"]])

    @cached_property
    def cargoes(self) -> Names:
        """Cargoes by name."""
        return index_names("cargo", [tuple(row) for row in self.texts["cargoes"]])

    @cached_property
    def offers(self) -> dict[tuple[bool, int, int | None], Any]:
        """What each season offers, filled as it is asked for."""
        return {}

    @cached_property
    def t_per_teu(self) -> float:
        """Tonnes in a TEU."""
        return self.number("t_per_teu")

    @cached_property
    def truck_payload_t(self) -> float:
        """Tonnes on a lorry."""
        return self.number("truck_payload_t")

    @cached_property
    def truck_speed(self) -> float:
        """Lorry [km/h]."""
        return self.number("truck_speed")

    @cached_property
    def port_dues(self) -> float:
        """Dues of a port call [yuan/t]."""
        return self.number("port_dues")

    @cached_property
    def road_kg_per_km(self) -> float:
        """Well-to-wheel emissions of a lorry [kg/(t km)]."""
        return self.number("road_wtt") + self.number("road_ttw")

    def number(self, name: str) -> float:
        """A single figure by name (see NUMBERS)."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, float]:
        return dict(zip(NUMBERS, self.numbers.tolist(), strict=True))


NUMBERS = (
    "truck_speed", "train_speed", "port_call_h", "port_dues", "truck_payload_t", "t_per_teu",
    "road_wtt", "road_ttw", "rail_wtt", "rail_ttw", "low_water_first_month", "low_water_last_month",
)  # fmt: skip


def build_book(tables: Mapping[str, pl.DataFrame], problem: FreightProblem) -> QuoteBook:
    """Collect the arrays of a district's freight problem."""
    from qujiang.freight.parts import RAIL_FACTOR, ROAD_FACTOR

    prices = problem.prices()
    seasons = [np.full(len(price.per_km), s) for s, price in enumerate(prices)]
    waters = [skim for skims in problem.skims for skim in skims.water]
    count = len(problem.place_ids)

    def ways(name: str) -> np.ndarray:
        return np.concatenate([getattr(price, name) for price in prices])

    def stack(name: str) -> np.ndarray:
        return np.stack([getattr(skim, name) for skim in waters]) if waters else np.empty((0, count, count))

    forms, rates = problem.forms, problem.rates
    months = _low_water_months(tables["channel_limits"])
    numbers = (
        rates["truck_speed"], rates["train_speed"], rates["port_hours_per_call"] / 2, rates["port_dues"],
        rates.value.get("truck_payload", 30.0), forms.t_per_teu, *problem.factors[ROAD_FACTOR],
        *problem.factors[RAIL_FACTOR], *months,
    )  # fmt: skip
    return QuoteBook(
        texts=_texts(tables, problem),
        last_mile=problem.last_mile,
        road_km=problem.skims[0].road.length_km,
        rail_km=problem.skims[0].rail.length_km,
        way_season=np.concatenate(seasons),
        way_vessel=np.concatenate([problem.vessel_of(s) for s in range(len(prices))]),
        way_payload_t=np.concatenate([problem.payload_of(s) for s in range(len(prices))]),
        way_speed_km_per_h=ways("speed_km_per_h"),
        way_per_km=ways("per_km"),
        way_per_lock_h=ways("per_lock_h"),
        way_per_lock=ways("per_lock"),
        way_per_call=ways("per_call"),
        way_wtt=ways("wtt_kg_per_tkm"),
        way_ttw=ways("ttw_kg_per_tkm"),
        way_boxes=ways("boxes"),
        way_bulk=ways("bulk"),
        water_km=stack("length_km"),
        coastal_km=stack("coastal_km"),
        lock_count=stack("lock_count"),
        lock_h=stack("lock_h"),
        form_boxed=forms.boxed,
        form_share=forms.share,
        value_of_time=forms.value_of_time,
        rail_base=forms.rail_base,
        rail_per_km=forms.rail_per_km,
        road_per_km=forms.road_per_km,
        road_least_km=forms.road_least_km,
        handling=forms.handling,
        rail_handling=forms.rail_handling,
        rail_water=forms.rail_water,
        hub_kg=forms.hub_kg,
        form_last_mile=forms.last_mile,
        service_h=_service_hours(tables.get("water_services"), problem),
        numbers=np.array(numbers, dtype=float),
    )


def _low_water_months(limits: pl.DataFrame) -> tuple[int, int]:
    rows = limits.filter(limits["season"] == "low_water")["months"].to_list()
    first, last = (rows[0] if rows else "00-00").split("-")
    return int(first), int(last)


def _service_hours(services: pl.DataFrame | None, problem: FreightProblem) -> np.ndarray:
    """Hours between departures of the regular services, both ways."""
    count = len(problem.place_ids)
    hours = np.full((count, count), np.nan)
    if services is not None:
        index = {name: row for row, name in enumerate(problem.place_ids)}
        for row in services.to_dicts():
            if row["departures_per_week"]:
                a, b = index[row["from_place"]], index[row["to_place"]]
                hours[a, b] = hours[b, a] = 168.0 / row["departures_per_week"]
    return hours


def _texts(tables: Mapping[str, pl.DataFrame], problem: FreightProblem) -> dict[str, Any]:
    def named(frame: pl.DataFrame) -> list:
        return [[r["id"], r["name_zh"], r["name_en"], list(r.get("aliases") or [])] for r in frame.to_dicts()]

    closed: dict[str, str] = {}
    services = tables.get("water_services")
    if services is not None:
        closed = {f"{r['from_place']}|{r['to_place']}": r["closed_months"] or "" for r in services.to_dicts()}
    versions = tables["emission_factors"]
    return {
        "places": named(tables["places"]),
        "cargoes": named(tables["cargoes"]),
        "form_cargo": list(problem.forms.cargo),
        "vessels": list(problem.fleet.ids),
        "vessel_names": list(problem.fleet.names),
        "port": problem.place_ids[problem.port],
        "services": {f"{r['from_place']}|{r['to_place']}": r["id"] for r in services.to_dicts()}
        if services is not None
        else {},
        "closed": closed,
        "assumed_rates": sorted(problem.rates.assumed),
        "emission_version": sorted({str(v) for v in versions["version"]}) if "version" in versions.columns else [],
        "locks": sorted({lock for n in problem.networks[0].water.locks for lock in n}),
    }


def cache_folder() -> Path:
    """Where books are kept: the user's cache, or a folder of its own in the temporary one where that cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    folder = Path(home) / "qujiang"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass  # a home that cannot be written is no fault: the temporary folder serves
    return Path(tempfile.gettempdir()) / f"qujiang-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def inputs_hash(folder: Path) -> str:
    """Hash of the files that a book is made of, and of the book's own version."""
    digest = hashlib.sha256(f"book {BOOK_VERSION}".encode())
    for name in sorted(SOURCES):
        for path in sorted(folder.glob(f"{name}.*")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    info = folder / "district.toml"
    digest.update(info.read_bytes() if info.is_file() else b"")
    return digest.hexdigest()


def save_book(book: QuoteBook, path: Path) -> None:
    """Write aside, then rename; a book that cannot be kept is simply built again next time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f.name: getattr(book, f.name) for f in fields(book) if f.name != "texts"}
    handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(
                stream,
                texts=np.frombuffer(json.dumps(book.texts, ensure_ascii=False).encode(), dtype=np.uint8),
                **arrays,
            )
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def load_book(path: Path) -> QuoteBook | None:
    """A kept book; None where there is none or it cannot be read."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        texts = json.loads(arrays.pop("texts").tobytes().decode())
        return QuoteBook(texts=texts, **arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None  # not kept, cut short, or of another make: the caller builds it anew


def same_book(one: QuoteBook, other: QuoteBook) -> bool:
    """Whether two books say the same."""
    mine, yours = asdict(one), asdict(other)
    return all(
        np.array_equal(mine[k], yours[k], equal_nan=mine[k].dtype.kind == "f")
        if isinstance(mine[k], np.ndarray)
        else mine[k] == yours[k]
        for k in mine
    )

"""Units: the suffixes that a numeric column may carry, and the conversions used more than once."""

from __future__ import annotations

#: Every numeric column or parameter ends in one of these. The value says what it means.
SUFFIXES: dict[str, str] = {
    "_t": "tonnes",
    "_kt": "thousand tonnes",
    "_t_per_year": "tonnes a year",
    "_t_per_call": "tonnes a call",
    "_t_per_h": "tonnes an hour",
    "_t_per_cm": "tonnes per centimetre of draught",
    "_t_per_m3": "tonnes per cubic metre",
    "_teu": "twenty-foot equivalent units",
    "_teu_per_year": "twenty-foot equivalent units a year",
    "_km": "kilometres",
    "_m": "metres",
    "_m2": "square metres",
    "_km2": "square kilometres",
    "_deg": "degrees (WGS84)",
    "_h": "hours",
    "_h_per_day": "hours a day",
    "_h_per_year": "hours a year",
    "_min": "minutes",
    "_years": "years (a length of time)",
    "_day": "days",
    "_days": "days",
    "_per_day": "times a day",
    "_per_week": "times a week",
    "_per_year": "times a year",
    "_year": "calendar year",
    "_veh_per_h": "vehicles an hour",
    "_km_per_h": "kilometres an hour",
    "_kg": "kilograms",
    "_kg_per_h": "kilograms an hour",
    "_kg_per_t": "kilograms per tonne",
    "_kg_per_tkm": "kilograms per tonne-kilometre",
    "_yuan": "yuan",
    "_yuan_per_t": "yuan per tonne",
    "_yuan_per_teu": "yuan per twenty-foot equivalent unit",
    "_yuan_per_t_h": "yuan per tonne and hour",
    "_yuan_per_h": "yuan an hour",
    "_yuan_per_km": "yuan a kilometre",
    "_yuan_per_year": "yuan a year",
    "_yuan_per_m2": "yuan per square metre and year",
    "_yuan_per_m2_month": "yuan per square metre and month",
    "_kwh_per_year": "kilowatt-hours a year",
    "_kwh_per_m2": "kilowatt-hours per square metre and year",
    "_fen": "fen (1/100 yuan)",
    "_share": "fraction, 0 to 1",
    "_factor": "factor, without unit",
    "_percent": "percent (3.5 means 3.5 %)",
    "_ratio": "plain quotient",
    "_count": "whole number of things",
    "_persons": "persons",
    "_no": "ordinal number",
    "_value": "a number whose unit stands in the row's own `unit` column",
}


def unit_of(column: str) -> str | None:
    """The meaning of the longest known suffix of a column's name, or None.

    >>> unit_of("capacity_t_per_year")
    'tonnes a year'
    >>> unit_of("value")
    "a number whose unit stands in the row's own `unit` column"
    """
    name = "_" + column
    known = [suffix for suffix in SUFFIXES if name.endswith(suffix)]
    return SUFFIXES[max(known, key=len)] if known else None


WAN = 10_000
YI = 100_000_000
M2_PER_MU = 10_000 / 15
KM_PER_NAUTICAL_MILE = 1.852
HOURS_PER_YEAR = 8_760

"""What the desk goes by: departments, services, dispatch, clocks, keywords, working days. Data, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qujiang.calendar import WorkCalendar, read_overrides
from qujiang.errors import DataError, Fault, ScenarioError
from qujiang.rules import DecisionTable, KeywordRule, read_keywords, read_table
from qujiang.rules.table import ChoiceInput
from qujiang.tables.plain import read_rows

DESK = "desk"  # the department that takes in, classifies and dispatches
DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
TYPES = ("realtime", "batch", "blackbox")
KINDS = ("consult", "help", "policy", "complaint")


@dataclass(frozen=True, slots=True)
class Department:
    """Who answers."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One further question of a service, in Open311's words."""

    code: str
    datatype: str
    required: bool
    order: int
    variable: bool
    description_zh: str
    datatype_description_zh: str
    values: tuple[tuple[str, str], ...]
    description_en: str = ""
    datatype_description_en: str = ""
    values_en: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """What can be asked for. ``type``: realtime (a number at once), batch (a token first), blackbox (never public)."""

    code: str
    name_zh: str
    name_en: str
    group_zh: str
    kind: str
    type: str
    description_zh: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The limits of one kind of request, in working days."""

    contact_wd: int
    reply_wd: int
    assist_wd: int
    return_wd: int
    most_extension_wd: int
    warn_wd: int
    reopen_wd: int
    rule: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Who leads, who assists, by which rule of which version."""

    lead: str
    assisting: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All of it."""

    departments: Mapping[str, Department]
    services: Mapping[str, Service]
    dispatch: DecisionTable
    clocks: DecisionTable
    keywords: tuple[KeywordRule, ...]
    calendar: WorkCalendar

    def service(self, code: str) -> Service:
        """The service of that code."""
        if code not in self.services:
            raise ScenarioError(f"service {code!r} is unknown; one of {', '.join(self.services)}")
        return self.services[code]

    def department(self, code: str) -> Department:
        """The department of that code."""
        if code not in self.departments:
            raise ScenarioError(f"department {code!r} is unknown; one of {', '.join(self.departments)}")
        return self.departments[code]

    def dispatch_of(self, service: str, on: date) -> Dispatch:
        """Who leads and assists for a service received on that day."""
        decision = self.dispatch.decide(on, service=service)
        names = tuple(filter(None, decision.outcome["assisting"].split("|")))
        return Dispatch(decision.outcome["lead"], names, f"{decision.rule}@{decision.version}")

    def clocks_of(self, kind: str, assisting: int, on: date) -> Clocks:
        """The limits for a kind of request received on that day."""
        decision = self.clocks.decide(on, kind=kind, departments="several" if assisting else "one")
        limits = {name: int(decision.outcome[name]) for name in _LIMITS}
        return Clocks(**limits, rule=f"{decision.rule}@{decision.version}")


_LIMITS = ("contact_wd", "reply_wd", "assist_wd", "return_wd", "most_extension_wd", "warn_wd", "reopen_wd")


def read_rulebook(folder: Path, *, needed: bool = True) -> Rulebook:
    """Read the services folder of a district.

    Parameters
    ----------
    folder
        The folder of service data.
    needed
        Whether a folder that does not exist is a fault; else the district has no counters, and its book is empty.

    Raises
    ------
    DataError
        The faults of the first file that has some, or every disagreement between the files.
    """
    if not needed and not folder.exists():
        nothing = DecisionTable("none", (), (), (), "")
        return Rulebook({}, {}, nothing, nothing, (), WorkCalendar(()))
    departments = {
        row["code"]: Department(row["code"], row["name_zh"], row["name_en"])
        for row in read_rows(folder / "departments.csv", ("code", "name_zh", "name_en", "status"))
    }
    days = folder / "workdays.csv"
    book = Rulebook(
        departments,
        _read_services(folder),
        read_table(folder, "dispatch"),
        read_table(folder, "clocks"),
        read_keywords(folder / "keywords.csv"),
        WorkCalendar(read_overrides(days) if days.exists() else ()),
    )
    faults = [*_dispatch_faults(book), *_clock_faults(book), *_keyword_faults(book)]
    if faults:
        raise DataError(faults)
    return book


def _read_services(folder: Path) -> dict[str, Service]:
    faults: list[Fault] = []
    attributes = _read_attributes(folder, faults)
    services: dict[str, Service] = {}
    columns = ("code", "name_zh", "name_en", "group_zh", "kind", "type", "description_zh")
    for row in read_rows(folder / "services.csv", columns):
        if row["code"] in services:
            faults.append(row.fault("code", "stands twice"))
        if row["kind"] not in KINDS:
            faults.append(row.fault("kind", f"must be one of {', '.join(KINDS)}"))
        if row["type"] not in TYPES:
            faults.append(row.fault("type", f"must be one of {', '.join(TYPES)}"))
        services[row["code"]] = Service(**row.cells, attributes=tuple(attributes.pop(row["code"], ())))
    for code in attributes:
        faults.append(Fault("service_attributes.csv", None, "service", code, "is no service", "add it to services.csv"))
    if faults:
        raise DataError(faults)
    return services


def _read_attributes(folder: Path, faults: list[Fault]) -> dict[str, list[Attribute]]:
    columns = (
        "service",
        "code",
        "datatype",
        "required",
        "order",
        "variable",
        "description_zh",
        "datatype_description_zh",
        "values",
    )
    english = ("description_en", "datatype_description_en", "values_en")  # if absent: Chinese for every reader
    read: dict[str, list[Attribute]] = {}
    for row in read_rows(folder / "service_attributes.csv", columns, english):
        if row["datatype"] not in DATATYPES:
            faults.append(row.fault("datatype", f"must be one of {', '.join(DATATYPES)}"))
        for column in ("required", "variable"):
            if row[column] not in ("yes", "no"):
                faults.append(row.fault(column, "must be yes or no"))
        here = read.setdefault(row["service"], [])
        if not row["order"].isdigit() or int(row["order"]) in {a.order for a in here}:
            faults.append(row.fault("order", "must be a whole number, unique in the service"))
            continue
        pairs, pairs_en = _pairs(row["values"]), _pairs(row.cells.get("values_en", ""))
        if pairs_en and [key for key, _ in pairs_en] != [key for key, _ in pairs]:
            faults.append(row.fault("values_en", "has other keys than values", "write the same keys in the same order"))
        if bool(pairs) != row["datatype"].endswith("valuelist"):
            faults.append(row.fault("values", "a list, and nothing else, has values", "write key=name|key=name"))
        texts = row["description_zh"], row["datatype_description_zh"]
        flags = row["required"] == "yes", int(row["order"]), row["variable"] == "yes"
        texts_en = row.cells.get("description_en", ""), row.cells.get("datatype_description_en", "")
        here.append(Attribute(row["code"], row["datatype"], *flags, *texts, pairs, *texts_en, pairs_en))
    return read


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """``key=name|key=name``."""
    return tuple((key, name) for key, _, name in (pair.partition("=") for pair in text.split("|") if pair))


def _dispatch_faults(book: Rulebook) -> list[Fault]:
    faults: list[Fault] = []
    asked = next((q.values for q in book.dispatch.inputs if isinstance(q, ChoiceInput) and q.name == "service"), ())
    if set(asked) != set(book.services):
        odd = ", ".join(sorted(set(asked) ^ set(book.services)))
        faults.append(
            Fault("dispatch.toml", None, "values", odd, "differs from services.csv", "list the same services")
        )
    for rule in book.dispatch.rules:
        for column in ("lead", "assisting"):
            for code in filter(None, rule.outcome[column].split("|")):
                if code not in book.departments:
                    faults.append(
                        Fault("dispatch.csv", rule.line, column, code, "is no department", "add it to departments.csv")
                    )
        if rule.outcome["lead"] in rule.outcome["assisting"].split("|"):
            faults.append(
                Fault(
                    "dispatch.csv",
                    rule.line,
                    "assisting",
                    rule.outcome["assisting"],
                    "names the lead again",
                    "leave it out",
                )
            )
    return faults


def _clock_faults(book: Rulebook) -> list[Fault]:
    return [
        Fault(
            "clocks.csv",
            rule.line,
            name,
            rule.outcome[name],
            "must be a whole number of working days, 1 to 250",
            "mend it",
        )
        for rule in book.clocks.rules
        for name in _LIMITS
        if not (rule.outcome[name].isascii() and rule.outcome[name].isdigit() and 1 <= int(rule.outcome[name]) <= 250)
    ]


def _keyword_faults(book: Rulebook) -> list[Fault]:
    unknown = sorted({rule.subject for rule in book.keywords} - set(book.services))
    return [Fault("keywords.csv", None, "subject", code, "is no service", "add it to services.csv") for code in unknown]

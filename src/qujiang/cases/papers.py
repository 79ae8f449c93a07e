"""The papers of a case: one set of materials (一套材料), at hand, as files, or promised for later (容缺)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from qujiang.calendar import WorkCalendar, china_date
from qujiang.calendar.due import due_on
from qujiang.cases.library import Library
from qujiang.cases.model import Material
from qujiang.cases.record import find, tell
from qujiang.errors import ConflictError, DataError, Fault, NotFoundError, ScenarioError
from qujiang.store import Caller, Unit
from qujiang.store.files import Stored, content_of, waits_for
from qujiang.store.schema import files
from qujiang.store.schema_rooms import case_materials, cases

MOST_FILES = 20  # of one paper


@dataclass(frozen=True, slots=True)
class Application:
    """What an enterprise hands in: answers, papers at hand (code -> where they lie), papers promised (容缺).

    ``files`` maps a paper's code to the numbers of the caller's files that are it, see ``store.files.keep_file``.
    """

    bundle: str
    answers: Mapping[str, Any]
    materials: Mapping[str, str] = field(default_factory=dict)
    promised: tuple[str, ...] = ()
    files: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def at_hand(self, code: str) -> bool:
        """Whether the paper is handed in now."""
        return bool(self.materials.get(code, "").strip()) or bool(self.files.get(code))


def paper_faults(
    connection: Connection, caller: Caller, needed: tuple[Material, ...], given: Application
) -> list[Fault]:
    """Every paper that is missing, too much, or of the wrong kind."""
    faults = []
    known = {paper.code for paper in needed}
    for code in sorted({*given.materials, *given.promised, *given.files} - known):
        faults.append(Fault("materials", None, code, None, "is not asked for", "leave it out"))
    for paper in needed:
        if given.at_hand(paper.code):
            faults += _file_faults(connection, caller, paper, given.files.get(paper.code, ()))
        elif paper.code not in given.promised:
            faults.append(Fault("materials", None, paper.code, None, "is missing", paper.name_zh))
        elif paper.tolerance_wd is None:
            faults.append(Fault("materials", None, paper.code, None, "cannot be brought later", paper.name_zh))
    every = [number for numbers in given.files.values() for number in numbers]
    for number in sorted({number for number in every if every.count(number) > 1}):
        faults.append(Fault("materials", None, "files", str(number), "stands twice", "hand each file in once"))
    return faults


def write_papers(
    unit: Unit, calendar: WorkCalendar, case_id: int, needed: tuple[Material, ...], given: Application
) -> None:
    """Note every paper of a new case, given or promised until a day."""
    on = china_date(unit.now)
    rows = []
    for paper in needed:
        here = given.at_hand(paper.code)
        later = None if here or paper.tolerance_wd is None else due_on(calendar, on, paper.tolerance_wd)
        names = _attach(unit, case_id, paper.code, given.files.get(paper.code, ()))
        rows.append(
            {
                "case_id": case_id,
                "material": paper.code,
                "state": "given" if here else "promised",
                "due_on": later,
                "reference": given.materials.get(paper.code, "") or names,
                "given_at": unit.now if here else None,
            }
        )
    if rows:
        unit.execute(insert(case_materials), rows)


def need_papers(connection: Connection, case: RowMapping) -> None:
    """Refuse the last step while a promised paper is missing."""
    query = select(case_materials.c.material).where(
        case_materials.c.case_id == case["id"], case_materials.c.state == "promised"
    )
    missing = connection.execute(query).scalars().all()
    if missing:
        raise ConflictError(f"promised papers are still missing: {', '.join(missing)}", case["version"])


def give_material(
    unit: Unit,
    library: Library,
    code: str,
    version: int,
    material: str,
    reference: str = "",
    *,
    files: tuple[int, ...] = (),
) -> dict[str, Any]:
    """A promised paper is handed in: where it lies, or as files that wait."""
    unit.caller.need("enterprise")
    case = find(unit.connection, unit.caller, code, lock=True)
    if case["version"] != version:
        raise ConflictError(f"case {code} was changed meanwhile: it is at version {case['version']}", case["version"])
    mine = (
        case_materials.c.case_id == case["id"],
        case_materials.c.material == material,
        case_materials.c.state == "promised",
    )
    if not reference.strip() and not files:
        raise ScenarioError("say where the paper lies, or hand in a file")
    papers = {paper.code: paper for paper in library.of(unit.connection, case["bundle_id"]).materials}
    faults = _file_faults(unit.connection, unit.caller, papers[material], files) if material in papers else []
    if faults:
        raise DataError(faults)
    names = _attach(unit, case["id"], material, files)
    values = {"state": "given", "reference": reference or names, "given_at": unit.now}
    if unit.execute(update(case_materials).where(*mine).values(values)).rowcount != 1:
        raise ConflictError(f"paper {material} is not awaited in case {code}", case["version"])
    unit.execute(update(cases).where(cases.c.id == case["id"]).values(version=version + 1))
    tell(unit, case["id"], code, "material_given", "", {"material": material})
    return {"version": version + 1}


def files_of(connection: Connection, case_id: int) -> dict[str, list[dict[str, Any]]]:
    """The files of a case by paper, without their content."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(*_SHOWN).where(files.c.case_id == case_id).order_by(files.c.id)).mappings():
        found.setdefault(row["material"], []).append({name: row[name] for name in row if name != "material"})
    return found


def open_file(connection: Connection, caller: Caller, code: str, number: int) -> tuple[Stored, bytes]:
    """A file of a case that the caller sees, with its content."""
    case = find(connection, caller, code)
    row = connection.execute(
        select(files.c.id, files.c.name, files.c.kind, files.c.bytes, files.c.digest).where(
            files.c.id == number, files.c.case_id == case["id"]
        )
    ).first()
    if row is None:
        raise NotFoundError(f"no file {number} in case {code!r}")
    return Stored(*row), content_of(connection, number)


def material_notice(paper: Material) -> dict[str, Any]:
    """What is asked for, in the words of the one-time notice."""
    return {
        "material": paper.code,
        "name_zh": paper.name_zh,
        "name_en": paper.name_en,
        "later_wd": paper.tolerance_wd,
        "kinds": list(paper.kinds),
        "most_mb": paper.most_mb,
    }


_SHOWN = [files.c[name] for name in ("material", "id", "name", "kind", "bytes", "digest", "at")]


def _file_faults(connection: Connection, caller: Caller, paper: Material, numbers: tuple[int, ...]) -> list[Fault]:
    faults: list[Fault] = []
    if len(numbers) > MOST_FILES:
        return [
            Fault("materials", None, paper.code, str(len(numbers)), f"has more than {MOST_FILES} files", "join them")
        ]
    for number in numbers:
        found = waits_for(connection, caller, number)
        if found is None:
            rule, mend = "is no file of yours that waits", "upload it again"
        elif found.kind not in paper.kinds:
            rule, mend = f"{found.name} is {found.kind}; taken are {', '.join(paper.kinds)}", "save it as one of these"
        elif found.bytes > paper.most_mb * 1_000_000:
            rule, mend = f"{found.name} has {found.bytes} bytes, more than {paper.most_mb} MB", "scan it coarser"
        else:
            continue
        faults.append(Fault("materials", None, paper.code, str(number), rule, mend))
    return faults


def _attach(unit: Unit, case_id: int, material: str, numbers: tuple[int, ...]) -> str:
    """The files belong to the case now; their names as a reference."""
    names: list[str] = []
    for number in numbers:
        mine = (files.c.id == number, files.c.account_id == unit.caller.account_id, files.c.case_id.is_(None))
        done = unit.execute(
            update(files).where(*mine).values(case_id=case_id, material=material).returning(files.c.name)
        ).scalar()
        if done is None:  # handed in elsewhere between the check and now
            raise ConflictError(f"file {number} was handed in elsewhere meanwhile")
        names.append(done)
    return ", ".join(names)[:300]

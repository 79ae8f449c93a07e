"""Files handed in with a case: known by their bytes, limited, attached once, seen by whom the case concerns, never a page."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from qujiang import cases
from qujiang.errors import ConflictError, DataError, ForbiddenError, NotFoundError
from qujiang.store import Caller, Store, open_store
from qujiang.store.backup import backup, restore
from qujiang.store.files import MOST_WAITING, content_of, disposition, file_faults, keep_file, kind_of, plain_name
from qujiang.store.schema import files
from tests.live.conftest import SERVICES, Api

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
CALL = {
    "vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": False, "foreign_trade": False,
    "last_port": "嘉兴", "draught_cm": 260,
}  # fmt: skip


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "pdf"), (PNG, "png"), (JPEG, "jpeg"), (DOCX, "docx"), (archive("xl/workbook.xml"), "xlsx"), (archive("OFD.xml"), "ofd"),
        (archive("word/document.xml", "word/vbaProject.bin"), ""), (archive("evil.exe"), ""), (b"PK\x03\x04 broken", ""),
        (HTML, ""), (SVG, ""), (b"MZ\x90", ""), (b"", ""), (b" %PDF-", ""),
    ],
)  # fmt: skip
def test_a_kind_is_known_by_its_bytes(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "content", "rules"),
    [
        ("a.pdf", PDF, []),
        ("a.JPG", JPEG, []),
        ("a.pdf", b"", ["is empty"]),
        ("a.pdf", HTML, ["is of no kind"]),
        ("a.html", PDF, ["ends in .html but is pdf"]),
        ("../", PDF, ["has no name", "ends in"]),
        ("a.pdf", PDF + bytes(10_000_000), ["more than 10000000"]),
    ],
)
def test_every_fault_of_a_file_is_told(name: str, content: bytes, rules: list[str]) -> None:
    found = [fault.rule for fault in file_faults(name, content)]
    assert len(found) == len(rules) and all(rule in text for rule, text in zip(rules, found, strict=True))


def test_a_name_is_plain_and_so_is_its_header() -> None:
    assert plain_name("C:\\x\\..\\执照\u202efdp.pdf\r\n") == "执照fdp.pdf"
    assert len(plain_name("长" * 300 + ".pdf")) == 120 and plain_name("长" * 300 + ".pdf").endswith(".pdf")
    header = disposition('a";\r\n 执照.pdf')
    assert "\r" not in header and "\n" not in header and header.count('"') == 2 and header.isascii()
    assert header.startswith("attachment; ")


def give(store: Store, caller: Caller, name: str = "a.pdf", content: bytes = PDF) -> int:
    with store.write(caller) as unit:
        return keep_file(unit, name, content).id


def begin(store: Store, book, caller: Caller, **more) -> str:
    library = cases.load_library(store, SERVICES)
    with store.write(caller) as unit:
        return cases.start_case(unit, library, book.calendar, cases.Application("port_call", CALL, **more))["code"]


def test_a_case_takes_files_and_those_it_concerns_open_them(store: Store, book, people: dict[str, Caller]) -> None:
    firm, library = people["firm"], cases.load_library(store, SERVICES)
    one, two = give(store, firm), give(store, firm, "证书.png", PNG)
    given = {"vessel_certificate": (one, two)}
    code = begin(store, book, firm, files=given, materials={"crew_list": "x"}, promised=("manifest",))
    with store.read() as connection:
        papers = {p["material"]: p for p in cases.shown(connection, firm, library, code)["materials"]}
        assert [f["id"] for f in papers["vessel_certificate"]["files"]] == [one, two]
        assert papers["vessel_certificate"]["reference"] == "a.pdf, 证书.png"
        assert (papers["manifest"]["state"], papers["manifest"]["files"]) == ("promised", [])
        for who in ("firm", "transport", "clerk", "supervisor", "auditor"):
            assert cases.open_file(connection, people[who], code, two)[1] == PNG
        for who in ("other_firm", "tax", "meeting", "admin"):
            with pytest.raises(NotFoundError):
                cases.open_file(connection, people[who], code, two)
        assert "a.pdf" not in str(cases.progress(connection, library, code))  # the public view names no file
    late = give(store, firm, "later.pdf")
    with store.write(firm) as unit:
        cases.give_material(unit, library, code, 1, "manifest", files=(late,))
    with store.read() as connection:
        papers = {p["material"]: p for p in cases.shown(connection, firm, library, code)["materials"]}
    assert papers["manifest"]["state"] == "given" and papers["manifest"]["files"][0]["digest"]


def test_a_file_of_another_twice_or_unknown_is_no_paper(store: Store, book, people: dict[str, Caller]) -> None:
    firm, other = people["firm"], people["other_firm"]
    mine, theirs = give(store, firm), give(store, other)
    rest = {"manifest": "x", "crew_list": "x"}
    for numbers in ((theirs,), (999_999,), (mine, mine)):
        with pytest.raises(DataError):
            begin(store, book, firm, files={"vessel_certificate": numbers}, materials=rest)
    begin(store, book, firm, files={"vessel_certificate": (mine,)}, materials=rest)
    with pytest.raises(DataError, match="no file of yours that waits"):
        begin(store, book, firm, files={"vessel_certificate": (mine,)}, materials=rest)
    with store.read() as connection:
        owner = {row.id: row.case_id for row in connection.execute(select(files.c.id, files.c.case_id))}
    assert owner[theirs] is None and owner[mine] is not None


def test_a_bundle_says_which_kinds_and_how_large(tmp_path: Path, store: Store, book, people: dict[str, Caller]) -> None:
    folder = SERVICES / "bundles" / "port_call"
    plain = cases.read_files(folder)
    lines = plain["materials.csv"].splitlines()
    ruled = [lines[0] + ",kinds,most_mb", lines[1] + ",pdf,1", *(line + ",," for line in lines[2:])]
    bundle = cases.compile_bundle("port_call", plain | {"materials.csv": "\n".join(ruled)}, {})
    paper = bundle.materials[0]
    assert (paper.kinds, paper.most_mb) == (("pdf",), 1) and bundle.materials[1].most_mb == 10
    faulty = [lines[0] + ",kinds,most_mb", lines[1] + ",exe,11", *(line + ",," for line in lines[2:])]
    with pytest.raises(DataError) as told:
        cases.compile_bundle("port_call", plain | {"materials.csv": "\n".join(faulty)}, {})
    assert {fault.column for fault in told.value.faults} == {"kinds", "most_mb"}
    library = cases.Library({"port_call": (cases.load_library(store, SERVICES).current["port_call"][0], bundle)}, {})
    big, wrong = give(store, people["firm"], "b.pdf", PDF + bytes(1_000_000)), give(store, people["firm"], "b.png", PNG)
    application = cases.Application(
        "port_call", CALL, {"manifest": "x", "crew_list": "x"}, (), {"vessel_certificate": (big, wrong)}
    )
    with pytest.raises(DataError) as told, store.write(people["firm"]) as unit:
        cases.start_case(unit, library, book.calendar, application)
    assert [fault.rule.partition(";")[0] for fault in told.value.faults] == [
        f"b.pdf has {1_000_000 + len(PDF)} bytes, more than 1 MB",
        "b.png is png",
    ]


def test_only_an_enterprise_uploads_and_not_without_end(store: Store, people: dict[str, Caller], clock) -> None:
    with pytest.raises(ForbiddenError):
        give(store, people["clerk"])
    for _ in range(MOST_WAITING):
        give(store, people["firm"])
    with pytest.raises(ConflictError, match="wait already"):
        give(store, people["firm"])
    give(store, people["other_firm"])
    clock.forward(days=3)
    last = give(store, people["firm"])  # what waited too long is gone
    with store.read() as connection:
        mine = select(func.count()).where(files.c.account_id == people["firm"].account_id)
        assert connection.execute(mine).scalar_one() == 1 and content_of(connection, last) == PDF


def test_files_come_back_from_a_backup(store: Store, people: dict[str, Caller], tmp_path: Path) -> None:
    number = give(store, people["firm"], content=PDF + bytes(range(256)))
    backup(store, tmp_path / "all.jsonl.gz")
    other = open_store(str(tmp_path / "other.sqlite3"))
    restore(other, tmp_path / "all.jsonl.gz")
    with other.read() as connection:
        assert content_of(connection, number) == PDF + bytes(range(256))
    other.close()


def upload(api: Api, who: str, content: bytes, name: str = "a.pdf", key: str = "0123456789"):
    headers = api.headers(who) | {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
    return api.client.post(f"/api/v1/files?name={name}", content=content, headers=headers)


def test_over_http_a_file_is_uploaded_once_and_handed_out_as_a_download(api: Api) -> None:
    first = upload(api, "firm", PDF + bytes(2_000_000))
    assert first.status_code == 201 and upload(api, "firm", PDF + bytes(2_000_000)).json() == first.json()
    number = first.json()["id"]
    body = {"bundle": "port_call", "answers": CALL, "files": {"vessel_certificate": [number]}}
    code = api.post("firm", "/cases", body | {"materials": {"manifest": "x", "crew_list": "x"}}).json()["code"]
    answer = api.get("transport", f"/cases/{code}/files/{number}")
    assert answer.status_code == 200 and answer.content == PDF + bytes(2_000_000)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert api.get("other_firm", f"/cases/{code}/files/{number}").status_code == 404


def test_over_http_a_bad_file_is_refused_with_its_faults(api: Api) -> None:
    assert upload(api, "firm", HTML, key="a" * 8).json()["faults"][0]["rule"].startswith("is of no kind")
    assert upload(api, "firm", PDF + bytes(10_500_000), key="b" * 8).status_code == 422
    assert upload(api, "firm", PDF + bytes(12_000_000), key="c" * 8).status_code == 413
    assert upload(api, "clerk", PDF, key="d" * 8).status_code == 403
    headers = {"Idempotency-Key": "e" * 8}
    assert api.client.post("/api/v1/files?name=a.pdf", content=PDF, headers=headers).status_code == 401
    assert api.client.post("/api/v1/requests", content=bytes(1_100_000), headers=headers).status_code == 413

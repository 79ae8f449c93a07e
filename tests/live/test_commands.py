"""The commands of the live half: deadlines, boards, intake, audit, backup, and a first start of the server."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from qujiang.cli import COMMANDS, main, samples
from qujiang.errors import ConflictError
from qujiang.store import accounts, open_store

HOTLINE = (
    "ticket,received_at,enterprise_code,enterprise_name,contact_name,phone,service_code,title,description\n"
    "T1,2026-11-20T16:50:00+08:00,91350100M000100Y43,某公司,张,1,lock_passage,待闸,两天\n"
)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_due_shows_its_arithmetic(capsys) -> None:
    code, out, _ = run(capsys, "desk", "due", "2026-09-30", "--days", "5", "--json")
    answer = json.loads(out)
    assert (code, answer["due"], answer["steps"][-1]["count"]) == (0, "2026-10-13", 5)
    code, out, _ = run(capsys, "desk", "due", "2026-11-02", "--days", "5", "--pause", "2026-11-04..2026-11-09")
    assert code == 0 and out.endswith("due 2026-11-12\n")  # 3, then 9, 10, 11, 12
    code, out, _ = run(capsys, "desk", "due", "2026-11-02", "--days", "5", "--pause", "2026-11-04..")
    assert code == 0 and "the clock stands" in out
    for wrong in (
        ("2026-13-01", "--days", "1"),
        ("2026-11-02", "--days", "-1"),
        ("2026-11-02",),
        ("2026-11-02", "--days", "1", "--pause", "soon"),
    ):
        assert run(capsys, "desk", "due", *wrong)[0] == 2
    code, _, err = run(capsys, "desk", "due", "1999-11-02", "--days", "1")
    assert code == 1 and "outside the calendar" in err


def test_due_says_when_a_years_holidays_are_not_yet_published(capsys) -> None:
    code, out, _ = run(capsys, "desk", "due", "2040-12-30", "--days", "3", "--json")
    answer = json.loads(out)
    assert code == 0 and answer["provisional_years"] == [2040, 2041] and "not yet published" in answer["note"]


def test_a_districts_own_days_are_read(capsys, tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "workdays.csv").write_text(
        "date,kind,name_zh,source\n2026-10-08,rest,停电,a paper\n", encoding="utf-8"
    )
    _, out, _ = run(capsys, "desk", "due", "2026-09-30", "--days", "1", "--district", str(tmp_path), "--json")
    assert json.loads(out)["due"] == "2026-10-09"


def test_intake_board_audit_backup_and_restore(capsys, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "hotline.csv"
    file.write_text(HOTLINE, encoding="utf-8")
    live = ("--database", database_url)
    assert run(capsys, "desk", "intake", str(file), *live)[1] == "1 taken in, 0 known before\n"
    assert json.loads(run(capsys, "desk", "intake", str(file), *live, "--json")[1]) == {
        "taken": 0,
        "known": 1,
        "numbers": [],
    }
    _, out, _ = run(capsys, "desk", "board", "2026-11-01", "2026-11-30", *live, "--csv")
    assert next(csv.DictReader(io.StringIO(out.lstrip("\ufeff"))))["received"] == "1"
    assert (
        json.loads(run(capsys, "desk", "board", "2026-11-01", "2026-11-30", *live, "--json")[1])["total"]["received"]
        == 1
    )
    assert "received 1" in run(capsys, "desk", "board", "2026-11-01", "2026-11-30", *live)[1]
    verified = json.loads(run(capsys, "audit", "verify", *live, "--json")[1])
    assert verified["whole"] and verified["rows"] == 2
    saved = tmp_path / "state.jsonl.gz"
    assert run(capsys, "store", "backup", str(saved), *live)[0] == 0
    assert run(capsys, "store", "restore", str(saved), *live)[0] == 2  # replaces everything: say --yes
    assert run(capsys, "store", "restore", str(saved), *live, "--yes")[0] == 0
    assert run(capsys, "audit", "verify", *live, "--head", verified["head"])[0] == 0
    code, out, _ = run(capsys, "audit", "verify", *live, "--head", f"{verified['rows']}:{'0' * 64}", "--json")
    assert code == 1 and json.loads(out)["faults"][0]["file"] == "audit"
    assert run(capsys, "audit", "verify", *live, "--head", "x")[0] == 2


def test_a_broken_trail_is_told_with_exit_one(capsys, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "live.sqlite3"))
    from qujiang.store import SYSTEM

    with store.write(SYSTEM) as unit:
        unit.tell("tried", "thing:1")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_UPDATE")
        connection.exec_driver_sql("UPDATE audit SET verb = 'never tried'")
    store.close()
    code, _, err = run(capsys, "audit", "verify", "--database", str(tmp_path / "live.sqlite3"))
    assert code == 1 and "row 1 is not as it was written" in err


def test_bundles_are_counted(capsys) -> None:
    _, out, _ = run(capsys, "cases", "counts", "--json")
    assert json.loads(out)["short_drama"]["after"]["steps"] == 8
    assert "short_drama" in run(capsys, "cases", "counts")[1]


@pytest.mark.parametrize("name", ["desk", "cases", "store", "audit", "serve"])
def test_help_says_what_the_list_says(capsys, name: str) -> None:
    _, out, _ = run(capsys, name, "--help")
    assert " ".join(COMMANDS[name][2].split()) in " ".join(out.split())


def test_the_first_start_makes_an_administrator_whose_password_is_for_one_time(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "qujiang", "serve", "--port", str(port), "--database", "live.sqlite3"]
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout is not None
        first = server.stdout.readline()
        assert first.startswith("first start: sign in at http://") and " as admin " in first
        password = first.split()[-1]
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}/ready").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)
        with httpx.Client(base_url=address) as client:
            csrf = client.post("/api/v1/login", json={"name": "admin", "password": password}).json()["csrf"]
            headers = {"X-CSRF-Token": csrf, "Idempotency-Key": "first-start"}
            account = {"name": "anna", "role": "auditor"}
            assert client.post("/api/v1/accounts", json=account, headers=headers).status_code == 403
            change = {"old": password, "new": "a phrase of my own"}
            assert client.post("/api/v1/account/password", json=change, headers=headers).status_code == 200
            csrf = client.post("/api/v1/login", json={"name": "admin", "password": change["new"]}).json()["csrf"]
            headers = {"X-CSRF-Token": csrf, "Idempotency-Key": "first-account"}
            assert client.post("/api/v1/accounts", json=account, headers=headers).status_code == 201
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) in (0, -signal.SIGTERM)
    again = open_store(str(tmp_path / "live.sqlite3"))
    from qujiang.store import trail

    with again.read() as connection:
        assert trail.verify(connection).rows > 3
    again.close()


def test_samples_fill_an_empty_database_and_no_other(database_url: str, book) -> None:
    store = open_store(database_url)
    try:
        password, names = samples.fill(store, book)
        with store.read() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM requests").scalar_one()
            states = {row[0] for row in connection.exec_driver_sql("SELECT state FROM requests")}
            codes = [row[0] for row in connection.exec_driver_sql("SELECT enterprise_code FROM accounts") if row[0]]
        assert count > 5 and {"assigned", "handling", "replied"} <= states
        assert all(accounts.credit_code_is_valid(code) for code in codes) and codes
        assert accounts.log_in(store, names[0], password, "127.0.0.1").caller.role == "enterprise"
        with pytest.raises(ConflictError, match="empty database"):
            samples.fill(store, book)
    finally:
        store.close()

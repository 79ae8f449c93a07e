"""The live database on both engines: whole writes, the trail, accounts, repeated calls, backup."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from qujiang.errors import (
    ConflictError,
    DataError,
    ForbiddenError,
    ScenarioError,
    StoreAwayError,
    ThrottledError,
    UnknownCallerError,
)
from qujiang.store import ANONYMOUS, SYSTEM, Caller, Store, open_store, trail
from qujiang.store import accounts as people
from qujiang.store.backup import backup, restore
from qujiang.store.migrate import configuration, migrate
from qujiang.store.repeats import Answer, claim, keep
from qujiang.store.schema import accounts, audit, metadata
from qujiang.store.schema import repeats as repeats_table

PASSWORD = "a long pass phrase"


def add(store: Store, name: str, role: str, **more) -> int:
    with store.write(SYSTEM) as unit:
        return people.create_account(unit, people.NewAccount(name, role, password=PASSWORD, **more))


def head(store: Store) -> trail.Head:
    with store.read() as connection:
        return trail.verify(connection)


def test_migrations_make_the_tables_as_declared_and_run_twice_without_change(store: Store) -> None:
    migrate(store)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_stand_in_one_line() -> None:
    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    assert [r.revision for r in script.walk_revisions()] == sorted(
        (r.revision for r in script.walk_revisions()), reverse=True
    )


def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    with store.write(SYSTEM) as unit:
        unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ScenarioError, match="newer qujiang"):
        migrate(store)


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write(SYSTEM) as unit:
        people.create_account(unit, people.NewAccount("anna", "auditor"))
        raise RuntimeError
    with store.read() as connection:
        assert connection.execute(select(accounts)).first() is None
    assert head(store).rows == 0


def test_the_trail_is_gapless_and_whole_under_side_by_side_writers(store: Store) -> None:
    def write(number: int) -> None:
        with store.write(SYSTEM) as unit:
            unit.tell("tried", f"thing:{number}", after={"n": number})
            unit.tell("tried again", f"thing:{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(100)))
    assert head(store).rows == 200
    with store.read() as connection:
        subjects = connection.execute(select(audit.c.subject).order_by(audit.c.seq)).scalars().all()
    assert all(a == b for a, b in zip(subjects[::2], subjects[1::2], strict=True))  # one write's rows stand together


@pytest.mark.parametrize("verb", ["UPDATE audit SET reason = 'x'", "DELETE FROM audit"])
def test_the_trail_refuses_change(store: Store, verb: str) -> None:
    add(store, "anna", "auditor")
    with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(verb))


@pytest.mark.parametrize(
    "column", ["at", "account_name", "role", "verb", "subject", "before", "after", "reason", "trace", "hash"]
)
def test_any_changed_byte_of_the_trail_is_found(store: Store, column: str) -> None:
    for name in ("anna", "ben", "cora"):
        add(store, name, "auditor")
    _force(
        store,
        f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = 2"
        if column != "hash"
        else "UPDATE audit SET hash = previous_hash WHERE seq = 2",
    )
    with pytest.raises(DataError, match="row 2 is not as it was written"):
        head(store)


def test_a_row_taken_out_and_rows_cut_off_are_found(store: Store) -> None:
    for name in ("anna", "ben", "cora"):
        add(store, name, "auditor")
    known = head(store)
    _force(store, "DELETE FROM audit WHERE seq = 3")
    assert head(store).rows == 2  # a cut end alone cannot be seen without the head known before
    with store.read() as connection, pytest.raises(DataError, match="cut off"):
        trail.verify(connection, expected_head=known)
    _force(store, "DELETE FROM audit WHERE seq = 1")
    with pytest.raises(DataError, match="row 1 is missing"):
        head(store)


def _force(store: Store, statement: str) -> None:
    """What one with the database's own password can do."""
    with store.engine.begin() as connection:
        if store.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_UPDATE"))
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_DELETE"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def test_a_clock_set_back_leaves_no_row_in_the_past(store: Store, clock) -> None:
    add(store, "anna", "auditor")
    clock.forward(days=-3)
    add(store, "ben", "auditor")
    store.close()
    again = Store(str(store.url.render_as_string(hide_password=False)), clock=clock)
    migrate(again)
    add(again, "cora", "auditor")
    with again.read() as connection:
        times = connection.execute(select(audit.c.at).order_by(audit.c.seq)).scalars().all()
    again.close()
    assert times == sorted(times)
    assert times[0][:10] == times[2][:10] == "2026-11-23"


def test_log_in_session_and_log_out(store: Store, clock) -> None:
    add(store, "olga", "officer", department="commerce")
    session = people.log_in(store, "olga", PASSWORD, "10.0.0.1")
    with store.read() as connection:
        caller = people.session_caller(connection, session.token, store.now())
        stored = connection.execute(text("SELECT token_hash FROM sessions")).scalar_one()
    assert (caller.role, caller.department) == ("officer", "commerce")
    assert session.token not in stored
    clock.forward(hours=13)
    with store.read() as connection, pytest.raises(UnknownCallerError):
        people.session_caller(connection, session.token, store.now())


def test_a_stolen_session_ends_with_the_password(store: Store) -> None:
    number = add(store, "olga", "officer", department="commerce")
    thief = people.log_in(store, "olga", PASSWORD, "10.6.6.6")
    olga = Caller(number, "olga", "officer", "commerce")
    with pytest.raises(ForbiddenError), store.write(olga) as unit:
        people.change_password(unit, "not the password", "another long phrase")
    with store.write(olga) as unit:
        people.change_password(unit, PASSWORD, "another long phrase")
    with store.read() as connection, pytest.raises(UnknownCallerError):
        people.session_caller(connection, thief.token, store.now())
    with pytest.raises(UnknownCallerError):
        people.log_in(store, "olga", PASSWORD, "10.0.0.1")
    assert people.log_in(store, "olga", "another long phrase", "10.0.0.1").caller.account_id == number


def test_brute_force_is_slowed_counted_and_logged_and_the_right_password_works_after_the_wait(
    store: Store, clock
) -> None:
    add(store, "olga", "officer", department="commerce")
    for _ in range(5):
        with pytest.raises(UnknownCallerError):
            people.log_in(store, "olga", "a wrong password", "10.6.6.6")
    waits = []
    for _ in range(3):
        with pytest.raises(ThrottledError) as slowed:
            people.log_in(store, "olga", PASSWORD, "10.6.6.7")
        waits.append(slowed.value.wait_s)
        clock.forward(seconds=slowed.value.wait_s + 0.01)
        with pytest.raises(UnknownCallerError):
            people.log_in(store, "olga", "a wrong password", "10.6.6.6")
    assert waits == [1, 2, 4]
    clock.forward(seconds=9)
    people.log_in(store, "olga", PASSWORD, "10.0.0.1")
    with store.read() as connection:
        verbs = connection.execute(select(audit.c.verb)).scalars().all()
    assert verbs.count("login_failed") == 8
    assert verbs.count("login_slowed") == 3


def test_side_by_side_guesses_do_not_slip_past_the_count(store: Store) -> None:
    add(store, "olga", "officer", department="commerce")

    def guess(_: int) -> str:
        try:
            people.log_in(store, "olga", "a wrong password", "10.6.6.6")
        except (UnknownCallerError, ThrottledError) as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(guess, range(12)))
    assert met.count("UnknownCallerError") == 5
    assert met.count("ThrottledError") == 7


def test_a_key_opens_until_it_is_revoked_and_is_stored_as_a_hash(store: Store) -> None:
    number = add(store, "open311", "supervisor")
    with store.write(SYSTEM) as unit:
        key = people.create_api_key(unit, number, "client")
    with store.read() as connection:
        assert people.key_caller(connection, key).name == "open311"
        stored = connection.execute(text("SELECT id, key_hash FROM api_keys")).one()
    assert key not in stored.key_hash
    with store.write(Caller(999, "eve", "officer", "tax")) as unit, pytest.raises(Exception, match="no key"):
        people.revoke_api_key(unit, stored.id)
    with store.write(SYSTEM) as unit:
        people.revoke_api_key(unit, stored.id)
    with store.read() as connection, pytest.raises(UnknownCallerError):
        people.key_caller(connection, key)


def test_only_the_administrator_makes_accounts_and_faulty_ones_are_refused(store: Store) -> None:
    with store.write(Caller(1, "olga", "officer", "tax")) as unit, pytest.raises(ForbiddenError):
        people.create_account(unit, people.NewAccount("x1", "auditor"))
    with store.write(SYSTEM) as unit:
        for new in (
            people.NewAccount("a b", "auditor"),
            people.NewAccount("anna", "king"),
            people.NewAccount("anna", "officer"),
            people.NewAccount("anna", "auditor", department="tax"),
            people.NewAccount("anna", "enterprise"),
            people.NewAccount("anna", "enterprise", enterprise_code="91330000MA00000000"),
            people.NewAccount("anna", "auditor", password="short"),
        ):
            with pytest.raises(ScenarioError):
                people.create_account(unit, new)
        people.create_account(unit, people.NewAccount("anna", "auditor"))
        with pytest.raises(ConflictError):
            people.create_account(unit, people.NewAccount("anna", "auditor"))


def test_the_credit_codes_check_character() -> None:
    # Published codes of public bodies.
    for code in ("91350100M000100Y43", "91440300708461136T", "9111000071093123XX"):
        assert people.credit_code_is_valid(code), code
        assert not people.credit_code_is_valid(code[:-1] + ("0" if code[-1] != "0" else "1"))


def test_a_repeated_write_is_done_once_even_side_by_side(store: Store) -> None:
    number = add(store, "anna", "auditor")
    done, gate = [], threading.Barrier(6)

    def call(_: int) -> str:
        gate.wait()
        with store.write(Caller(number, "anna", "auditor")) as unit:
            before = claim(unit, "key-1", "f" * 64)
            if before is not None:
                return before.body
            done.append(1)
            keep(unit, "key-1", Answer(201, "made"))
            return "made"

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(call, range(6))) == {"made"}
    assert len(done) == 1
    with store.write(Caller(number, "anna", "auditor")) as unit, pytest.raises(ConflictError):
        claim(unit, "key-1", "0" * 64)


def test_a_backup_taken_while_writers_write_is_whole_and_restores(store: Store, tmp_path: Path) -> None:
    number = add(store, "anna", "auditor")
    stop = threading.Event()

    def write() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            with store.write(SYSTEM) as unit:
                unit.execute(
                    insert(repeats_table).values(account_id=number, key=f"k{count}", fingerprint="f", at=unit.now)
                )
                unit.tell("wrote", f"thing:{count}")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        targets = [tmp_path / "state.jsonl.gz"] + ([tmp_path / "state.sqlite3"] if store.is_sqlite else [])
        for target in targets:
            backup(store, target)
        stop.set()
        writing.result()
    assert not list(tmp_path.glob("*.part"))
    for target in targets:
        kept = restore(store, target)
        with store.read() as connection:
            rows = len(connection.execute(select(repeats_table)).all())
        assert kept.rows == rows + 1  # one row of the trail per write, and the account's own
        assert head(store).rows == kept.rows + 1  # the restore itself is on the trail
        add(store, f"new_{target.suffix[1:]}", "auditor")  # numbers go on where they were
    with pytest.raises(DatabaseError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))


def test_a_damaged_or_cut_backup_changes_nothing(store: Store, tmp_path: Path) -> None:
    add(store, "anna", "auditor")
    whole = tmp_path / "state.jsonl.gz"
    backup(store, whole)
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(DataError):
        restore(store, cut)
    assert head(store).rows == 1
    if store.is_sqlite:
        bad = tmp_path / "bad.sqlite3"
        bad.write_bytes(b"no database at all" * 100)
        with pytest.raises(DataError):
            restore(store, bad)
        assert head(store).rows == 1


def test_a_district_moves_from_one_database_to_another(store: Store, tmp_path: Path) -> None:
    add(store, "anna", "auditor")
    backup(store, tmp_path / "state.jsonl.gz")
    other = open_store(str(tmp_path / "other.sqlite3"))
    assert restore(other, tmp_path / "state.jsonl.gz") == head(store)
    other.close()


def test_a_database_that_is_away_or_full_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    away = Store("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(StoreAwayError), away.read():
        pass
    away.close()
    full = open_store(str(tmp_path / "full.sqlite3"))
    with full.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    full.close()
    from sqlalchemy import event

    full = Store(str(tmp_path / "full.sqlite3"))
    event.listen(full.engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count={pages}").close())
    with pytest.raises(StoreAwayError, match="full"), full.write(SYSTEM) as unit:
        for number in range(200):
            unit.tell("wrote", f"thing:{number}", reason="x" * 500)
    assert head(full).rows == 0
    full.close()
    with sqlite3.connect(tmp_path / "full.sqlite3") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()


def test_a_memory_database_is_refused() -> None:
    with pytest.raises(ScenarioError, match="must be a file"):
        Store("sqlite://")
    with pytest.raises(ScenarioError, match="no database that is supported"):
        Store("mysql://x/y")
    assert ANONYMOUS.account_id is None


def test_a_crowd_that_logs_in_at_once_hashes_two_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB a hash: sixteen at once would be a gigabyte."""
    with store.write(SYSTEM) as unit:
        for number in range(12):
            people.create_account(unit, people.NewAccount(f"crowd{number}", "auditor", password="pass phrase of crowd"))
    inside, most, watch = 0, 0, threading.Lock()
    hasher = people._hasher()

    class Slow:
        def verify(self, stored: str, password: str) -> bool:
            nonlocal inside, most
            with watch:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with watch:
                inside -= 1
            return hasher.verify(stored, password)

    monkeypatch.setattr(people, "_hasher", lambda: Slow())
    with ThreadPoolExecutor(12) as pool:
        sessions = list(
            pool.map(lambda n: people.log_in(store, f"crowd{n}", "pass phrase of crowd", f"10.0.0.{n}"), range(12))
        )
    assert len({session.token for session in sessions}) == 12 and 1 <= most <= 2

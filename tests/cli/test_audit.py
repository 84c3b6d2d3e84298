"""`opsdash audit verify` finds a changed byte, an entry that is left out, and a log that was cut off."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.cli.main import run
from opsdash.core.audit import NewEntry
from opsdash.core.documents import Commit

CONFIG = """\
version: 1
dashboards: [{title: D, panels: [{title: T, kind: text, text: hi}]}]
store: {url: "sqlite://state.db"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose store has five entries."""
    file = tmp_path / "opsdash.yaml"
    file.write_text(CONFIG)

    async def fill() -> None:
        store = SqliteStore(tmp_path / "state.db", SystemClock())
        await store.open()
        for number in range(5):
            new = NewEntry(
                kind="mark.noted", subject=f"f{number % 2}", actor="mina", at_s=1e9 + number, text=f"note {number}"
            )
            await store.commit(Commit(id=str(number), entries=(new,)))
        await store.aclose()

    asyncio.run(fill())
    return file


def tampered(config: Path, *statements: str) -> None:
    with sqlite3.connect(config.parent / "state.db") as connection:
        for trigger in ("entry_is_never_changed", "entry_is_never_deleted"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)


def test_a_log_that_nobody_changed_verifies(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", str(config)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("5 entries, none changed; head ")
    head = said.split()[-1]
    assert run(["audit", "verify", str(config), "--head", head]) == 0
    assert run(["audit", "verify", str(config), "--head", "0" * 64]) == 1


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entry SET text = 'note X' WHERE seq = 3", "entry 3: its text is not what was written"),
        ("UPDATE entry SET actor = 'jun' WHERE seq = 2", "entry 2: its text is not what was written"),
        ("UPDATE entry SET data = '{' WHERE seq = 4", "entry 4: its text is not what was written"),
        ("UPDATE entry SET text = x'ff' WHERE seq = 1", "entry 1: its text is not what was written"),
        ("UPDATE entry SET at_s = at_s + 60 WHERE seq = 5", "entry 5: its text is not what was written"),
        ("DELETE FROM entry WHERE seq = 3", "entry 3: entry 3 is missing; entry 4 comes next"),
        ("DELETE FROM entry WHERE seq = 5", "entry 5: the log ends before it; entry 5 was the last one written"),
        ("UPDATE entry SET hash = previous WHERE seq = 2", "entry 2: its text is not what was written"),
    ],
)
def test_the_first_entry_that_was_changed_is_named(
    config: Path, capsys: pytest.CaptureFixture[str], statement: str, said: str
) -> None:
    tampered(config, statement)
    assert run(["audit", "verify", str(config)]) == 1
    assert capsys.readouterr().out == f"{said}\n"


def test_the_store_itself_refuses_to_change_what_was_written(config: Path) -> None:
    with sqlite3.connect(config.parent / "state.db") as connection:
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            connection.execute("UPDATE entry SET text = '' WHERE seq = 1")
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            connection.execute("DELETE FROM entry")


def test_show_prints_the_newest_last_and_of_one_subject_where_asked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "show", str(config), "--subject", "f1", "--limit", "1"]) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "note 3" in said

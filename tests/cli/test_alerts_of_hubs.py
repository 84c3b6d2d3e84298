"""`opsdash alerts` with an Alertmanager's alerts: owned and silenced from the command line like ours."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from opsdash.adapters.operator import Operator
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.cli.alerts import Streams, alerts
from opsdash.cli.alerts_store import read_book
from opsdash.cli.arguments import COMMANDS, command_parser
from opsdash.cli.main import main
from opsdash.core.alerting.hubs import Foreign
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.view.board import Board
from opsdash.core.view.export.status_metrics import status_metrics
from tests.fakes.books import NOW_S, spec
from tests.fakes.hub import foreign
from tests.fakes.still_clock import StillClock

ALERT = replace(foreign(at_s=NOW_S - 60), hubs=("am1", "am2"), origin="am1", generator="http://prom/graph")
HELD = Silence(
    id="theirs", matchers=(Matcher(name="a", op="=", value="b"),), starts_at_s=NOW_S - 5, ends_at_s=NOW_S + 600,
    by="amtool", comment="x", created_at_s=NOW_S - 5, origin="am1",
)  # fmt: skip
THERE = Foreign(alerts=(ALERT,), silences=(HELD,), clusters=(("am1", "am2"),))


class Shell:
    """A command line on a store, beside two Alertmanagers."""

    def __init__(self) -> None:
        self.store = MemoryStore(StillClock())

    async def run(self, *argv: str) -> str:
        args = command_parser(COMMANDS["alerts"]).parse_args([argv[0], "opsdash.yaml", *argv[1:]])
        args.words = args.words[1:]
        streams = Streams(out=io.StringIO(), err=io.StringIO())
        mina = Operator(name="mina", login="mina")
        await alerts(self.store, Board(dashboards=(), alerting=spec()), args, streams, mina, foreign=THERE)
        return str(streams.out.getvalue())  # type: ignore[attr-defined]


async def test_its_alert_is_listed_shown_with_all_who_tell_of_it_and_acknowledged() -> None:
    shell = Shell()
    assert "Pages" in await shell.run("list")
    shown = await shell.run("show", "Pages")
    assert "of am1, am2" in shown
    assert "http://prom/graph" in shown
    assert "acknowledged Pages (orders)" in await shell.run("ack", "Pages", "--note", "on it")
    book, _ = await read_book(shell.store)
    (ack,) = book.acks.values()
    assert (ack.owner, ack.origin) == ("mina", "am1")
    assert "mina" in await shell.run("list")


async def test_its_silence_is_listed_and_what_is_asked_of_it_is_written_down_for_the_leader() -> None:
    shell = Shell()
    assert "theirs" in await shell.run("list", "--silences")
    await shell.run("extend", "theirs", "--for", "1h")
    book, _ = await read_book(shell.store)
    (mirror,) = book.mirrors.values()
    assert (mirror.why, mirror.hub, mirror.there) == ("change", "am1", "theirs")
    assert mirror.silence.ends_at_s == HELD.ends_at_s + 3600


def test_one_that_is_down_is_said_and_our_own_alerts_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        'version: 1\nsources: {am: {kind: alertmanager, url: "http://127.0.0.1:9"}}\n'
        f'store: {{url: "sqlite:///{tmp_path}/state.db"}}\n'
        "dashboards: [{title: A, panels: [{title: F, kind: alerts}]}]\n"
    )
    assert main(["alerts", "list", str(config)]) == 0
    assert "refused the connection; its alerts are not known" in capsys.readouterr().err


def test_check_live_says_which_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        'version: 1\nsources:\n  am: {kind: alertmanager, url: "http://127.0.0.1:9"}\n'
        "dashboards: [{title: A, panels: [{title: F, kind: alerts}]}]\n"
    )
    assert main(["check", "--live", str(config)]) != 0
    out, err = capsys.readouterr()
    assert re.search(r"c.yaml:3:\d+: .*refused the connection", out + err)


def test_watch_tells_which_answers() -> None:
    page = status_metrics(AlertsPicture(at_s=NOW_S), {}, "1", hubs={"am1": True, "am2": False})
    assert 'opsdash_alertmanager_up{source="am1"} 1\nopsdash_alertmanager_up{source="am2"} 0' in page
    assert "alertmanager" not in status_metrics(AlertsPicture(at_s=NOW_S), {}, "1")

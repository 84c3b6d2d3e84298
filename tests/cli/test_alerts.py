"""`opsdash alerts` on a store: what is printed, what is done, and what is refused."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsdash.adapters.operator import Operator, is_user, this_operator, user_name
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.cli.alerts import Streams, alerts, config_and_rest
from opsdash.cli.alerts_store import read_book
from opsdash.cli.arguments import COMMANDS, command_parser
from opsdash.cli.main import main
from opsdash.cli.usage import UsageWrong
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import written
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.documents import Commit
from opsdash.core.errors import Refused, StoreUnavailable
from opsdash.core.view.board import Board
from opsdash.ports import StateStore
from tests.fakes.books import NOW_S, ack, alert, pending, resolved, spec
from tests.fakes.clock import VirtualClock

ORDERS, USERS = alert(), alert(labels="service=users")
MINA = Operator(name="mina", login="mina")


class StillClock(VirtualClock):
    """Time stands, so that a test can say it."""

    def __init__(self) -> None: ...

    def now_s(self) -> float:
        return NOW_S

    def monotonic_s(self) -> float:
        return 0.0


@dataclass
class Terminal:
    """A command line with a store behind it."""

    store: StateStore
    spec: AlertingSpec = field(default_factory=spec)
    operator: Operator = MINA
    answer: str | None = None
    out: str = ""
    err: str = ""

    async def run(self, *argv: str) -> int:
        args = command_parser(COMMANDS["alerts"]).parse_args([argv[0], "opsdash.yaml", *argv[1:]])
        _, args.words = config_and_rest(args.words)
        out, err = io.StringIO(), io.StringIO()
        ask: Callable[[str], str] | None = None if self.answer is None else lambda _: str(self.answer)
        board = Board(dashboards=(), timezone="UTC", alerting=self.spec)
        try:
            return await alerts(self.store, board, args, Streams(out=out, err=err, ask=ask), self.operator)
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()

    async def book(self) -> Book:
        return (await read_book(self.store))[0]


async def terminal(*values: object, **fields: object) -> Terminal:
    store = MemoryStore(StillClock())
    writes = tuple(written(value) for value in values)  # type: ignore[arg-type]
    await store.commit(Commit(id="before", writes=writes))
    return Terminal(store=store, **fields)  # type: ignore[arg-type]


async def refusal(here: Terminal, *argv: str) -> str:
    with pytest.raises((Refused, UsageWrong)) as caught:
        await here.run(*argv)
    return str(caught.value)


async def test_the_list_has_what_is_looked_at_first_first() -> None:
    here = await terminal(ORDERS, USERS, ack(USERS, "jun"), pending("Waits"), resolved("Over"))
    assert await here.run("list") == 0
    lines = here.out.splitlines()
    assert lines[0].split() == ["severity", "alert", "where", "since", "value", "owner", "id"]
    assert [line.split()[2] for line in lines[1:]] == ["HighErrorRatio", "HighErrorRatio", "Waits", "Over"]
    assert lines[1].startswith("●  critical  HighErrorRatio  orders  6 m")
    assert "jun 60 s" in lines[2]
    assert lines[2].startswith("✓")


async def test_the_list_is_filtered() -> None:
    here = await terminal(ORDERS, USERS, ack(USERS, "mina"), pending("Waits"), resolved("Over"))
    shown = {
        ("--mine",): ["users"],
        ("--unowned",): ["orders"],
        ("--state", "pending", "--state", "resolved"): ["orders", "orders"],
        ("HighErrorRatio{service=users}",): ["users"],
        (USERS.fingerprint[:8],): ["users"],
    }
    for argv, wheres in shown.items():
        await here.run("list", *argv, "--json")
        assert [each["where"] for each in json.loads(here.out)["alerts"]] == wheres, argv
    assert await (await terminal()).run("list") == 0


async def test_the_json_of_the_list_is_stable() -> None:
    here = await terminal(ORDERS, ack(ORDERS, "jun", note="db"))
    await here.run("silence", "service=orders", "--comment", "deploy")
    await here.run("list", "--json")
    document = json.loads(here.out)
    assert set(document) == {"opsdash", "at", "operator", "alerts", "silences"}
    (only,) = document["alerts"]
    silence = document["silences"][0]
    assert only == {
        "alert": "HighErrorRatio", "fingerprint": ORDERS.fingerprint,
        "labels": {"alertname": "HighErrorRatio", "service": "orders"}, "annotations": {}, "where": "orders",
        "state": "firing", "cause": "value", "severity": "critical", "value": 0.06, "threshold": 0.05,
        "since": "2026-09-21T14:06:40Z", "fired_at": "2026-09-21T14:07:20Z", "resolved_at": None, "message": "",
        "rule": "shop/HighErrorRatio", "origin": None, "acked_by": "jun", "acked_at": "2026-09-21T14:12:20Z",
        "acked_until": "2026-09-21T18:13:20Z", "ack_note": "db", "assigned_by": None, "silenced_by": [silence["id"]],
        "inhibited_by": None, "maintenance": None, "note": None, "escalated": None, "burn_rate": None, "runbook": None,
    }  # fmt: skip
    assert silence == {
        "id": silence["id"], "state": "active", "matchers": [{"name": "service", "op": "=", "value": "orders"}],
        "starts": "2026-09-21T14:13:20Z", "ends": "2026-09-21T16:13:20Z", "by": "mina", "comment": "deploy",
        "hides": 1, "origin": None,
    }  # fmt: skip


async def test_acknowledged_in_one_terminal_and_seen_in_another() -> None:
    here = await terminal(ORDERS)
    assert await here.run("ack", "HighErrorRatio", "--note", "on it", "--for", "2h") == 0
    assert here.out == "acknowledged HighErrorRatio (orders) until 16:13\n"
    other = Terminal(store=here.store, operator=Operator(name="jun", login="jun"))
    assert "mina acknowledged HighErrorRatio (orders) 0 s ago: on it" in await refusal(other, "ack", "HighErrorRatio")
    assert await other.run("show", "HighErrorRatio") == 0
    assert "owner        mina 0 s, until 16:13, on it" in other.out
    assert "mina         HighErrorRatio (orders) acknowledged for 2h: on it" in other.out
    assert await other.run("assign", "HighErrorRatio", "--note", "mine now") == 0
    assert (await here.book()).acks[ORDERS.fingerprint].owner == "jun"
    assert await here.run("unack", "HighErrorRatio") == 0
    assert (await here.book()).acks == {}


async def test_show_as_json_has_the_timeline() -> None:
    here = await terminal(ORDERS)
    await here.run("note", "HighErrorRatio", "rolled back")
    await here.run("show", ORDERS.fingerprint[:6], "--json")
    document = json.loads(here.out)
    assert document["note"] == {"text": "rolled back", "by": "mina", "at": "2026-09-21T14:13:20Z"}
    assert [(each["seq"], each["kind"], each["actor"]) for each in document["timeline"]] == [(1, "mark.noted", "mina")]


async def test_several_at_once_are_counted_and_asked_about() -> None:
    here = await terminal(ORDERS, USERS)
    assert await refusal(here, "ack", "HighErrorRatio") == "2 alerts at once; --yes says that this is meant"
    here.answer = "n"
    assert await here.run("ack", "HighErrorRatio") == 3
    assert "nothing was done" in here.err
    assert "orders" in here.err, "what it is about is shown before"
    assert (await here.book()).acks == {}
    here.answer = "y"
    assert await here.run("ack", "HighErrorRatio") == 0
    assert len((await here.book()).acks) == 2
    assert await here.run("unack", "HighErrorRatio", "--yes") == 0
    assert await here.run("ack", "--all", "--yes", "--json") == 0
    document = json.loads(here.out)
    assert (document["done"], sorted(document["alerts"])) == (True, sorted([ORDERS.fingerprint, USERS.fingerprint]))
    assert await refusal(here, "ack", "--all") == "no alert fires that is nobody's; nothing to do"


async def test_a_silence_is_previewed_made_extended_and_ended() -> None:
    here = await terminal(ORDERS, USERS)
    assert await here.run("silence", "service=orders", "--dry-run") == 0
    assert here.out == "it would hide HighErrorRatio (orders) now\n"
    assert (await here.book()).silences == {}
    assert await here.run("silence", 'service="orders"', "--for", "30m", "--comment", "deploy") == 0
    assert 'service="orders": hides 1 now' in here.err
    (silence,) = (await here.book()).silences.values()
    assert await here.run("extend", silence.id[:6], "--for", "15m") == 0
    assert here.out == 'service="orders" is silenced until 14:58\n'
    assert await here.run("list", "--silences") == 0
    assert f"active  {silence.id}  1" in here.out
    assert await here.run("unsilence", silence.id) == 0
    await here.run("list", "--silences")
    assert "expired" in here.out, "what ended a moment ago is still visible"


async def test_a_silence_of_everything_is_refused_unless_it_is_meant() -> None:
    here = await terminal(ORDERS)
    assert "hides every alert" in await refusal(here, "silence", "--comment", "x")
    assert "every alert that comes" in await refusal(here, "silence", "alertname=~.+", "--comment", "x")
    assert await here.run("silence", "--everything", "--comment", "x") == 0


async def test_the_silence_that_is_offered_for_an_alert() -> None:
    here = await terminal(alert(labels="service=orders,pod=x1"))
    assert await here.run("silence", "--alert", "HighErrorRatio", "--comment", "x") == 0
    (silence,) = (await here.book()).silences.values()
    assert {matcher.name for matcher in silence.matchers} == {"alertname", "service"}


async def test_what_is_wrong_is_said() -> None:
    here = await terminal(ORDERS, USERS, resolved("Over"))
    said = {
        ("ack", "HighErorRatio"): "did you mean HighErrorRatio?",
        ("ack", "Over"): "Over (orders) resolved 20 s ago; nothing to acknowledge",
        ("ack",): "name an alert",
        ("ack", "Over", "--all"): "name none beside it",
        ("ack", "HighErrorRatio{service=users}", "--for", "2 hours"): "is not a duration",
        ("note", "Over"): "note takes an alert and the text",
        ("show", "HighErrorRatio"): "2 alerts are called so",
        ("show",): "show takes one alert",
        ("unsilence",): "takes the id of one silence",
        ("unsilence", "abc"): 'there is no silence "abc"',
        ("silence", "service==orders", "--comment", "x"): "did you mean =?",
        ("silence", "service=orders", "--alert", "Over", "--comment", "x"): "either matchers, or --alert",
        ("silence", "service=orders"): "a silence needs a comment",
        ("assign", "HighErrorRatio{service=users}", "--to", "nobody-here-of-that-name"): "this system has no user",
    }
    for argv, words in said.items():
        assert words in await refusal(here, *argv), argv
    assert await here.run("silence", "servcie=orders", "--comment", "x") == 0
    assert 'no alert has a label "servcie"; did you mean service?' in here.err


async def test_hostile_labels_reach_no_terminal() -> None:
    here = await terminal(alert("Bad\x1b[2J", labels="service=a\x1b]0;x\x07\n", message="\x9b1m", origin="\x1b"))
    for argv in (["list"], ["show", "{service!=''}".replace("''", '""')], ["ack", '{service!=""}']):
        await here.run(*argv)
        assert not set(here.out + here.err) & set("\x1b\x07\x9b"), argv


class MetMeanwhile(MemoryStore):
    """Somebody else is faster, between reading and writing."""

    def __init__(self, other: Terminal | None = None) -> None:
        super().__init__(StillClock())
        self.other = other

    async def commit(self, commit: Commit) -> int:
        if self.other is not None and commit.entries:
            other, self.other = self.other, None
            await other.run("ack", "HighErrorRatio", "--note", "db")
        return await super().commit(commit)


async def test_of_two_at_once_one_wins_and_the_other_is_told_by_whom() -> None:
    store = MetMeanwhile()
    await store.commit(Commit(id="before", writes=(written(ORDERS),)))
    store.other = Terminal(store=store, operator=Operator(name="jun", login="jun"))
    words = await refusal(Terminal(store=store), "ack", "HighErrorRatio")
    assert words == "jun acknowledged HighErrorRatio (orders) first: db; nothing was changed"
    assert [entry.entry.actor for entry in await store.entries()] == ["jun"]


class LosesAnswers(MemoryStore):
    """Commits, and then does not say so."""

    def __init__(self, lost: int) -> None:
        super().__init__(StillClock())
        self.lost = lost

    async def commit(self, commit: Commit) -> int:
        revision = await super().commit(commit)
        if commit.entries and self.lost:
            self.lost -= 1
            raise StoreUnavailable("the connection was cut")
        return revision


async def test_a_commit_whose_answer_was_lost_is_sent_again_and_happens_once() -> None:
    here = Terminal(store=LosesAnswers(1))
    await here.store.commit(Commit(id="before", writes=(written(ORDERS),)))
    assert await here.run("ack", "HighErrorRatio") == 0
    assert len(await here.store.entries()) == 1
    never = Terminal(store=LosesAnswers(9))
    await never.store.commit(Commit(id="before", writes=(written(ORDERS),)))
    with pytest.raises(StoreUnavailable):
        await never.run("ack", "HighErrorRatio")


async def test_who_acts_as_another_is_in_the_history_with_both_names() -> None:
    here = await terminal(ORDERS, operator=Operator(name="root", login="alice"))
    await here.run("ack", "HighErrorRatio")
    (entry,) = await here.store.entries()
    assert (entry.entry.actor, entry.entry.data["login"]) == ("root", "alice")
    assert (await here.book()).seen_operators == {"root": NOW_S}


def test_the_operator_is_the_systems_user_whatever_the_environment_says(tmp_path: Path) -> None:
    here = this_operator({"USER": "mallory", "LOGNAME": "mallory"}, tmp_path / "none")
    assert here.name == user_name(os.geteuid())
    assert "mallory" not in (here.name, here.login)
    assert is_user(here.name)
    assert not is_user("no-such-user-here\x00")
    (tmp_path / "loginuid").write_text("4294967295")
    assert not this_operator({}, tmp_path / "loginuid").is_another
    (tmp_path / "loginuid").write_text("3999999999")
    assert this_operator({}, tmp_path / "loginuid").login == "uid3999999999"


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["shop.yaml", "X"], "shop.yaml"),
        (["conf/d", "X"], "conf/d"),
        (["HighErrorRatio"], None),
        (['service="a/b"'], None),
        ([], None),
    ],
)
def test_the_first_word_is_the_configuration_where_it_is_a_path(words: list[str], config: str | None) -> None:
    assert config_and_rest(words) == (config, words[1:] if config else words)


CONFIG = """\
version: 1
store: {{url: "sqlite:///{folder}/state.db"}}
sources: {{p: {{kind: prometheus, url: "http://127.0.0.1:9"}}}}
dashboards: [{{title: A, panels: [{{title: x, kind: text, text: hi}}]}}]
"""


def test_the_program_works_without_a_dashboard_and_ends_with_the_codes_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text(CONFIG.format(folder=tmp_path))
    path = str(config)
    assert main(["alerts", "silence", path, "service=orders", "--comment", "x", "--for", "1h"]) == 0
    assert main(["alerts", "list", path, "--silences"]) == 0
    out = capsys.readouterr().out
    assert 'service="orders"' in out
    assert main(["alerts", "ack", path, "Nothing"]) == 3
    assert capsys.readouterr().err == "opsdash: there is no alert now\n"
    assert main(["alerts", "ack", path]) == 64
    assert main(["alerts", "frobnicate", path]) == 64
    assert main(["alerts"]) == 64
    assert main(["alerts", "list", str(tmp_path / "none.yaml")]) == 78
    (tmp_path / "state.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4_000)
    capsys.readouterr()
    assert main(["alerts", "list", path]) == 3
    assert "Traceback" not in capsys.readouterr().err


async def test_it_is_the_same_on_sqlite(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db", StillClock())
    await store.open()
    try:
        await store.commit(Commit(id="before", writes=(written(ORDERS),)))
        here = Terminal(store=store)
        assert await here.run("ack", "HighErrorRatio") == 0
        assert (await here.book()).acks[ORDERS.fingerprint].owner == "mina"
        assert await here.run("unack", "HighErrorRatio") == 0
        assert await here.run("ack", "HighErrorRatio") == 0, "a document that was deleted can be made again"
    finally:
        await store.aclose()

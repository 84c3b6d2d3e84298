"""Documents: every value comes back as it was, and a document that cannot be read does no harm."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Alert, Cause, Phase, fingerprint_of
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import Kept, book_after, kind_and_key, removed, seen_operator, written
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.journal import entries_of
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence, Unowned
from opsdash.core.alerting.matchers import Matcher
from opsdash.core.alerting.round_deed import deed_of
from opsdash.core.alerting.severity import Severity
from opsdash.core.audit import canonical
from opsdash.core.documents import Changes, Document, Write
from opsdash.core.metrics.freshness import Freshness
from tests.core.alerting.rules_to_test import ORDERS, answer, orders, rule, run

FIELDS = {
    "unowned": "unowned",
    "alert": "alerts", "rule": "health", "slo": "slos", "ack": "acks", "silence": "silences", "note": "notes",
    "escalation": "escalations",
}  # fmt: skip
CHANGED = [None, True, 1, 10**400, 1e400, "NaN", "x", [], [[1]], [["a", "=~", "("]], {}, {"a": []}]
TEXTS = st.text(max_size=20)
NUMBERS = st.floats()
TIMES = st.floats(allow_nan=False, allow_infinity=False)
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(lambda pairs: tuple(sorted(pairs.items())))
SEVERITIES = st.sampled_from(list(Severity))
MATCHERS = st.builds(Matcher, name=TEXTS, op=st.sampled_from(["=", "!="]), value=TEXTS) | st.just(
    Matcher(name="a", op="=~", value="b|c.*")
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        Alert,
        fingerprint=TEXTS,
        rule=TEXTS,
        name=TEXTS,
        labels=LABELS,
        phase=st.sampled_from(list(Phase)),
        severity=SEVERITIES,
        active_at_s=TIMES,
        value=NUMBERS,
        cause=st.sampled_from(list(Cause)),
        threshold=st.none() | NUMBERS,
        below=st.booleans(),
        fired_at_s=st.none() | TIMES,
        resolved_at_s=st.none() | TIMES,
        seen_at_s=TIMES,
        annotations=LABELS,
        message=TEXTS,
        origin=TEXTS,
    ),
    st.builds(
        RuleHealth,
        rule=TEXTS,
        evaluated_at_s=TIMES,
        took_s=TIMES,
        state=st.sampled_from(list(Freshness)),
        message=TEXTS,
        series=st.integers(0, 10_000),
        values=st.dictionaries(TEXTS, NUMBERS, max_size=3),
        answered_at_s=st.none() | TIMES,
        progress=st.dictionaries(TEXTS, st.tuples(st.none() | TIMES, TIMES), max_size=3),
        about=TEXTS,
    ),
    st.builds(
        SloStatus,
        name=TEXTS,
        objective=TIMES,
        window_s=TIMES,
        at_s=TIMES,
        budget_left=NUMBERS,
        burn_rates=st.dictionaries(TEXTS, NUMBERS, max_size=3),
        message=TEXTS,
    ),
    st.builds(
        Ack,
        fingerprint=TEXTS,
        episode=TEXTS,
        owner=TEXTS,
        by=TEXTS,
        at_s=TIMES,
        expires_at_s=st.none() | TIMES,
        severity=SEVERITIES,
        value=NUMBERS,
        note=TEXTS,
        origin=TEXTS,
    ),
    st.builds(
        Silence,
        id=TEXTS,
        matchers=st.lists(MATCHERS, max_size=3).map(tuple),
        starts_at_s=TIMES,
        ends_at_s=TIMES,
        by=TEXTS,
        comment=TEXTS,
        created_at_s=TIMES,
        origin=TEXTS,
    ),
    st.builds(Note, fingerprint=TEXTS, text=TEXTS, by=TEXTS, at_s=TIMES),
    st.builds(Escalation, fingerprint=TEXTS, episode=TEXTS, level=st.integers(0, 9), by=TEXTS, at_s=TIMES, note=TEXTS),
    st.builds(Unowned, fingerprint=TEXTS, episode=TEXTS, severity=SEVERITIES, since_s=TIMES),
)


def document(write: Write, version: int = 1) -> Document:
    return Document(kind=write.kind, key=write.key, version=version, body=write.body)


def folded(*documents: Document, book: Book | None = None, is_all: bool = False) -> Book:
    revision = max((one.version for one in documents), default=1)
    return book_after(book or Book(), Changes(revision=revision, documents=documents, is_all=is_all))


@given(VALUES)
def test_every_value_comes_back_as_it_was(value: Kept) -> None:
    write = written(value)
    json.loads(write.body or "", parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    kind, key = kind_and_key(value)
    book = folded(document(write))
    assert book.unreadable == {}
    assert repr(getattr(book, FIELDS[kind])[key]) == repr(value)
    assert book.versions == {(kind, key): 1}
    assert getattr(folded(document(removed(kind, key), 2), book=book), FIELDS[kind]) == {}


@given(VALUES, st.data())
def test_a_document_that_was_changed_is_read_or_refused(value: Kept, data: st.DataObject) -> None:
    body = json.loads(written(value).body or "")
    name = data.draw(st.sampled_from(sorted(body)))
    body[name] = data.draw(st.sampled_from(CHANGED))
    kind, key = kind_and_key(value)
    first = folded(document(written(value)))
    after = folded(Document(kind=kind, key=key, version=2, body=json.dumps(body)), book=first)
    assert key in getattr(after, FIELDS[kind])
    assert after.versions[(kind, key)] == 2


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", "[" * 100_000, '{"owner": 1}', "NaN"])
def test_a_broken_document_leaves_what_was_known_before(body: str) -> None:
    ack = Ack(
        fingerprint="f", episode="f@1", owner="alice", by="alice", at_s=1.0, expires_at_s=None,
        severity=Severity.WARNING, value=math.nan,
    )  # fmt: skip
    book = folded(document(written(ack)))
    after = folded(Document(kind="ack", key="f", version=2, body=body), book=book)
    assert after.acks["f"].owner == "alice"
    assert list(after.unreadable) == [("ack", "f")]
    assert after.versions == {("ack", "f"): 2}
    mended = folded(document(written(ack), 3), book=after)
    assert mended.unreadable == {}


def test_kinds_that_nobody_here_knows_leave_only_their_versions() -> None:
    book = folded(
        Document(kind="outbox", key="k", version=4, body="{}"), Document(kind="x", key="y", version=3, body="?")
    )
    assert book.versions == {("outbox", "k"): 4, ("x", "y"): 3}
    assert book.unreadable == {}


def test_fields_of_a_newer_version_are_passed_over_and_old_ones_get_their_defaults() -> None:
    note = folded(document(written(Note(fingerprint="f", text="t", by="b", at_s=1.0))))
    newer = Document(
        kind="note", key="f", version=2, body='{"fingerprint":"f","text":"t","by":"b","at_s":1,"mood":"good"}'
    )
    assert folded(newer, book=note).notes["f"] == Note(fingerprint="f", text="t", by="b", at_s=1.0)


def test_all_that_there_is_replaces_what_was_known() -> None:
    book = folded(document(written(Note(fingerprint="f", text="t", by="b", at_s=1.0))))
    assert folded(book=book, is_all=True).notes == {}


def test_an_older_version_does_not_replace_a_newer_one() -> None:
    new, old = (
        document(written(Note(fingerprint="f", text=text, by="b", at_s=1.0)), 5 - n) for n, text in enumerate("no")
    )
    assert folded(new, old).notes["f"].text == "n"


def test_nothing_new_is_the_same_book() -> None:
    book = folded(document(seen_operator("alice", 5.0)))
    assert book.seen_operators == {"alice": 5.0}
    assert book_after(book, Changes(revision=1, documents=())) is book


def test_every_move_is_an_entry_and_a_document_that_can_be_hashed_and_read_again() -> None:
    hostile = (("path", "\x1b]0;x\x07\ud800"), ("z", "y" * 5_000))
    looks = [answer({hostile: value, ORDERS: value}) for value in (11.0, math.inf, 1.0)] + [orders(1)] * 70
    _, moves = run(rule(), looks)
    found = [entry for moved in moves for entry in entries_of(moved)]
    assert [entry.kind for entry in found] == [
        *["alert.firing"] * 2, *["alert.severity"] * 2, *["alert.resolved"] * 2,
    ]  # fmt: skip
    for number, entry in enumerate(found):
        assert "\x1b" not in canonical(number, entry)
        assert len(entry.text) < 500
    assert found[1].text == "TooMany fires, warning, 11 above 10"
    assert found[3].data["value"] == "+Inf"


def test_a_steady_round_writes_the_document_of_the_rule_and_nothing_else() -> None:
    state, moves = run(rule(), [orders(11), orders(12)])
    deed = deed_of(moves[1], state.health)
    assert [write.kind for write in deed.writes] == ["rule"]
    assert deed.entries == ()
    assert [write.kind for write in deed_of(moves[0], state.health).writes] == ["alert", "rule"]


def test_a_wait_that_ends_early_is_told_and_its_document_goes() -> None:
    _, moves = run(rule(for_s=60.0), [orders(11), orders(1)])
    deed = deed_of(moves[1])
    assert [(write.kind, write.body) for write in deed.writes] == [("alert", None)]
    assert [entry.kind for entry in deed.entries] == ["alert.gone"]


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=3), st.lists(st.tuples(TEXTS, TEXTS), max_size=3))
def test_two_label_sets_have_one_fingerprint_only_if_they_are_one(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    assert (fingerprint_of(tuple(first)) == fingerprint_of(tuple(second))) is (first == second)
    assert fingerprint_of((("a", "b\xffc\xfed"),)) != fingerprint_of((("a", "b"), ("c", "d")))

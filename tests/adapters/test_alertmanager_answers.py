"""What an Alertmanager, or something that is none, may answer."""

from __future__ import annotations

import pytest

from opsdash.adapters.sources.alertmanager.decode import alerts_in, as_alert, silences_in, standing_in
from opsdash.core.errors import AnswerUnusable
from tests.fakes.hub import foreign

ROW = b'[{"labels":{"alertname":"A"},"startsAt":"2026-11-24T10:00:00.123456789Z"}]'


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"x"', b"[1]", b"null", b"[" * 5000, b"\xff\xfe"])
def test_what_is_no_list_is_refused_in_words(body: bytes) -> None:
    for read in (alerts_in, silences_in):
        with pytest.raises(AnswerUnusable):
            read("am", body)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"3", b'{"uptime":"yesterday"}'])
def test_a_standing_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerUnusable):
        standing_in("am", body)


@pytest.mark.parametrize(
    ("body", "peers"),
    [
        (b"{}", set()),
        (b'{"cluster":null}', set()),
        (b'{"cluster":{"peers":"x"}}', set()),
        (b'{"cluster":{"peers":[1,{"name":"a"},{"name":""}]}}', {"a"}),
    ],
)
def test_a_cluster_that_does_not_say_who_is_in_it_is_none(body: bytes, peers: set[str]) -> None:
    assert standing_in("am", body) == (None, peers)


def test_an_alert_without_its_time_is_refused_and_one_with_nine_digits_is_read() -> None:
    assert alerts_in("am", ROW)[0].active_at_s == pytest.approx(1_795_514_400.123, abs=0.001)
    with pytest.raises(AnswerUnusable):
        alerts_in("am", b'[{"labels":{}}]')


def test_a_silence_whose_pattern_cannot_be_judged_here_is_left_out() -> None:
    matcher = '{"name":"a","value":"(?=x)","isRegex":true}'
    assert silences_in("am", f'[{{"id":"1","matchers":[{matcher}]}}]'.encode()) == ()


def test_hostile_addresses_are_cleaned() -> None:
    body = ROW.replace(b'"startsAt"', b'"generatorURL":"http://x/\\u001b[31m","startsAt"')
    assert "\x1b" not in alerts_in("am", body)[0].generator


def test_an_alert_without_an_address_says_none() -> None:
    assert "generatorURL" not in as_alert(foreign(), 2000.0)

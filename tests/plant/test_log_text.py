"""Words of texts, as Elasticsearch's standard analyser finds them."""

from __future__ import annotations

import random

import pytest

from opsdash.plant import log_words
from opsdash.plant.log_text import LONGEST_TOKEN, words_of
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.shop_logs import HOSTILE_LINES

LETTERS = "ab1_.':,;- é\u0301中あ가👍\u200d\u200b\ufe0f🇰İßΣ٣%/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GET /cart?id=7 200 in 3.5 ms", ["get", "cart", "id", "7", "200", "in", "3.5", "ms"]),
        ("it's 1,000 o'clock; v2.41 at example.com", ["it's", "1,000", "o'clock", "v2.41", "at", "example.com"]),
        ("connection refused by payments:8443", ["connection", "refused", "by", "payments", "8443"]),
        ("snake_case _private __ -dash-", ["snake_case", "_private", "dash"]),
        ("주문이 실패 支払い", ["주문이", "실패", "支", "払", "い"]),
        ("", []),
        ("... --- !!!", []),
    ],
)
def test_words_are_cut_where_unicode_says(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_very_long_word_is_cut_into_pieces() -> None:
    assert [len(word) for word in words_of("x" * 600)] == [LONGEST_TOKEN, LONGEST_TOKEN, 90]


def texts() -> list[str]:
    chance = random.Random(3)
    made = [*HOSTILE_LINES, *log_words.AGENTS, *log_words.ATTACK_AGENTS, *log_words.SQL_INJECTIONS, *log_words.SCRIPTS]
    made += [*log_words.FAILURES, *log_words.STATEMENTS, *log_words.TOKEN_ERRORS]
    return made + ["".join(chance.choices(LETTERS, k=chance.randint(1, 12))) for _ in range(150)]


@pytest.mark.integration
def test_the_real_analyser_finds_the_same_words(elasticsearch_server: ElasticsearchServer) -> None:
    """Katakana beside an underscore is the one known difference; it is not in the letters."""
    for text in texts():
        told = elasticsearch_server.api("POST", "/_analyze", {"analyzer": "standard", "text": text}).json()
        assert words_of(text) == [each["token"] for each in told["tokens"]], ascii(text)


def test_cutting_at_spaces_first_changes_nothing() -> None:
    for text in texts():
        assert [word for piece in text.split(" ") for word in words_of(piece)] == words_of(text), ascii(text)

"""Attacks in the logs: injections, scripts, guessed passwords, broken tokens; their text is as hostile as in life."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np

from opsdash.plant import log_words as words
from opsdash.plant.log_events import Chance, Draft, Places, Words, repeated
from opsdash.plant.summary import Floats, TickSummary

MOST_PER_S = 20.0
"""Lines of one kind."""
_TOKEN_ERRORS_PER_S = 0.02


def security_lines(summary: TickSummary, chance: Chance) -> list[Draft]:
    """The lines of every kind of attack in a block."""
    count = len(summary.seconds)
    return [
        _attempts(summary, chance, summary.sql_injections, "sql_injection", words.SQL_INJECTIONS, "/search?q="),
        _attempts(summary, chance, summary.xss, "xss", words.SCRIPTS, "/reviews?text="),
        _logins(summary, chance),
        _tokens(summary, chance, np.full(count, _TOKEN_ERRORS_PER_S)),
    ]


def _attempts(  # noqa: PLR0913, PLR0917 - a kind of attack in a row
    summary: TickSummary, chance: Chance, rates: Floats, action: str, texts: tuple[str, ...], target: str
) -> Draft:
    """Requests that carry an attack; the firewall answers 403."""
    times, count = _times(summary, chance, rates)
    carried = [texts[turn] for turn in chance.integers(0, len(texts), count).tolist()]
    path = target.partition("?")[0]
    lines = [f"{action} attempt in {target}{quote(text, safe=' ' + chr(27) + chr(7))}" for text in carried]
    return Draft(times, "shop.security", {
        **_attacker(summary, chance, count),
        "level": np.full(count, "warn", object),
        "message": np.array(lines, object),
        "status": np.full(count, 403, np.int64),
        "url.path": np.full(count, path, object),
        "http.request.method": np.full(count, "GET", object),
        "event.action": np.full(count, action, object),
        "event.outcome": np.full(count, "failure", object),
    })  # fmt: skip


def _logins(summary: TickSummary, chance: Chance) -> Draft:
    times, count = _times(summary, chance, summary.failed_logins)
    people = np.array(words.PEOPLE, object)[chance.integers(0, len(words.PEOPLE), count)]
    lines = [f"login of {name} refused: wrong password" for name in people.tolist()]
    return Draft(times, "shop.security", {
        **_attacker(summary, chance, count),
        "level": np.full(count, "warn", object),
        "message": np.array(lines, object),
        "user.name": people,
        "status": np.full(count, 401, np.int64),
        "url.path": np.full(count, "/login", object),
        "http.request.method": np.full(count, "POST", object),
        "event.action": np.full(count, "login_failed", object),
        "event.outcome": np.full(count, "failure", object),
    })  # fmt: skip


def _tokens(summary: TickSummary, chance: Chance, rates: Floats) -> Draft:
    times, count = _times(summary, chance, rates)
    lines = np.array(words.TOKEN_ERRORS, object)[chance.integers(0, len(words.TOKEN_ERRORS), count)]
    return Draft(times, "shop.security", {
        **_attacker(summary, chance, count),
        "level": np.full(count, "warn", object),
        "message": lines,
        "status": np.full(count, 401, np.int64),
        "event.action": np.full(count, "token_rejected", object),
        "event.outcome": np.full(count, "failure", object),
    })  # fmt: skip


def _attacker(summary: TickSummary, chance: Chance, count: int) -> dict[str, Words]:
    """Who does it, seen by the service that users reach first."""
    known = [each.address for each in summary.addresses if each.kind == "attacker"]
    addresses = np.array([*known, *words.ATTACK_ADDRESSES], object)
    agents = np.array(words.ATTACK_AGENTS, object)
    text = chance.bytes(16 * count).hex()
    return {
        "service": np.full(count, summary.services[0] if summary.services else None, object),
        "client.ip": addresses[chance.integers(0, addresses.size, count)],
        "user_agent.original": agents[chance.integers(0, agents.size, count)],
        "trace.id": np.array([text[at : at + 32] for at in range(0, 32 * count, 32)], object),
    }


def _times(summary: TickSummary, chance: Chance, rates: Floats) -> tuple[Places, int]:
    (second,) = repeated(chance.poisson(np.clip(np.nan_to_num(rates), 0, MOST_PER_S)))
    return summary.seconds[second] * 1000 + chance.integers(0, 1000, second.size), int(second.size)

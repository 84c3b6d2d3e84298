"""Log documents of a shop, deterministic: the same seed and instant give the same document, wherever it is asked for.

Fields are ECS-like and mapped in `MAPPINGS`: service, level, event.dataset and url.path are keywords, latency_ms is a
float, status an integer, bytes a long, client.ip an ip, trace.id a keyword, message is text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]

_KEYWORD = {"type": "keyword"}
MAPPINGS: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "@timestamp": {"type": "date"},
        "service": _KEYWORD,
        "level": _KEYWORD,
        "message": {"type": "text"},
        "latency_ms": {"type": "float"},
        "status": {"type": "integer"},
        "bytes": {"type": "long"},
        "client": {"properties": {"ip": {"type": "ip"}}},
        "trace": {"properties": {"id": _KEYWORD}},
        "event": {"properties": {"dataset": _KEYWORD}},
        "url": {"properties": {"path": _KEYWORD}},
        "user": {"properties": {"name": _KEYWORD}},
    },
}

SERVICES = {"gateway": 8, "users": 2, "orders": 3, "payments": 1, "search": 3, "stream": 3}
"""Service → its part of the traffic."""

HOSTILE_LINES = (
    "\x1b[31mred\x1b[0m \x1b]0;owned\x07 title and \x1b[2J\x1b[H cleared",
    "OSC 52 \x1b]52;c;cm0gLXJmIC8=\x07 and OSC 8 \x1b]8;;https://example.test\x1b\\link\x1b]8;;\x1b\\",
    "C1 \x9b31m csi \x9d0;t\x9c and NUL \x00 BEL \x07 BS \x08 DEL \x7f",
    "CR \rrewritten line and a\nsecond line and\ta tab",
    "[bold red]not markup[/] [@click=app.quit]no[/] {{ .Value }} %s %(x)s ${HOME} $(id)",
    "rtl \u202egnp.exe\u202c and \u2066isolate\u2069 and שלום עולם مرحبا",
    "zero\u200bwidth\u200djoiner\ufeffbom and soft\u00adhyphen, c\u0327o\u0308mbining",
    "CJK 주문이 실패했습니다 支払いに失敗しました 付款失败",
    "emoji 👩‍👩‍👧‍👦 🇰🇷 🧑🏽‍🚀 ✈️ 💥 done",
    "very-" + "long" * 300 + "-word",
    "lone surrogate as text \\ud83d, private use \ue000, noncharacter \ufdd0",
    "",
)
"""Messages that try to harm a terminal, or to break its columns."""

_PATHS = ("/", "/cart", "/checkout", "/search", "/api/orders", "/api/users/me", "/stream/live")
_ERRORS = (
    "upstream timed out after 3000 ms",
    "connection refused by payments:8443",
    "could not serialize access due to concurrent update",
    "pool exhausted: 40 of 40 connections in use",
)
_USERS = ("mina", "jun", "root", "admin", "deploy")


def documents(*, start_s: float, end_s: float, count: int, seed: int = 7) -> Iterator[Document]:
    """`count` documents spread evenly over [start, end), oldest first; about one in 500 is hostile."""
    step_s = (end_s - start_s) / count
    for number in range(count):
        yield document(start_s + (number + 0.5) * step_s, number, seed=seed)


def document(at_s: float, number: int, *, seed: int = 7, failing: bool = False) -> Document:
    """The document with that number; `failing` makes errors and latency of an incident likely."""
    chance = random.Random(f"{seed}:{number}")
    kind = chance.random()
    if number % 500 == 250:
        return _hostile(at_s, number // 500, chance)
    if kind < 0.75:
        return _access(at_s, chance, failing=failing)
    return _application(at_s, chance, failing=failing) if kind < 0.95 else _security(at_s, chance)


def _common(at_s: float, chance: random.Random, dataset: str) -> Document:
    return {
        "@timestamp": datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "service": chance.choices(list(SERVICES), weights=list(SERVICES.values()))[0],
        "event": {"dataset": f"shop.{dataset}"},
        "trace": {"id": f"{chance.getrandbits(128):032x}"},
        "client": {"ip": _address(chance.randrange(4), chance.randrange(256), chance.randrange(1, 255))},
    }


def _address(net: int, subnet: int, host: int) -> str:
    """One of 320 clients, so that some come again within a minute."""
    return f"10.{net}.{subnet % 4}.{host % 20 + 1}"


def _access(at_s: float, chance: random.Random, *, failing: bool) -> Document:
    weights = (70, 4, 6, 3, 14, 3) if failing else (92, 4, 2.5, 0.5, 0.7, 0.3)
    status = chance.choices((200, 301, 404, 429, 500, 503), weights=weights)[0]
    slow = status >= 500 or chance.random() < (0.3 if failing else 0.03)
    latency_ms = round(chance.lognormvariate(6.5 if slow else 3.4, 0.7), 2)
    path, method = chance.choice(_PATHS), "POST" if chance.random() < 0.2 else "GET"
    return _common(at_s, chance, "access") | {
        "level": "error" if status >= 500 else "warn" if status >= 400 else "info",
        "message": f"{method} {path} {status} in {latency_ms:.0f} ms",
        "url": {"path": path},
        "status": status,
        "latency_ms": latency_ms,
        "bytes": int(chance.lognormvariate(7.5, 1.2)),
    }


def _application(at_s: float, chance: random.Random, *, failing: bool) -> Document:
    level = chance.choices(("debug", "info", "warn", "error"), weights=(2, 5, 4, 9) if failing else (6, 11, 2, 1))[0]
    what = chance.choice(_ERRORS) if level in {"warn", "error"} else f"order {chance.randrange(10**6)} accepted"
    return _common(at_s, chance, "app") | {"level": level, "message": what}


def _security(at_s: float, chance: random.Random) -> Document:
    user, refused = chance.choice(_USERS), chance.random() < 0.4
    return _common(at_s, chance, "security") | {
        "level": "warn" if refused else "info",
        "message": f"login of {user} {'refused: wrong password' if refused else 'accepted'}",
        "user": {"name": user},
        "status": 401 if refused else 200,
    }


def _hostile(at_s: float, number: int, chance: random.Random) -> Document:
    line = HOSTILE_LINES[number % len(HOSTILE_LINES)]
    return _common(at_s, chance, "app") | {"level": "error", "message": line}

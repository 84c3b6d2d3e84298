"""The documents that both servers are given: the plant's own lines, the shop's with its hostile ones, and odd ones."""

from __future__ import annotations

import random
from typing import Any

from opsdash.plant.log_ring import LogRing
from opsdash.plant.logs import LogWriter
from tests.plant.summaries import summary
from tests.servers import shop_logs

INDEX = "plant-logs"
START_S = 1_790_000_000
SECONDS = 180

ODD: tuple[dict[str, Any], ...] = (
    {"@timestamp": "2026-09-21T14:13:21Z", "message": "only a message"},
    {"@timestamp": "2026-09-21T14:13:22.5Z", "service": "Orders", "level": "INFO", "message": "Upper Case Words"},
    {"@timestamp": 1_790_000_003_250, "service": "orders", "status": "204", "bytes": "17", "latency_ms": "3.25"},
    {"@timestamp": "2026-09-21", "service": "", "message": "", "status": -1, "latency_ms": -0.5},
    {
        "@timestamp": "2026-09-21T16:13:24+02:00",
        "service": "a b c",
        "message": "a b c a b",
        "unmapped": {"x": [1, "y"]},
    },
    {"@timestamp": "2026-09-21T14:13:25.123456Z", "client": {"ip": "2001:db8::1"}, "message": ["just one"]},
    {"@timestamp": "2026-09-21T14:13:26Z", "client.ip": "192.168.7.9", "event.dataset": "dotted", "bytes": 2**40},
    {"@timestamp": "2026-09-21T14:13:27Z", "service": "star*", "url": {"path": "/a?b=c&d=\\e"}, "message": 'x:y "q"'},
    {"service": "timeless", "message": "no time at all", "level": None, "status": []},
    {
        "@timestamp": "2026-09-21T14:13:28Z",
        "service": "search",
        "latency_ms": 1e6,
        "status": 2**31 - 1,
        "user": {"name": "Jun"},
    },
)


def documents() -> list[dict[str, Any]]:
    """About 2,600 documents of three minutes, in an order of their own."""
    ring = LogRing()
    writer = LogWriter(ring, seed=5)
    for block in range(SECONDS // 60):
        writer.write(summary(START_S + 60 * block, 60))
    made = [ring.source(place) for place in range(len(ring))]
    made += list(shop_logs.documents(start_s=START_S, end_s=START_S + SECONDS, count=600, seed=3))
    made += [shop_logs.document(START_S + number / 7, 250 + 500 * number) for number in range(12)]
    random.Random(9).shuffle(made)
    return [*made, *ODD]

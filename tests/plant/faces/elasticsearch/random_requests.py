"""Random requests of the kinds that dashboards make, from a seed."""

from __future__ import annotations

import random
from typing import Any

from tests.plant.faces.elasticsearch.documents import INDEX, START_S

Json = dict[str, Any]
_VALUES: dict[str, tuple[Any, ...]] = {
    "service": ("orders", "users", "gateway", "nope", "a b c", ""),
    "level": ("error", "warn", "info", "ERROR"),
    "status": (200, 404, "500", 429, -1),
    "event.dataset": ("shop.access", "shop.app", "shop.security"),
    "url.path": ("/", "/cart", "/checkout"),
    "client.ip": ("203.0.113.66", "10.0.0.0/8"),
    "message": ("timed", "refused", "out", "GET", "200"),
    "latency_ms": (3.25, 37, 250),
    "log.level": ("error",),
}
_WORDS = ("timed", "out", "refused", "orders", "GET", "ms", "200", "payments", "login", "nope")
_NUMBERS = ("status", "latency_ms", "bytes")
_GROUPED = ("service", "level", "status", "event.dataset", "url.path", "service.name", "host.name")


class RandomRequests:
    """Bodies of _search."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def case(self) -> tuple[str, str, Json]:
        """One request: documents in a total order, or aggregations."""
        chance = self._chance
        body: Json = {"size": 0, "track_total_hits": chance.choice((True, 100, 10_000))}
        if chance.random() < 0.85:
            body["query"] = self.query(3)
        if chance.random() < 0.4:
            body |= {
                "size": chance.choice((1, 20, 500)),
                "sort": self.sort(),
                "_source": chance.choice((True, False, ["s*"])),
            }
        else:
            body["aggs"] = self.aggregations(3)
        return "POST", f"/{INDEX}/_search", body

    def sort(self) -> list[Any]:
        """Ends with what no two documents share."""
        chance = self._chance
        fields = chance.sample(
            ("@timestamp", "service", "status", "latency_ms", "client.ip", "user.name"), chance.randint(0, 2)
        )
        keys: list[Any] = []
        for name in fields:
            options = {"order": chance.choice(("asc", "desc"))}
            if chance.random() < 0.3:
                options["missing"] = chance.choice(("_first", "_last"))
            keys.append({name: options})
        return [*keys, {"_seq_no": chance.choice(("asc", "desc"))}]

    # -- queries ---------------------------------------------------------------------------------------------------

    def query(self, depth: int) -> Json:
        """Any query."""
        chance = self._chance
        if depth and chance.random() < 0.5:
            return self._bool(depth)
        make = chance.choice((self._term, self._range, self._words, self._string, self._pattern, self._time))
        return make()

    def _bool(self, depth: int) -> Json:
        chance = self._chance
        parts: Json = {}
        for name in chance.sample(("must", "filter", "should", "must_not"), chance.randint(1, 3)):
            parts[name] = [self.query(depth - 1) for _ in range(chance.randint(1, 2))]
        if "should" in parts and chance.random() < 0.4:
            parts["minimum_should_match"] = chance.choice((0, 1, 2, "50%", -1))
        return {"bool": parts}

    def _term(self) -> Json:
        name = self._chance.choice(tuple(_VALUES))
        if self._chance.random() < 0.3:
            return {"terms": {name: list(_VALUES[name])}}
        return {"term": {name: {"value": self._chance.choice(_VALUES[name])}}}

    def _range(self) -> Json:
        chance = self._chance
        name = chance.choice(_NUMBERS)
        low = chance.choice((-1, 0, 100, 200, 300.5, 400))
        bounds: Json = {chance.choice(("gt", "gte")): low}
        if chance.random() < 0.6:
            bounds[chance.choice(("lt", "lte"))] = low + chance.choice((0, 1, 100, 5_000))
        return {"range": {name: bounds}}

    def _time(self) -> Json:
        low = START_S * 1000 + self._chance.randrange(-10_000, 190_000)
        high = low + self._chance.randrange(0, 100_000)
        return {"range": {"@timestamp": {"gte": low, "lt": high, "format": "epoch_millis"}}}

    def _words(self) -> Json:
        chance = self._chance
        words = " ".join(chance.choices(_WORDS, k=chance.randint(1, 3)))
        if chance.random() < 0.4:
            return {"match_phrase": {"message": words}}
        return {"match": {"message": {"query": words, "operator": chance.choice(("or", "and"))}}}

    def _pattern(self) -> Json:
        chance = self._chance
        name = chance.choice(("service", "url.path", "message", "host.name"))
        kind, text = chance.choice((("prefix", "or"), ("prefix", "/c"), ("wildcard", "*r?"), ("wildcard", "p*s*"),
                                    ("regexp", "[a-g].*"), ("regexp", "(orders|out).?")))  # fmt: skip
        return {kind: {name: {"value": text}}} if chance.random() < 0.8 else {"exists": {"field": name}}

    def _string(self) -> Json:
        chance = self._chance
        options: Json = {"query": self.text(2)}
        if chance.random() < 0.5:
            options["analyze_wildcard"] = True
        if chance.random() < 0.3:
            options["default_operator"] = "AND"
        if chance.random() < 0.2:
            options |= {"fields": ["message", "service"], "lenient": True}
        return {"query_string": options}

    def text(self, depth: int) -> str:
        """A query_string."""
        chance = self._chance
        parts = []
        for place in range(chance.randint(1, 3)):
            if place:
                parts.append(chance.choice(("AND", "OR", "", "AND NOT", "&&", "||")))
            sign = "" if parts and parts[-1].endswith("NOT") else chance.choice(("", "", "", "-", "+", "NOT "))
            parts.append(sign + self._clause(depth))
        return " ".join(each for each in parts if each)

    def _clause(self, depth: int) -> str:
        chance = self._chance
        if depth and chance.random() < 0.25:
            return chance.choice(("", "service:", "message:")) + "(" + self.text(depth - 1) + ")"
        return chance.choice((
            lambda: chance.choice(_WORDS),
            lambda: '"' + " ".join(chance.choices(_WORDS, k=2)) + '"',
            lambda: f"service:{chance.choice(('orders', 'users', 'OR*', 'us*', '*a*'))}",
            lambda: f"level:({chance.choice(('error', 'error OR warn', 'error warn'))})",
            lambda: f"status:{chance.choice(('>=500', '<300', '[200 TO 404]', '{200 TO 404}', '200', '5*'))}",
            lambda: f"latency_ms:{chance.choice(('>100', '[10 TO *]', '{* TO 40}'))}",
            lambda: f"message:{chance.choice(('tim*', 't?med', '/ref.*/', 'timed'))}",
            lambda: "_exists_:" + chance.choice(("status", "user.name", "nope")),
        ))()  # fmt: skip

    # -- aggregations ----------------------------------------------------------------------------------------------

    def aggregations(self, depth: int) -> Json:
        """One or two, with others below."""
        return {f"a{number}": self._aggregation(depth) for number in range(self._chance.randint(1, 2))}

    def _aggregation(self, depth: int) -> Json:
        chance = self._chance
        if not depth or chance.random() < 0.3:
            return self._metric()
        made = chance.choice((self._terms, self._histogram, self._dates, self._filters, self._ranges))()
        if chance.random() < 0.8:
            made["aggs"] = self.aggregations(depth - 1)
        return made

    def _metric(self) -> Json:
        chance = self._chance
        name = chance.choice(_NUMBERS)
        kind = chance.choice(("avg", "sum", "min", "max", "stats", "extended_stats", "value_count", "percentiles"))
        options: Json = {"field": name}
        if chance.random() < 0.15 and kind not in ("value_count", "percentiles"):
            options["missing"] = 7
        return {kind: options}

    def _terms(self) -> Json:
        chance = self._chance
        options: Json = {"field": chance.choice(_GROUPED), "size": chance.choice((2, 5, 50)), "shard_size": 200}
        if chance.random() < 0.4:
            options["order"] = chance.choice(({"_key": "asc"}, {"_key": "desc"}, {"_count": "asc"}))
        if chance.random() < 0.2:
            options["min_doc_count"] = 5
        return {"terms": options}

    def _dates(self) -> Json:
        chance = self._chance
        options: Json = {"field": "@timestamp", "fixed_interval": chance.choice(("30s", "1m", "7s", "1h"))}
        if chance.random() < 0.5:
            options["offset"] = chance.choice(("5s", "-3s", "+11000ms"))
        options["min_doc_count"] = 1 if chance.random() < 0.9 or options["fixed_interval"] != "1h" else 0
        if chance.random() < 0.2:
            options["time_zone"] = chance.choice(("America/New_York", "+05:30"))
        return {"date_histogram": options}

    def _histogram(self) -> Json:
        return {"histogram": {"field": "latency_ms", "interval": self._chance.choice((100, 12.5)), "min_doc_count": 1}}

    def _filters(self) -> Json:
        chance = self._chance
        if chance.random() < 0.4:
            return {"filter": self.query(1)}
        named = {f"f{number}": self.query(1) for number in range(chance.randint(1, 3))}
        return {"filters": {"filters": named if chance.random() < 0.5 else list(named.values())}}

    def _ranges(self) -> Json:
        ranges = self._chance.choice(([{"to": 300}, {"from": 300}], [{"from": 200, "to": 400}], [{"from": 50.5}]))
        return {"range": {"field": self._chance.choice(_NUMBERS), "ranges": ranges}}

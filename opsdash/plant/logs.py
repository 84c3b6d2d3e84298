"""The plant's logs: a sample of what users asked, what services said, slow statements and attacks, second by second.

Of users' requests about one in `one_in` is written, always the same part, so that a surge of traffic is a surge of
documents: some eleven a second when all is well, at most a few hundred. What stands out is written more fully: slow
statements, rejected calls and attacks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opsdash.plant import log_words as words
from opsdash.plant.log_columns import Measured
from opsdash.plant.log_events import Chance, Draft, Places, Words, drafts_joined, repeated
from opsdash.plant.log_fields import FIELDS, NUMBERS, Kind
from opsdash.plant.log_ring import Batch, LogRing
from opsdash.plant.log_security import security_lines
from opsdash.plant.summary import OUTCOMES, Floats, TickSummary

ACCESS_PER_S = 8.0
"""Requests written a second while traffic is as it was at first."""
MOST_ACCESS_PER_S = 150.0
JOINED_SHARE = 0.2
"""Of the requests, those whose next service says something too, under the same trace id."""
CLIENTS = 4_000
_FIXED_CODES = {"error": 500, "bad_gateway": 502, "refused": 503, "timeout": 504, "limited": 429, "blocked": 403}
_QUICK = np.array([name in ("refused", "limited", "blocked") for name in OUTCOMES])
_TIMEOUT_S = 3.0


class LogWriter:
    """Writes each block of seconds into the ring; the same seed and blocks give the same documents."""

    def __init__(self, ring: LogRing, *, seed: int) -> None:
        self.ring = ring
        self.one_in: float | None = None
        """Users' requests for one that is written; known with the first block."""
        self._chance: Chance = np.random.default_rng([seed, 0x10C5])
        pool = self._chance.integers(0, 256, size=(CLIENTS, 3))
        self._clients = np.array(
            [f"{31 + a % 60}.{b}.{c}.{1 + (a + b + c) % 254}" for a, b, c in pool.tolist()], object
        )

    def write(self, summary: TickSummary) -> None:
        """Adds the documents of a block, oldest first."""
        total = float(summary.outcomes.sum()) / max(len(summary.seconds), 1)
        if self.one_in is None and total > 0:
            self.one_in = max(1.0, total / ACCESS_PER_S)
        access = self._access(summary)
        drafts = [access, *self._joined(summary, access), *self._failures(summary, access), self._chatter(summary)]
        drafts += [self._slow(summary), *security_lines(summary, self._chance)]
        draft = drafts_joined([each for each in drafts if each.count])
        if draft is not None:
            self.ring.append(_batch(draft))

    # -- what users asked ------------------------------------------------------------------------------------------

    def _access(self, summary: TickSummary) -> Draft:
        rates = np.nan_to_num(summary.outcomes) / (self.one_in or 1.0)
        most = rates.sum(axis=(1, 2), keepdims=True)
        rates = rates * np.minimum(1.0, MOST_ACCESS_PER_S / np.maximum(most, 1e-9))
        second, route, outcome = repeated(self._chance.poisson(rates))
        count = second.size
        latency_ms = self._latency_ms(summary, second, route, outcome)
        status = _codes(summary)[route, outcome]
        paths = np.array([each.path for each in summary.routes], object)[route]
        methods = np.array([each.method for each in summary.routes], object)[route]
        services = np.array([summary.services.index(r.service) if r.service in summary.services else -1
                             for r in summary.routes])  # fmt: skip
        shown = zip(methods.tolist(), paths.tolist(), status.tolist(), latency_ms.tolist(), strict=True)
        level = np.array(["info", "warn", "error"], object)[(status >= 400).astype(int) + (status >= 500)]
        address, agent = self._callers(summary, outcome, count)
        return Draft(self._times(summary, second), "shop.access", {
            "service": np.array([each.service for each in summary.routes], object)[route],
            "level": level,
            "message": np.array([f"{m} {p} {s} in {t:.0f} ms" for m, p, s, t in shown], object),
            "status": status,
            "latency_ms": latency_ms,
            "bytes": self._chance.lognormal(7.5, 1.2, count).astype(np.int64),
            "client.ip": address,
            "url.path": paths,
            "http.request.method": methods,
            "user_agent.original": agent,
            "trace.id": self._traces(count),
            "event.outcome": np.where(status < 400, "success", "failure").astype(object),
            **self._where(summary, services[route]),
        })  # fmt: skip

    def _latency_ms(self, summary: TickSummary, second: Places, route: Places, outcome: Places) -> Floats:
        """Log-logistic around the route's median; a refusal takes a moment, a time-out its whole time."""
        chance = self._chance.uniform(0.001, 0.999, second.size)
        median = np.nan_to_num(summary.median_s[second, route], nan=0.05)
        seconds = median * (chance / (1 - chance)) ** (1 / max(summary.shape, 0.5))
        seconds = np.where(_QUICK[outcome], 0.001 + 0.003 * chance, seconds)
        seconds = np.where(outcome == OUTCOMES.index("timeout"), _TIMEOUT_S + chance / 10, seconds)
        return np.round(np.minimum(seconds, 60.0) * 1000, 2)

    def _callers(self, summary: TickSummary, outcome: Places, count: int) -> tuple[Words, Words]:
        """Addresses and agents: the crowd, and those that stand out as often as they ask."""
        crowd = self._chance.integers(0, CLIENTS, count)
        address = self._clients[(crowd * crowd) // CLIENTS]
        agent = np.array(words.AGENTS, object)[crowd % len(words.AGENTS)]
        if not summary.addresses:
            return address, agent
        total = max(float(summary.outcomes.sum()), 1e-9)
        for name, rates in _standing_out(summary):
            chosen = outcome == OUTCOMES.index(name) if name else self._chance.random(count) < rates.sum() / total
            if rates.sum() <= 0 or not chosen.any():
                continue
            which = self._chance.choice(rates.size, int(chosen.sum()), p=rates / rates.sum())
            address[chosen] = np.array([each.address for each in summary.addresses], object)[which]
            agent[chosen] = np.array([each.agent for each in summary.addresses], object)[which]
        return address, agent

    # -- what services said ----------------------------------------------------------------------------------------

    def _joined(self, summary: TickSummary, access: Draft) -> list[Draft]:
        """What the next service says of some of the requests, under their trace id."""
        targets: dict[str, list[int]] = {}
        for number, edge in enumerate(summary.edges):
            targets.setdefault(edge.source, []).append(number)
        callers = access.columns["service"]
        picked = np.flatnonzero(self._chance.random(access.count) < JOINED_SHARE)
        picked = np.array([at for at in picked.tolist() if callers[at] in targets], dtype=np.int64)
        if picked.size == 0:
            return []
        turns = self._chance.integers(0, 1 << 30, picked.size).tolist()
        choices = [targets[callers[at]] for at in picked.tolist()]
        edges = [choice[turn % len(choice)] for choice, turn in zip(choices, turns, strict=True)]
        names = [summary.edges[edge].target for edge in edges]
        latency = np.round(access.columns["latency_ms"][picked] * self._chance.uniform(0.2, 0.8, picked.size), 2)
        lines = [words.CALLS[turn & 1].format(target=name, latency=f"{took:.0f}")
                 for turn, name, took in zip(turns, names, latency.tolist(), strict=True)]  # fmt: skip
        return [Draft(access.times[picked] + 1, "shop.app", {
            "service": callers[picked],
            "level": np.full(picked.size, "info", object),
            "message": np.array(lines, object),
            "latency_ms": latency,
            "trace.id": access.columns["trace.id"][picked],
            "upstream": np.array(names, object),
            "host.name": access.columns["host.name"][picked],
            "version": access.columns["version"][picked],
        })]  # fmt: skip

    def _failures(self, summary: TickSummary, access: Draft) -> list[Draft]:
        """Calls that failed, were not let through, or were tried again."""
        ratio = 1 / (self.one_in or 1.0)
        kinds = (
            (summary.failed_calls * ratio, "error", words.FAILURES),
            (summary.rejected_calls * ratio * 2, "warn", words.REJECTIONS),
            (summary.retried_calls * ratio, "warn", words.RETRIES),
        )
        return [self._calls(summary, access, np.minimum(np.nan_to_num(rates), 20.0), level, lines)
                for rates, level, lines in kinds]  # fmt: skip

    def _calls(self, summary: TickSummary, access: Draft, rates: Floats, level: str, lines: tuple[str, ...]) -> Draft:
        second, edge = repeated(self._chance.poisson(np.maximum(rates, 0)))
        count = second.size
        targets = np.array([each.target for each in summary.edges], object)[edge]
        callers = [each.source for each in summary.edges]
        number, small = self._chance.integers(1, 10**6, count).tolist(), self._chance.integers(2, 4, count).tolist()
        made = [lines[n % len(lines)].format(target=t, number=n, small=s)
                for t, n, s in zip(targets.tolist(), number, small, strict=True)]  # fmt: skip
        places = np.array([summary.services.index(name) if name in summary.services else -1 for name in callers])
        failed = np.flatnonzero(access.columns["status"] >= 500) if access.count else np.empty(0, np.int64)
        traces = self._traces(count)
        if failed.size and count:
            traces = access.columns["trace.id"][failed[self._chance.integers(0, failed.size, count)]]
        return Draft(self._times(summary, second), "shop.app", {
            "service": np.array(callers, object)[edge],
            "level": np.full(count, level, object),
            "message": np.array(made, object),
            "trace.id": traces,
            "upstream": targets,
            **self._where(summary, places[edge] if count else np.empty(0, np.int64)),
        })  # fmt: skip

    def _chatter(self, summary: TickSummary) -> Draft:
        """About one line a second of services that are well."""
        (second,) = repeated(self._chance.poisson(1.0, len(summary.seconds)))
        count = second.size
        service = self._chance.integers(0, max(len(summary.services), 1), count)
        is_debug = self._chance.random(count) < 0.3
        number, small = self._chance.integers(1, 10**6, count).tolist(), self._chance.integers(1, 99, count).tolist()
        lines = [
            (words.DEBUG_LINES if debug else words.INFO_LINES)[n % (3 if debug else 6)].format(number=n, small=s)
            for debug, n, s in zip(is_debug.tolist(), number, small, strict=True)
        ]
        return Draft(self._times(summary, second), "shop.app", {
            "service": np.array(summary.services, object)[service] if count else np.empty(0, object),
            "level": np.where(is_debug, "debug", "info").astype(object),
            "message": np.array(lines, object),
            "trace.id": self._traces(count),
            **self._where(summary, service),
        })  # fmt: skip

    def _slow(self, summary: TickSummary) -> Draft:
        """Slow statements, at most a few a second of each database."""
        second, database = repeated(self._chance.poisson(np.clip(np.nan_to_num(summary.slow_queries) / 2, 0, 4)))
        count = second.size
        median = np.nan_to_num(summary.query_median_s[second, database]) if count else np.empty(0)
        latency = np.round(np.maximum(250.0, median * 1000) * self._chance.lognormal(0.2, 0.5, count), 2)
        latency = np.maximum(latency, 250.0)
        names = np.array(summary.databases, object)[database] if count else np.empty(0, object)
        turns = self._chance.integers(0, len(words.STATEMENTS), count)
        statements = np.array(words.STATEMENTS, object)[turns]
        shown = zip(latency.tolist(), statements.tolist(), strict=True)
        lines = [f"duration: {took_ms:.3f} ms  statement: {statement}" for took_ms, statement in shown]
        return Draft(self._times(summary, second), "shop.slowlog", {
            "service": names,
            "level": np.full(count, "warn", object),
            "message": np.array(lines, object),
            "latency_ms": latency,
            "db.name": names,
            "trace.id": self._traces(count),
        })  # fmt: skip

    # -- what all have ---------------------------------------------------------------------------------------------

    def _times(self, summary: TickSummary, second: Places) -> Places:
        return summary.seconds[second] * 1000 + self._chance.integers(0, 1000, second.size)

    def _traces(self, count: int) -> Words:
        text = self._chance.bytes(16 * count).hex()
        return np.array([text[at : at + 32] for at in range(0, 32 * count, 32)], object)

    def _where(self, summary: TickSummary, service: Places) -> dict[str, Words]:
        """The instance and the version that wrote it."""
        most = max([1, *map(len, summary.instances)])
        hosts = np.full((len(summary.services) + 1, most), None, object)
        for row, names in enumerate(summary.instances):
            for column in range(most if names else 0):
                hosts[row, column] = names[column % len(names)]
        versions = np.array([*summary.versions, None], object)
        return {"host.name": hosts[service, self._chance.integers(0, most, service.size)], "version": versions[service]}


def _codes(summary: TickSummary) -> Places:
    """The status of each outcome of each route."""
    fixed = [_FIXED_CODES[name] for name in OUTCOMES[2:]]
    rows = [[int(each.ok_code), int(each.client_code), *fixed] for each in summary.routes]
    return np.array(rows, dtype=np.int64).reshape(len(summary.routes), len(OUTCOMES))


def _standing_out(summary: TickSummary) -> tuple[tuple[str, Floats], ...]:
    def rates(of: Callable[[int], Floats]) -> Floats:
        return np.array([max(float(np.nan_to_num(of(place)).sum()), 0.0) for place in range(len(summary.addresses))])

    return (
        ("", rates(lambda place: summary.addresses[place].requests)),
        ("limited", rates(lambda place: summary.addresses[place].limited)),
        ("blocked", rates(lambda place: summary.addresses[place].blocked)),
    )


def _batch(draft: Draft) -> Batch:
    """The lines as columns of the ring."""
    columns: dict[str, object] = {"@timestamp": Measured(draft.times)}
    for name, values in draft.columns.items():
        kind = FIELDS[name]
        if kind is Kind.TEXT:
            columns[name] = values
        elif kind in NUMBERS:
            present = ~np.isnan(values)
            known = np.where(present, values, 0)
            columns[name] = Measured(known.astype(np.float32) if kind is Kind.FLOAT else known, present)
        else:
            columns[name] = values.tolist()
    return Batch(draft.count, columns)  # type: ignore[arg-type]

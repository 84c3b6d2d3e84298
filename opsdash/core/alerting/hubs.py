"""What several Alertmanagers told, as one: members of a cluster speak for each other, and what each of them tells is
there once.

An Alertmanager that does not answer keeps what it told last. Whether something is over is judged only by one that was
asked after it was last known to be there, and that did not forget it: Alertmanager keeps alerts in memory, and after a
restart it knows of none until Prometheus tells it again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.marks import Ack, Silence
from opsdash.core.metrics.labels import Labels

RETOLD_S = 300.0
"""After a restart of an Alertmanager, so long its alerts count as told though they were not told anew."""
_CLOCKS_S = 1.0
"""By how much the clocks of two bastions may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One whole answer of an Alertmanager."""

    alerts: tuple[Alert, ...]
    silences: tuple[Silence, ...]
    started_at_s: float | None = None
    """UTC seconds at which it was started; None where it does not say."""
    peers: frozenset[str] = frozenset()
    """Names of the members of its cluster, itself among them; empty outside of one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HubRecord:
    """What is known of one Alertmanager source."""

    name: str
    told: Told | None = None
    """The newest answer."""
    untold: tuple[Alert, ...] = ()
    """What it told before it was started anew and has not told again yet: it may only have forgotten."""
    asked_at_s: float = float("-inf")
    """UTC seconds (of the store's clock) at which the question of that answer was asked."""
    trouble: str = ""
    """Why the newest question was not answered; empty while it answers."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What counts as told."""
        return (*self.told.alerts, *self.untold) if self.told is not None else ()

    @property
    def is_well(self) -> bool:
        """Whether it answered when it was last asked."""
        return self.told is not None and not self.trouble


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foreign:
    """What Alertmanagers hold, each alert and each silence once."""

    alerts: tuple[Alert, ...] = ()
    silences: tuple[Silence, ...] = ()
    clusters: tuple[tuple[str, ...], ...] = ()
    """Sources that speak for each other; the first is the `origin` of all that they tell."""

    def cluster_of(self, hub: str) -> tuple[str, ...]:
        """The sources that speak for this one, it among them."""
        return next((names for names in self.clusters if hub in names), (hub,))


def answered(before: HubRecord, told: Told, *, asked_at_s: float) -> HubRecord:
    """The record after an answer."""
    earlier = before.told
    untold: tuple[Alert, ...] = ()
    if told.started_at_s is not None and asked_at_s - told.started_at_s < RETOLD_S:
        restarted = earlier is not None and earlier.started_at_s != told.started_at_s
        known = {alert.labels for alert in told.alerts}
        waiting = before.alerts if restarted else before.untold
        untold = tuple(alert for alert in waiting if alert.labels not in known)
    if earlier == told:
        told = earlier  # the very same: what was worked out from it still holds
    return replace(before, told=told, untold=untold, asked_at_s=asked_at_s, trouble="")


def failed(before: HubRecord, trouble: str) -> HubRecord:
    """The record after a question that was not answered: what was told before stays."""
    return replace(before, trouble=trouble)


def foreign_of(records: Sequence[HubRecord], send_to: Collection[str] = ()) -> Foreign:
    """All that they told. `records` in the order of the configuration; of a cluster the well ones speak."""
    clusters = tuple(_first_sent_to(names, send_to) for names in _clusters(records))
    by_name = {record.name: record for record in records}
    tellings: dict[Labels, list[tuple[Alert, str, str]]] = {}
    silences: dict[str, Silence] = {}
    for names in clusters:
        for record in _speakers([by_name[name] for name in names]):
            for alert in record.alerts:
                tellings.setdefault(alert.labels, []).append((alert, names[0], record.name))
            for silence in record.told.silences if record.told is not None else ():
                _put_newest(silences, replace(silence, origin=names[0]))
    return Foreign(alerts=tuple(map(_joined, tellings.values())), silences=tuple(silences.values()), clusters=clusters)


def without_ours(foreign: Foreign, ours: Mapping[str, Alert], send_to: Collection[str]) -> tuple[Alert, ...]:
    """The alerts without those that we sent there ourselves: known by their labels, whatever their severity was."""
    if not send_to or not foreign.alerts:
        return foreign.alerts
    sent = {without_severity(alert.labels) for alert in ours.values()}
    return tuple(
        alert
        for alert in foreign.alerts
        if not (set(alert.hubs) & set(send_to) and without_severity(alert.labels) in sent)
    )


def without_severity(labels: Labels) -> Labels:
    """The label set of one of ours, as it was before it was sent: empty labels and the severity are not part of it."""
    return tuple(pair for pair in labels if pair[1] and pair[0] != "severity")


def judged(book: Book, records: Sequence[HubRecord], foreign: Foreign) -> tuple[Book, dict[str, tuple[Alert, ...]]]:
    """For `lapses`: the book without the acknowledgements that cannot be judged now, and what each source told."""
    by_name = {record.name: record for record in records}
    told: dict[str, tuple[Alert, ...]] = {}
    speakers: dict[str, list[HubRecord]] = {}
    for names in foreign.clusters:
        well = [by_name[name] for name in names if by_name[name].is_well]
        alerts = tuple(alert for alert in foreign.alerts if set(alert.hubs) & set(names))
        for name in names if well else ():
            told[name], speakers[name] = alerts, well
    acks = {
        key: ack
        for key, ack in book.acks.items()
        if not ack.origin or any(_can_judge(record, ack) for record in speakers.get(ack.origin, ()))
    }
    return (book if len(acks) == len(book.acks) else replace(book, acks=acks)), told


def _can_judge(record: HubRecord, ack: Ack) -> bool:
    """Whether it was asked after the acknowledgement, and has not been started anew just before it was asked."""
    if record.told is None or record.asked_at_s <= ack.at_s + _CLOCKS_S:
        return False
    started_at_s = record.told.started_at_s
    return started_at_s is None or started_at_s < ack.at_s or record.asked_at_s - started_at_s > RETOLD_S


def _clusters(records: Sequence[HubRecord]) -> list[tuple[str, ...]]:
    """Sources whose clusters have a member in common."""
    groups: list[tuple[list[str], set[str]]] = []
    for record in records:
        peers = set(record.told.peers) if record.told is not None else set()
        names = [record.name]
        for group in [group for group in groups if group[1] & peers]:
            groups.remove(group)
            names, peers = [*group[0], *names], peers | group[1]
        groups.append((names, peers))
    order = {record.name: place for place, record in enumerate(records)}
    return sorted((tuple(sorted(names, key=order.__getitem__)) for names, _ in groups), key=lambda each: order[each[0]])


def _first_sent_to(names: tuple[str, ...], send_to: Collection[str]) -> tuple[str, ...]:
    """Its silences reach ours where `send_to` names its first."""
    return tuple(sorted(names, key=lambda name: name not in send_to))


def _speakers(records: Sequence[HubRecord]) -> Sequence[HubRecord]:
    """Those that are well; where none is, all, with what they told last."""
    return [record for record in records if record.is_well] or records


def _joined(tellings: Sequence[tuple[Alert, str, str]]) -> Alert:
    """One alert of what several tell (the alert, whose voice, the source): the newest, since the earliest says."""
    newest, earliest = tellings[0][0], tellings[0][0]
    for alert, _, _ in tellings[1:]:
        newest = alert if alert.seen_at_s > newest.seen_at_s else newest
        earliest = alert if alert.active_at_s < earliest.active_at_s else earliest
    return replace(
        newest,
        active_at_s=earliest.active_at_s,
        fired_at_s=earliest.fired_at_s,
        origin=tellings[0][1],
        hubs=tuple(hub for _, _, hub in tellings),
    )


def _put_newest(silences: dict[str, Silence], silence: Silence) -> None:
    """Members tell of the same silence; what was changed last counts."""
    before = silences.get(silence.id)
    if before is None or silence.created_at_s > before.created_at_s:
        silences[silence.id] = silence

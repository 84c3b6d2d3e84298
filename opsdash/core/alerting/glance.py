"""A glance at the lines: whether anything changed that somebody could be told of, or that an escalation depends on.

Values change at every evaluation, phases and marks seldom: of 10,000 alerts a glance costs a tenth of planning anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsdash.core.alerting.picture import AlertLine

_Matters = tuple[object, ...]
Glance = Mapping[str, tuple[AlertLine, _Matters]]
"""By fingerprint: the line as it was, and what of it matters."""


def glanced(before: Glance | None, lines: Sequence[AlertLine]) -> tuple[Glance, bool]:
    """What there is now, and whether that is something else than before."""
    known = before if before is not None else {}
    found: dict[str, tuple[AlertLine, _Matters]] = {}
    changed = before is None or len(known) != len(lines)
    for line in lines:
        key = line.alert.fingerprint
        seen = known.get(key)
        if seen is None or seen[0] is not line:
            matters = _matters(line)
            changed = changed or seen is None or seen[1] != matters
            seen = (line, matters)
        found[key] = seen
    return found, changed


def _matters(line: AlertLine) -> _Matters:
    alert = line.alert
    return (
        alert.phase, alert.severity, alert.active_at_s, alert.fired_at_s, line.ack, line.silences, line.inhibited_by,
        line.maintenance, line.escalation,
    )  # fmt: skip

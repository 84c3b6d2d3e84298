"""The first line: where am I, what time is shown, and can the numbers be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import fit, text_width
from opsdash.core.view.alerts.signs import counts_of, is_leaderless, unseen_rules
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.plain_ascii import to_ascii
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import Snapshot, SourceView
from opsdash.ui.desk import Desk
from opsdash.ui.scene import Scene
from opsdash.ui.words import age_word, clock_word, duration_word, moment_word, skew_word, trip_word

Piece = tuple[str, int]
"""Text and its ink."""

SKEW_SHOWN_S = 30.0
"""A clock of a source that is further off than this moves what is shown: it is said beside its name."""
_H = Role.HEADER
_PLAIN, _DIM = ink(Role.TEXT, _H), ink(Role.DIM, _H)
_ENVIRONMENTS = (
    (Role.CRITICAL, ("prod", "live")),
    (Role.WARNING, ("stag", "preprod", "uat", "canary", "pre-prod")),
    (Role.OK, ("dev", "test", "local", "demo", "sandbox", "ci")),
)
_MARKS = {
    Freshness.FRESH: ("", Role.TEXT),
    Freshness.LATE: ("⟲", Role.LATE),
    Freshness.STALE: ("░", Role.STALE),
    Freshness.NO_DATA: ("◆", Role.NO_DATA),
    Freshness.ERROR: ("✕", Role.ERROR),
}
_BADNESS = (Freshness.ERROR, Freshness.STALE, Freshness.LATE, Freshness.NO_DATA, Freshness.FRESH)


def draw_header(desk: Desk, scene: Scene, width: int) -> Cells:
    """One line. What does not fit leaves in this order: title, period, round trips, sources that are well."""
    cells = Cells(width, 1, fill=_PLAIN)
    left = environment_badge(scene.snapshot.environment)
    clock = [(clock_word(scene.now_s, scene.zone_of(desk)), _PLAIN)]
    time = _range_pieces(scene.snapshot, scene, desk)
    title = _title(desk, scene)
    gap = "   " if width >= 110 else "  "
    variants = [*_source_variants(scene.snapshot, scene.now_s), []]
    counts = _alert_pieces(scene.snapshot.alerts, brief=width < 110)
    choices = [(time, clock, sources) for sources in variants[:-1]] + _least(time, clock, variants, scene.snapshot)
    right: list[Piece] = []
    spare = 0
    for parts in choices:
        right = _joined([part for part in (counts, *parts) if part], gap)
        spare = width - _width(left) - _width(right) - 3
        if spare >= min(text_width(title), 12):
            break
    x = _put(cells, 0, left)
    cells.put(x + 1, 0, fit(title, spare) if spare >= 4 else "", ink(Role.TITLE, _H, BOLD))
    _put(cells, max(width - _width(right) - 1, 0), right)
    if scene.ascii_only:
        to_ascii(cells)
    return cells


def _least(
    time: list[Piece], clock: list[Piece], variants: Sequence[list[Piece]], snapshot: Snapshot
) -> list[tuple[list[Piece], ...]]:
    """What a narrow window keeps: a source that is not well is never left out for the range or the clock."""
    if all(source.state is Freshness.FRESH for source in snapshot.sources):
        return [(time, clock), (clock,)]
    return [(clock, variants[-2]), (variants[-2],)]


def environment_role(environment: str) -> Role:
    """The colour of an environment, by its name; the name is always there too."""
    name = environment.lower()
    for role, words in _ENVIRONMENTS:
        if any(name.startswith(word) or f"-{word}" in name or f" {word}" in name for word in words):
            return role
    return Role.ENVIRONMENT


def environment_badge(environment: str) -> list[Piece]:
    """The word on its colour; nothing where the configuration gives none."""
    if not environment:
        return []
    return [(f" {fit(environment.upper(), 20)} ", ink(Role.GROUND, environment_role(environment), BOLD))]


def _title(desk: Desk, scene: Scene) -> str:
    snapshot = scene.snapshot
    titles = snapshot.dashboards
    here = titles[desk.dashboard] if desk.dashboard < len(titles) else ""
    return " › ".join(part for part in (snapshot.title, here) if part)


def _range_pieces(snapshot: Snapshot, scene: Scene, desk: Desk) -> list[Piece]:
    """`1h live 5s`, with the real period where it is longer, or `1h … 14:02 PAUSED`."""
    length = duration_word(snapshot.time_range.length_s)
    zone = scene.zone_of(desk)
    earlier = f" vs {duration_word(snapshot.compare_s)} ago"
    compared = [(earlier, ink(Role.COMPARE, _H))] if snapshot.compare_s else []
    if snapshot.paused_at_s is not None:
        until = moment_word(snapshot.end_s, zone, scene.now_s)
        return [(f"{length} … {until} ", _PLAIN), ("PAUSED", ink(Role.WARNING, _H, BOLD)), *compared]
    if not snapshot.time_range.is_live:
        until = moment_word(snapshot.end_s, zone, scene.now_s)
        return [(f"{length} … {until} ", _PLAIN), ("FIXED", ink(Role.WARNING, _H, BOLD)), *compared]
    real = snapshot.real_period_s
    pieces = [(f"{length} ", _PLAIN), ("live ", ink(Role.OK, _H)), (duration_word(snapshot.refresh_s), _PLAIN)]
    if real is not None and real > snapshot.refresh_s * 1.05 + 0.1:
        pieces.append((f" takes {duration_word(real)}", ink(Role.WARNING, _H)))
    return pieces + compared


def _alert_pieces(picture: AlertsPicture | None, *, brief: bool) -> list[Piece]:
    """`● 1 critical  ▲ 2  ✓ 1`, and what is in trouble with them; nothing where nothing is evaluated."""
    if picture is None:
        return []
    critical, warning, info, acknowledged = counts_of(picture)
    gap = " " if brief else "  "
    parts: list[list[Piece]] = []
    if critical:
        word = "" if brief else " critical"
        parts.append([(f"● {critical:,}{word}", ink(Role.CRITICAL, _H, BOLD))])
    if warning:
        parts.append([(f"▲ {warning:,}", ink(Role.WARNING, _H, BOLD))])
    if info:
        parts.append([(f"i {info:,}", ink(Role.ACCENT, _H))])
    if acknowledged:
        parts.append([(f"✓ {acknowledged:,}", ink(Role.ACKNOWLEDGED, _H))])
    if not parts:
        parts.append([_calm_piece(picture, brief=brief)])
    if picture.store is not None and picture.store.state is not Freshness.FRESH:
        parts.append([("✕ store", ink(Role.ERROR, _H, BOLD))])
    elif picture.store is not None and picture.store.unwritten:
        parts.append([(f"⟲ {picture.store.unwritten:,} unwritten", ink(Role.LATE, _H, BOLD))])
    if is_leaderless(picture) and picture.leader is not None:
        parts.append([(f"✕ no leader {age_word(picture.leader.silent_s)}", ink(Role.ERROR, _H, BOLD))])
    return _joined(parts, gap)


def _calm_piece(picture: AlertsPicture, *, brief: bool) -> Piece:
    """What stands there while nothing is known to fire: rules that nobody could ask may have something to say."""
    unseen = unseen_rules(picture)
    if not unseen:
        return ("✓" if brief else "✓ nothing fires", _DIM)
    word = f"⟲ {unseen:,} rule{'s' if unseen != 1 else ''}"
    return (word if brief else f"{word} not evaluated", ink(Role.LATE, _H, BOLD))


def _source_variants(snapshot: Snapshot, now_s: float) -> Sequence[list[Piece]]:
    """From everything to the least that still tells the truth: the worst source and how many others there are."""
    worst_first = sorted(snapshot.sources, key=lambda source: _BADNESS.index(source.state))
    since_s = max(now_s - snapshot.at_s, 0.0)
    full = [_source(source, since_s, trips=True) for source in snapshot.sources]
    brief = [_source(source, since_s, trips=False) for source in snapshot.sources]
    variants = [_joined(full, "  "), _joined(brief, "  ")]
    for count in range(min(len(worst_first) - 1, 4), 0, -1):
        kept = [_source(source, since_s, trips=False) for source in worst_first[:count]]
        rest = worst_first[count:]
        bad = sum(source.state is not Freshness.FRESH for source in rest)
        more = (f"+{len(rest)}", _DIM) if not bad else (f"+{len(rest)}, {bad} bad", ink(Role.ERROR, _H))
        variants.append(_joined([*kept, [more]], "  "))
    return variants


def _source(source: SourceView, since_s: float, *, trips: bool) -> list[Piece]:
    """Name, round trip, and the age of its data once that is not what it should be."""
    mark, role = _MARKS[source.state]
    name = fit(source.name, 12)
    pieces: list[Piece] = []
    if source.insecure:
        pieces.append(("unsafe ", ink(Role.WARNING, _H)))
    if source.is_waited_for:
        return [*pieces, (f"{name} …", _DIM)]
    if source.state is Freshness.FRESH:
        pieces.append((name, _DIM))
        if trips:
            pieces.append((f"{trip_word(source.rtt_s):>6}", _PLAIN))
        if abs(source.skew_s or 0.0) >= SKEW_SHOWN_S:
            sign = "+" if (source.skew_s or 0.0) > 0 else "-"
            pieces.append((f" clock {sign}{skew_word(source.skew_s or 0.0)}", ink(Role.WARNING, _H)))
        return pieces
    age = None if source.age_s is None else source.age_s + since_s
    word = "" if source.state is Freshness.NO_DATA else age_word(age) if age is not None else ""
    return [*pieces, (f"{name} {mark}{word:>3}", ink(role, _H, BOLD))]


def _joined(parts: Sequence[list[Piece]], gap: str) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if pieces and part:
            pieces.append((gap, _PLAIN))
        pieces += part
    return pieces


def _width(pieces: Sequence[Piece]) -> int:
    return sum(text_width(text) for text, _ in pieces)


def _put(cells: Cells, x: int, pieces: Sequence[Piece]) -> int:
    for text, style in pieces:
        x = cells.put(x, 0, text, style)
    return x

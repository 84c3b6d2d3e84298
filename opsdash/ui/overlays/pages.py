"""Screens that are read: the keys that hold here, and the state of every source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import clean, fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Keymap, Where
from opsdash.core.view.plain_ascii import plain
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import SourceView
from opsdash.core.view.wrap import wrap
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.overlays.overlay import Commanded, Heard, Scrolled
from opsdash.ui.overlays.tour import tour_rows
from opsdash.ui.scene import Scene
from opsdash.ui.widgets.box import Box, frame
from opsdash.ui.widgets.footer import key_word
from opsdash.ui.words import age_word, bytes_word, skew_word, trip_word

Line = list[tuple[int, str, int]]
"""Pieces of a line: (x, text, ink)."""
Writer = Callable[[Scene, int], Sequence[Line]]
"""The lines for a width, made anew for each picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Text over the whole window, with a frame."""

    title: str
    write: Writer
    top: int = 0
    over: Desk | None = None
    """What it was opened from; esc goes back there."""

    @property
    def where(self) -> Where:
        """Reading."""
        return Where.PAGES

    def draw(self, _desk: Desk, scene: Scene) -> tuple[int, int, Cells]:
        """The frame and as many lines as fit."""
        box = Box(0, 0, scene.width, scene.height)
        lines = self.write(scene, box.inner[0])
        top = self._clamped(self.top, len(lines), box)
        below = len(lines) - top - box.inner[1]
        more = f"{below} more lines  " if below > 0 else ""
        cells = frame(box, self.title, scene, footer=f"{more}esc back")
        for y, line in enumerate(lines[top : top + box.inner[1]]):
            for x, text, style in line:
                cells.put(2 + x, 1 + y, text, style, width=max(box.inner[0] - x, 0))
        return 0, 0, cells

    @staticmethod
    def _clamped(top: int, count: int, box: Box) -> int:
        return min(max(top, 0), max(count - box.inner[1], 0))

    @property
    def wants_text(self) -> bool:
        """Nothing is typed here."""
        return False

    def hear(self, heard: Heard, desk: Desk, scene: Scene) -> Step | None:
        """Scrolling and leaving."""
        match heard:
            case Commanded(command_id):
                return self._commanded(command_id, desk, scene)
            case Scrolled(lines):
                return self._scrolled_by(3 * lines, desk, scene)
            case _:
                return None

    def _commanded(self, command_id: str, desk: Desk, scene: Scene) -> Step:
        page = max(scene.height - 3, 1)
        moves = {
            "pages.down": 1,
            "pages.up": -1,
            "pages.page_down": page,
            "pages.page_up": -page,
            "pages.first": -(1 << 30),
            "pages.last": 1 << 30,
        }
        if command_id in moves:
            return self._scrolled_by(moves[command_id], desk, scene)
        if command_id == "pages.help" and self.over is None:
            return Step(replace(desk, overlay=help_pages(desk, scene)))
        return Step(replace(desk, overlay=self.over.overlay if self.over is not None else None))

    def _scrolled_by(self, lines: int, desk: Desk, scene: Scene) -> Step:
        box = Box(0, 0, scene.width, scene.height)
        count = len(self.write(scene, box.inner[0]))
        top = self._clamped(self._clamped(self.top, count, box) + lines, count, box)
        return Step(replace(desk, overlay=replace(self, top=top)))


def help_pages(desk: Desk, scene: Scene) -> Pages:
    """The keys that hold where it was opened, grouped."""
    stack = scene.stack(desk)
    keymap = scene.keymap
    about = _about(desk, scene)

    def write(now: Scene, width: int) -> list[Line]:
        return [*_about_lines(about, width), *_help_lines(keymap, stack, now, width)]

    return Pages(title="Help", write=write, over=desk)


def _about(desk: Desk, scene: Scene) -> tuple[str, str]:
    """(title, description) of the dashboard that it was opened from; empty where it says nothing of itself."""
    here = scene.board.dashboards[desk.dashboard : desk.dashboard + 1]
    return (here[0].title, here[0].description) if here and desk.overlay is None else ("", "")


def _about_lines(about: tuple[str, str], width: int) -> list[Line]:
    title, description = about
    if not description:
        return []
    lines = [(0, text, ink(Role.TEXT)) for text in wrap(clean(description), max(width, 12))]
    return [[(0, fit(title, width), ink(Role.TITLE, attributes=BOLD))], *([line] for line in lines), []]


_MARKS = (
    ("●", "critical", Role.CRITICAL),
    ("▲", "warning", Role.WARNING),
    ("✓", "acknowledged: somebody has it", Role.ACKNOWLEDGED),
    ("z", "silenced, inhibited or expected: nobody is told", Role.DIM),
    ("…", "pending: wrong, but not for long enough yet", Role.DIM),
    ("◆", "no data: the source answered, there is nothing", Role.NO_DATA),
    ("✕", "error: refused, or never answered", Role.ERROR),
    ("⟲", "late, with the age of what is shown", Role.LATE),
    ("░", "stale: too old to trust", Role.STALE),
)


def _help_lines(keymap: Keymap, stack: Sequence[Where], scene: Scene, width: int) -> list[Line]:
    tour = [line for row in tour_rows(keymap, scene) for line in _help_entry(row, 0, width)]
    blocks = [_key_block(keymap, stack, scene), _mark_block(scene)]
    return [*tour, *([[]] if tour else []), *(line for block in blocks for line in [*_in_columns(block, width), []])]


_NUMBERED = {"Own": "the suggested action of that number, or else that line"}
"""What digits do, by their group in help."""


def _key_block(keymap: Keymap, stack: Sequence[Where], scene: Scene) -> list[list[tuple[str, str, Role]]]:
    """Groups of (keys, what they do, colour of the keys)."""
    holding = sorted(keymap.holding(stack), key=lambda command: command.group)
    groups = []
    for group, commands in groupby(holding, key=lambda command: command.group):
        rows = [(group, "", Role.TITLE)]
        numbers = []
        for command in commands:
            keys = " ".join(key_word(key, ascii_only=scene.ascii_only) for key in command.keys)
            if command.id[-1].isdigit():
                numbers.append(keys)
                continue
            rows.append((keys, command.title, Role.ACCENT))
        if numbers:
            what = _NUMBERED.get(group, "show the dashboard of that number")
            rows.insert(1, (f"{numbers[0]} … {numbers[-1]}", what, Role.ACCENT))
        groups.append(rows)
    return groups


def _mark_block(scene: Scene) -> list[list[tuple[str, str, Role]]]:
    rows = [("Marks", "", Role.TITLE)]
    rows += [(plain(mark) if scene.ascii_only else mark, text, role) for mark, text, role in _MARKS]
    return [rows]


def _in_columns(groups: Sequence[Sequence[tuple[str, str, Role]]], width: int) -> list[Line]:
    """Groups under each other in as many columns as there is room for, no group broken."""
    columns = max(min(width // 55, 3), 1)
    column_width = width // columns
    stacks: list[list[Line]] = [[] for _ in range(columns)]
    for rows in sorted(groups, key=len, reverse=True):
        shortest = min(range(columns), key=lambda number: len(stacks[number]))
        for row in rows:
            stacks[shortest] += _help_entry(row, shortest * column_width, column_width - 2)
        stacks[shortest].append([])
    height = max(len(stack) for stack in stacks)
    return [[piece for stack in stacks if y < len(stack) for piece in stack[y]] for y in range(height)]


def _help_entry(entry: tuple[str, str, Role], x: int, width: int) -> list[Line]:
    """A heading, or keys with what they do, wrapped beside them."""
    keys, text, role = entry
    if not text:
        return [[(x, keys, ink(role, attributes=BOLD))]]
    indent = max(text_width(keys) + 2, 12)
    lines: list[Line] = [[(x + indent, part, ink(Role.TEXT))] for part in wrap(text, max(width - indent, 12))]
    lines[0].insert(0, (x, keys, ink(role, attributes=BOLD)))
    return lines


def sources_pages() -> Pages:
    """Every source: where it is, how it is, what it said last."""
    return Pages(title="Sources", write=_source_lines)


_STATE_WORDS = {
    Freshness.FRESH: ("✓", "answers", Role.OK),
    Freshness.LATE: ("⟲", "late", Role.LATE),
    Freshness.STALE: ("░", "stale", Role.STALE),
    Freshness.NO_DATA: ("◆", "has no data", Role.NO_DATA),
    Freshness.ERROR: ("✕", "does not answer", Role.ERROR),
}


def _source_lines(scene: Scene, width: int) -> list[Line]:
    if not scene.snapshot.sources:
        return [[(0, "the configuration has no sources", ink(Role.DIM))]]
    since_s = max(scene.now_s - scene.snapshot.at_s, 0.0)
    lines: list[Line] = []
    for source in scene.snapshot.sources:
        lines += [*_one_source(source, since_s, scene, width), []]
    return lines


def _one_source(source: SourceView, since_s: float, scene: Scene, width: int) -> list[Line]:
    mark, word, role = _STATE_WORDS[source.state]
    if source.is_waited_for:
        mark, word, role = "…", "is being asked" if source.polls else "not asked yet", Role.DIM
    name = fit(source.name, max(width - 30, 8))
    head = f"{plain(mark) if scene.ascii_only else mark} {name}"
    lines: list[Line] = [
        [(0, head, ink(role, attributes=BOLD)), (max(text_width(head) + 2, 24), word, ink(role)),
         (max(text_width(head) + 2, 24) + text_width(word) + 2, source.product or source.kind, ink(Role.DIM))]
    ]  # fmt: skip
    age = None if source.age_s is None else source.age_s + since_s
    share = f" ({source.errors / source.polls:.1%})" if source.polls else ""
    facts = [
        ("url", source.url),
        ("last answer", f"{age_word(age)} ago" if age is not None else "never"),
        ("round trip", trip_word(source.rtt_s)),
        ("polls", f"{source.polls:,}, of which failed {source.errors:,}{share}"),
        ("received", bytes_word(source.bytes)),
    ]
    if source.skew_s is not None and abs(source.skew_s) >= 2:
        ahead = "ahead of" if source.skew_s > 0 else "behind"
        facts.append(("clock", f"{skew_word(source.skew_s)} {ahead} this host's"))
    if source.insecure:
        facts.append(("TLS", "certificates are not checked (insecure_skip_verify)"))
    lines += [[(2, label, ink(Role.DIM)), (16, fit(text, width - 16), ink(Role.TEXT))] for label, text in facts]
    for number, text in enumerate(wrap(source.message, max(width - 16, 10)) if source.message else ()):
        lines.append([(2, "" if number else "message", ink(Role.DIM)), (16, text, ink(role))])
    return lines

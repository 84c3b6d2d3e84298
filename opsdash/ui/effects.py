"""What a key asks of the world outside the desk; the app carries it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from opsdash.core.alerting.matchers import Matchers
from opsdash.core.variables import Selection
from opsdash.core.view.timerange import TimeRange

if TYPE_CHECKING:
    from opsdash.ui.desk import Desk


@dataclass(frozen=True, slots=True)
class ChooseRange:
    """Show another time."""

    time_range: TimeRange


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Ask everything now."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Draw an earlier period beside this one; 0 for none."""

    offset_s: float


@dataclass(frozen=True, slots=True)
class ChooseVariable:
    """Give a variable other values."""

    name: str
    selected: Selection


@dataclass(frozen=True, slots=True)
class Copy:
    """Put text on the clipboard of the operator's own machine."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write a panel to a file."""

    panel_id: str
    format: str


@dataclass(frozen=True, slots=True)
class OlderLogs:
    """Fetch the page of rows before the oldest one."""

    panel_id: str


@dataclass(frozen=True, slots=True)
class NarrowLogs:
    """A panel of logs asks this in place of its own query; empty: its own again."""

    panel_id: str
    query: str


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the operator."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Suspend:
    """Put the process to sleep."""


@dataclass(frozen=True, slots=True)
class Redraw:
    """Write every cell again."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave."""


@dataclass(frozen=True, slots=True)
class PlayDrill:
    """Start an incident of the demo, carry out its remedy, or end them all."""

    act: Literal["start", "cure", "clear"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command by its id, as if its key had been pressed."""

    command: str


Verb = Literal[
    "acknowledge", "unacknowledge", "assign", "note", "escalate", "silence", "extend", "expire"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Do something with alerts or silences, in the operator's name. Once asked for it is carried out, whatever the
    screen does meanwhile."""

    verb: Verb
    fingerprints: tuple[str, ...] = ()
    text: str = ""
    """A note or a comment."""
    owner: str = ""
    for_s: float | None = None
    matchers: Matchers = ()
    silence_id: str = ""
    everything: bool = False
    """The operator typed that hiding every alert is meant."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Read the history of an alert: the newest page, or the one before an entry."""

    fingerprint: str
    before_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """Tell a person who does not look at the screen."""

    text: str


Effect = (
    ChooseRange | Pause | Resume | Refresh | Compare | ChooseVariable | Copy | Write | OlderLogs | NarrowLogs | Say
    | Suspend | Redraw | Quit | PlayDrill | Run | Own | LookUp | Ring
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What a key leads to: another desk, and things to do."""

    desk: Desk
    effects: tuple[Effect, ...] = field(default=())

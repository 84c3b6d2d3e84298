"""Everything that can happen, in the past tense.

`at_s` is read on the clock that cannot jump, except where it says UTC: ages are true also when the host's clock is set.
"""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.queries import LogQuery, Query
from opsdash.core.metrics.window import Window
from opsdash.core.variables import Selection
from opsdash.core.view.board import Board
from opsdash.core.view.timerange import TimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a query or a source failed, as a person is told."""

    message: str
    healing: bool
    """Whether asking again may help (True) or something has to be changed first (False)."""
    of_source: bool
    """Whether the whole source failed and not this query alone."""
    retry_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A query was answered; `window` is already merged with what was known."""

    query: Query
    answer: Answer
    window: Window
    at_s: float
    rtt_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFailed:
    """A query was not answered."""

    query: Query
    failure: Failure
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderRowsJoined:
    """The operator went down a log and older rows came; they are shown below those of the last poll."""

    query: LogQuery
    rows: tuple[LogRow, ...]
    """All that are shown now, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptinessExplained:
    """Why a query gives nothing became known: the label value or the metric that does not exist."""

    query: Query
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDropped:
    """Nobody has shown this query for long: what is known of it is given up."""

    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeChosen:
    """The operator (or the configuration) chose what time to show."""

    time_range: TimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Polling stopped: the screen stands still."""

    at_s: float
    """UTC seconds: the instant that stays on the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Polling goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareChosen:
    """An earlier period is drawn beside this one; 0 turns it off."""

    offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionsFound:
    """The values of a variable came, or could not be had."""

    variable: str
    options: tuple[str, ...]
    error: str | None = None
    failure: Failure | None = None
    """What the source said, where it is the source that did not give them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableChosen:
    """The operator picked values."""

    variable: str
    selected: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProbed:
    """A source said what it is and what time it has."""

    source: str
    product: str
    skew_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLoaded:
    """The configuration was read, at the start or again while running."""

    board: Board


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRejected:
    """A changed configuration is broken; the old one goes on."""

    problem: str
    count: int


Event = (
    Polled
    | PollFailed
    | OlderRowsJoined
    | EmptinessExplained
    | QueryDropped
    | RangeChosen
    | Paused
    | Resumed
    | CompareChosen
    | OptionsFound
    | VariableChosen
    | SourceProbed
    | BoardLoaded
    | BoardRejected
)

"""The whole configuration as core values: what the engine runs and the screen shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import VariableSpec
from opsdash.core.view.panels import Dashboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What `config.load` gives. Names are unique; every reference in it resolves."""

    dashboards: tuple[Dashboard, ...]
    sources: tuple[SourceSpec, ...] = ()
    variables: tuple[VariableSpec, ...] = ()
    title: str = "opsdash"
    environment: str = ""
    refresh_s: float = 5.0
    range_s: float = 3600.0
    timezone: str = "local"
    """`local`, `UTC` or an IANA name."""
    theme: str = "default"
    keys: Mapping[str, str] = field(default_factory=dict)
    """Remapped keys: command id → key, in the names of `docs/keys.md`."""
    ascii_only: bool = False
    bell: bool = True
    alerting: AlertingSpec = field(default_factory=AlertingSpec)
    files: tuple[str, ...] = ()
    """The files it was read from, for hot reload."""

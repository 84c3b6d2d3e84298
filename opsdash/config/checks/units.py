"""Checks units."""

from __future__ import annotations

from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.core.suggest import did_you_mean
from opsdash.core.view.units import KNOWN_UNITS, is_known_unit


def check_unit(unit: str, place: Place, report: Report) -> None:
    """Warns of a unit that is not known: it is then written behind the value as it is."""
    if unit and not is_known_unit(unit):
        hint = did_you_mean(unit, KNOWN_UNITS) or "; it is shown as it is"
        report.warning(place, f'"{shown(unit, 40)}" is not a known unit{hint}')

"""Every scenario by name. Light to import: no numpy, no model."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.plant.scenarios.data import DATA_SCENARIOS
from opsdash.plant.scenarios.edge import EDGE_SCENARIOS
from opsdash.plant.scenarios.fleet import FLEET_SCENARIOS
from opsdash.plant.scenarios.scenario import Scenario

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario for scenario in (*FLEET_SCENARIOS, *DATA_SCENARIOS, *EDGE_SCENARIOS)
}
"""By name, in the order in which they are listed."""

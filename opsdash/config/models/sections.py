"""The parts of a file whose models are imported only where they are used: 20 ms that a plain dashboard saves."""

from __future__ import annotations

from opsdash.config.models.actions import Actions
from opsdash.config.models.alerts import Alerts
from opsdash.config.models.model import Model
from opsdash.config.models.notify import Notification
from opsdash.config.models.slo import Slo
from opsdash.config.models.store import Store

SECTION_MODELS: dict[str, tuple[type[Model], bool]] = {
    "alerts": (Alerts, False),
    "slos": (Slo, True),
    "actions": (Actions, False),
    "store": (Store, False),
    "notify": (Notification, True),
}
"""The model of each key, and whether the key holds a list of them."""

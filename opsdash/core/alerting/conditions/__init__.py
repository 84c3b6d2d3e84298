"""Conditions: when what a rule asked for is wrong. `sight_of` turns an answer into series that can be judged."""

from opsdash.core.alerting.conditions.sight import Judge, Sight, Verdict, sight_of

__all__ = ["Judge", "Sight", "Verdict", "sight_of"]

"""`opsdash rules …`: unit tests of rules, what they would have done, and those of Prometheus as ours."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from opsdash.cli.arguments import CommandModule

_VERBS = {
    "test": ("unit tests in promtool's form", "opsdash.cli.rules_test"),
    "backtest": ("what the rules would have done over the history of their sources", "opsdash.cli.rules_backtest"),
    "import": (
        "Prometheus rule files and PrometheusRule manifests as `alerts`",
        "opsdash.cli.rules_import",
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash rules` takes."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(_VERBS))
    for name, (summary, _) in _VERBS.items():
        verb = verbs.add_parser(name, prog=f"opsdash rules {name}", description=summary, help=summary)
        _module(name).add_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """Does what the verb says; the exit code."""
    return _module(args.verb).run(args)


def _module(verb: str) -> CommandModule:
    return cast("CommandModule", import_module(_VERBS[verb][1]))

"""`opsdash schema`: JSON Schema of the configuration, for editors."""

from __future__ import annotations

import argparse
import json

from opsdash.cli.exit_codes import ExitCode
from opsdash.config.schema import json_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_args: argparse.Namespace | None = None) -> int:
    """Prints the schema."""
    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))
    return ExitCode.OK

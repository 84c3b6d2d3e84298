"""Configuration as YAML that a person reads on: keys in their order, long texts over several lines."""

from __future__ import annotations

from typing import Any

import yaml

from opsdash.config.yaml12 import resolved

_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """No aliases: what is said twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's own signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Items of a list stand further in than its key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """In quotes where YAML 1.2 would read something else than a text; `1e3` is none for YAML 1.1."""
    style = "|" if "\n" in text.strip() else None if resolved(text) is text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def written(value: object) -> str:
    """The YAML of mappings, lists, texts and numbers."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)

"""What is written about the command line is what it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsdash.cli.arguments import COMMANDS, PLANNED
from opsdash.cli.completion import Grammar, grammars
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.reading import read_here
from opsdash.cli.terminal import SIGNALS

DOCS = Path(__file__).parents[2] / "docs"


def section(name: str) -> str:
    """The part of docs/commands.md about a command."""
    text = (DOCS / "commands.md").read_text()
    heading = f"## opsdash {name or 'CONFIG'}\n"
    assert heading in text
    return text.partition(heading)[2].partition("\n## ")[0]


@pytest.mark.parametrize("grammar", grammars(), ids=lambda grammar: grammar.name or "dashboard")
def test_every_option_is_documented_and_no_other(grammar: Grammar) -> None:
    text = section(grammar.name)
    known = {name for option in grammar.options for name in option.names} - {"-h", "--help"}
    assert {name for name in known if not re.search(rf"{name}\b", text)} == set()
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - known == set()
    for option in grammar.options:
        for choice in option.choices:
            assert choice in text


def test_every_command_of_later_is_named() -> None:
    text = (DOCS / "commands.md").read_text().partition("not there yet")[2]
    assert set(re.findall(r"`([a-z]+)`", text)) == set(PLANNED)
    assert not set(PLANNED) & set(COMMANDS)


def test_every_exit_code_is_documented() -> None:
    text = (DOCS / "operations.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in text.splitlines() if re.match(r"\| \d", row)]
    assert {int(code) for row in rows for code in row.split(",")} == set(map(int, ExitCode))


def test_every_signal_is_documented_with_its_code() -> None:
    text = (DOCS / "operations.md").read_text().partition("## Signals")[2].partition("\n## ")[0]
    for number, code in SIGNALS.items():
        assert re.search(rf"`{number.name}`.*\| {int(code)} \|", text)


@pytest.mark.parametrize("page", ["index.md", "quickstart.md", "commands.md", "operations.md"])
def test_links_between_our_pages_lead_somewhere(page: str) -> None:
    ours = {"index.md", "quickstart.md", "commands.md", "operations.md"}
    for target, anchor in re.findall(r"\]\(([a-z]+\.md)(?:#([a-z-]+))?\)", (DOCS / page).read_text()):
        if target not in ours:
            continue
        headings = re.findall(r"(?m)^#+ (.*)$", (DOCS / target).read_text())
        assert (DOCS / target).is_file()
        assert not anchor or anchor in {
            re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
        }


def test_the_first_configuration_of_the_quickstart_is_right(tmp_path: Path) -> None:
    text = (DOCS / "quickstart.md").read_text()
    block = re.search(r"(?s)```yaml\n(   version: 1.*?)   ```", text)
    assert block is not None
    path = tmp_path / "opsdash.yaml"
    path.write_text("\n".join(line[3:] for line in block[1].splitlines()))
    assert read_here(path, {}).problems == ()

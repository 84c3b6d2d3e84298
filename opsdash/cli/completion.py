"""`opsdash completion SHELL`: a completion script, made from the parsers, so that it cannot know less than they do."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from opsdash.cli.arguments import COMMANDS, command_parser, dashboard_parser
from opsdash.cli.exit_codes import ExitCode

_FILES = frozenset({"CONFIG", "FILE"})
"""Metavars that stand for a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option as a shell completes it."""

    names: tuple[str, ...]
    text: str
    takes_value: bool
    choices: tuple[str, ...]
    is_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """One command as a shell completes it; the dashboard has the empty name."""

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    """Choices of its positionals."""
    takes_files: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Prints the script."""
    scripts: dict[str, Callable[[list[Grammar]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    print(scripts[args.shell](grammars()))
    return ExitCode.OK


def grammars() -> list[Grammar]:
    """The dashboard and every command."""
    commands = [_grammar(name, command.summary, command_parser(command)) for name, command in COMMANDS.items()]
    return [_grammar("", "the dashboard", dashboard_parser()), *commands]


def _grammar(name: str, summary: str, parser: argparse.ArgumentParser) -> Grammar:
    """Of a command with verbs: the verbs, and what any of them takes."""
    own = [action for action in parser._actions if not action.option_strings]
    verbs = [
        verb for action in own if isinstance(action, argparse._SubParsersAction) for verb in action.choices.values()
    ]
    actions = [action for each in (parser, *verbs) for action in each._actions]
    positionals = [action for action in actions if not action.option_strings]
    options = {action.option_strings[-1]: action for action in reversed(actions) if action.option_strings}
    return Grammar(
        name=name,
        summary=summary,
        options=tuple(_option(action) for action in reversed(options.values())),
        words=tuple(str(choice) for action in positionals for choice in action.choices or ()),
        takes_files=any(action.metavar in _FILES for action in positionals),
    )


def _option(action: argparse.Action) -> Option:
    return Option(
        names=tuple(action.option_strings),
        text=(action.help or "").replace("%%", "%"),
        takes_value=action.nargs != 0,
        choices=tuple(str(choice) for choice in action.choices or ()),
        is_file=action.metavar in _FILES,
    )


def _bash(found: list[Grammar]) -> str:
    """One function: the command is the first word, and what may follow depends on it."""
    cases = "\n".join(_bash_case(grammar) for grammar in found if grammar.name)
    values = "\n".join(_bash_values(grammar) for grammar in found)
    names = " ".join(grammar.name for grammar in found if grammar.name)
    default = "    *" + _bash_case(found[0]).lstrip()
    return f"""\
# bash completion for opsdash:  source <(opsdash completion bash)
_opsdash() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
  local words= files=
  COMPREPLY=()
  [[ $COMP_CWORD -eq 1 ]] && command=
  case "$command$before" in
{values}
  esac
  case "$command" in
{cases}
{default}
  esac
  [[ $COMP_CWORD -eq 1 ]] && words="$words {names}"
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ -n $files && $word != -* ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$word"))
  fi
}}
complete -F _opsdash opsdash"""


def _bash_case(grammar: Grammar) -> str:
    words = " ".join([*(name for option in grammar.options for name in option.names), *grammar.words])
    return f"    {grammar.name}) words={shlex.quote(words)}; files={'1' if grammar.takes_files else ''} ;;"


def _bash_values(grammar: Grammar) -> str:
    lines = []
    for option in grammar.options:
        if not option.takes_value:
            continue
        pattern = "|".join(f"{grammar.name or '*'}{name}" for name in option.names)
        if option.choices:
            reply = f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(option.choices))} -- "$word"))'
        else:
            reply = 'COMPREPLY=($(compgen -f -- "$word"))' if option.is_file else "COMPREPLY=()"
        lines.append(f"    {pattern}) {reply}; return ;;")
    return "\n".join(lines)


def _zsh(found: list[Grammar]) -> str:
    cases = "\n".join(
        f"    {grammar.name}) _arguments -s {_zsh_specs(grammar)} ;;" for grammar in found if grammar.name
    )
    commands = " ".join(shlex.quote(f"{grammar.name}:{grammar.summary}") for grammar in found if grammar.name)
    return f"""\
#compdef opsdash
# zsh completion for opsdash:  source <(opsdash completion zsh)
_opsdash() {{
  local -a commands=({commands})
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
    _files
    return
  fi
  local command=$words[2]
  if (( ${{commands[(I)$command:*]}} )); then
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{cases}
    *) _arguments -s {_zsh_specs(found[0])} ;;
  esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _opsdash "$@"; else compdef _opsdash opsdash; fi"""


def _zsh_specs(grammar: Grammar) -> str:
    specs = []
    for option in grammar.options:
        for name in option.names:
            text = option.text.replace("[", "(").replace("]", ")").replace(":", "")
            specs.append(shlex.quote(f"*{name}[{text}]{_zsh_value(option)}"))
    if grammar.words:
        specs.append(shlex.quote(f"1:word:({' '.join(grammar.words)})"))
    if grammar.takes_files:
        specs.append(shlex.quote("*:file:_files"))
    return " ".join(specs)


def _zsh_value(option: Option) -> str:
    if not option.takes_value:
        return ""
    if option.choices:
        return f":value:({' '.join(option.choices)})"
    return ":file:_files" if option.is_file else ":value:"


def _fish(found: list[Grammar]) -> str:
    lines = ["# fish completion for opsdash:  opsdash completion fish | source", "complete -c opsdash -f"]
    lines.extend(
        f"complete -c opsdash -n __fish_use_subcommand -a {grammar.name} -d {shlex.quote(grammar.summary)}"
        for grammar in found[1:]
    )
    for grammar in found:
        where = f"'__fish_seen_subcommand_from {grammar.name}'" if grammar.name else "__fish_use_subcommand"
        lines.extend(f"complete -c opsdash -n {where} {_fish_option(option)}" for option in grammar.options)
        if grammar.words:
            lines.append(f"complete -c opsdash -n {where} -a {shlex.quote(' '.join(grammar.words))}")
        if grammar.takes_files:
            lines.append(f"complete -c opsdash -n {where} -F")
    return "\n".join(lines)


def _fish_option(option: Option) -> str:
    flags = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    value = [] if not option.takes_value else ["-r", "-F"] if option.is_file else ["-x"]
    if option.choices:
        value.append(f"-a {shlex.quote(' '.join(option.choices))}")
    return " ".join([*flags, *value, f"-d {shlex.quote(option.text)}"])

"""Files into trees: one file, or every YAML file of a folder. What cannot be read is a problem, never an exception."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.nodes import Node, YamlProblem, parse
from opsdash.config.problems import Problem

LARGEST_BYTES = 10_000_000
MOST_FILES = 1_000
_ENDINGS = (".yaml", ".yml")
_PROBED = 4096
_SEPARATOR = re.compile(r"(?:---|\.\.\.)(?=\s|$)")
_SAYS_SOMETHING = re.compile(r"(?m)^(?!\s*(?:#|%)).*\S")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """One file that is YAML with a mapping at its top."""

    file: str
    """As a person is told: the path as it was given, with the file's name for a folder."""
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was read; `files` also names those that have problems, for hot reload."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]


def gather(path: Path) -> Gathered:
    """Reads a file, or each `*.yaml` and `*.yml` of a folder in the order of their names."""
    try:
        files = _files(path)
    except OSError as error:
        return Gathered(documents=(), problems=(_of_file(str(path), _reason(error)),), files=(str(path),))
    if isinstance(files, str):
        return Gathered(documents=(), problems=(_of_file(str(path), files),), files=())
    documents, problems = [], []
    for file in files:
        read = read_document(file)
        if isinstance(read, Problem):
            problems.append(read)
        else:
            documents.append(read)
    return Gathered(documents=tuple(documents), problems=tuple(problems), files=tuple(map(str, files)))


def read_document(path: Path) -> Document | Problem:
    """One file as a tree, or what is wrong with it."""
    name = str(path)
    try:
        content = _content(path)
    except OSError as error:
        return _of_file(name, _reason(error))
    if content is None:
        return _of_file(name, "not a file")
    if len(content) > LARGEST_BYTES:
        return _of_file(name, f"larger than {LARGEST_BYTES // 1_000_000} MB; a configuration is never that large")
    return document_of(content, name)


def read_documents(path: Path) -> tuple[Document | Problem, ...]:
    """A file of several documents, `---` between them, as trees; documents without anything in them are not there."""
    name = str(path)
    try:
        content = _content(path)
    except OSError as error:
        return (_of_file(name, _reason(error)),)
    if content is None:
        return (_of_file(name, "not a file"),)
    if len(content) > LARGEST_BYTES:
        return (_of_file(name, f"larger than {LARGEST_BYTES // 1_000_000} MB; rules are never that large"),)
    text = _text(content, name)
    if isinstance(text, Problem):
        return (text,)
    return tuple(document_of(part.encode(), name) for part in _parts(text) if _SAYS_SOMETHING.search(part))


def _parts(text: str) -> Iterator[str]:
    """The documents of a text, each with as many empty lines before it as others have: its places stay true."""
    lines: list[str] = []
    at = 0
    for number, line in enumerate(text.split("\n")):
        if _SEPARATOR.match(line):
            yield "\n" * at + "\n".join(lines)
            lines, at = [], number
            line = "   " + line[3:]  # noqa: PLW2901 - what stands beside the three signs belongs to the document
        lines.append(line)
    yield "\n" * at + "\n".join(lines)


def document_of(content: bytes, name: str) -> Document | Problem:
    """The bytes of a file as a tree, or what is wrong with them."""
    text = _text(content, name)
    if isinstance(text, Problem):
        return text
    try:
        root = parse(text)
    except YamlProblem as problem:
        return Problem(file=name, line=problem.mark.line, column=problem.mark.column, key="", message=problem.message)
    if root is None or root.value is None:
        return _of_file(name, "empty; a configuration has at least version, sources and dashboards")
    if not isinstance(root.value, dict):
        place = root.mark
        return Problem(file=name, line=place.line, column=place.column, key="",
                       message="a configuration is a mapping: lines of `key: value`")  # fmt: skip
    return Document(file=name, root=root)


def _files(path: Path) -> list[Path] | str:
    """The files to read, or why there are none."""
    if not path.is_dir():
        path.stat()
        return [path]
    found = sorted(entry for entry in path.iterdir() if entry.suffix in _ENDINGS and not entry.name.startswith("."))
    if not found:
        return "a folder without any *.yaml or *.yml file"
    if len(found) > MOST_FILES:
        return f"a folder with {len(found):,} YAML files; at most {MOST_FILES:,} are read"
    return found


def _content(path: Path) -> bytes | None:
    """At most one byte more than is allowed; None for what is no file. A pipe is read only as `/dev/…` (`<(…)`)."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and path.parts[:2] == ("/", "dev"))):
        return None
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _text(content: bytes, name: str) -> str | Problem:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _of_file(name, "UTF-16; save it as UTF-8")
    if b"\x00" in content[:_PROBED]:
        return _of_file(name, "binary, not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        start = before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8", "replace")) + 1
        message = f"not UTF-8 here (byte 0x{content[error.start]:02x}); save it as UTF-8"
        return Problem(file=name, line=before.count(b"\n") + 1, column=column, key="", message=message)


def _of_file(name: str, message: str) -> Problem:
    return Problem(file=name, line=1, column=1, key="", message=message)


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case PermissionError():
            return f"no right to read it (as user {os.geteuid()})"
        case _:
            return (error.strerror or "cannot be read").lower()

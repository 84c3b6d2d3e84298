"""YAML 1.2 with places; whatever a file holds, a clear problem and never an exception."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.config import load
from opsdash.config.documents import LARGEST_BYTES, Document, document_of
from opsdash.config.nodes import Mark, find, key_mark, parse, plain
from opsdash.config.problems import Problem


def values(text: str) -> object:
    root = parse(text)
    assert root is not None
    return plain(root)


@pytest.mark.parametrize(
    "text",
    ["on", "off", "yes", "no", "y", "n", "1:30", "0777", "-012", "2026-11-23", "1_000", "0b11", "=", "1e", "0o8", "+"],
)
def test_what_yaml_1_1_would_have_changed_stays_a_text(text: str) -> None:
    assert values(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("TRUE", True), ("null", None), ("~", None), ("", None), ("Null", None),
        ("12", 12), ("-7", -7), ("+7", 7), ("0", 0), ("0o17", 15), ("0xfF", 255), ("1.5", 1.5), ("-.5", -0.5),
        ("1e3", 1000.0), ("1.", 1.0), (".inf", math.inf), ("-.INF", -math.inf), ("'12'", "12"), ('"true"', "true"),
        ("!!str 12", "12"), ("! 12", "12"), ("!!float 1", 1.0), ("!!int 0x10", 16), ("9" * 500, "9" * 500),
    ],
)  # fmt: skip
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    found = values(f"a: {text}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(values("a: .nan")["a"])  # type: ignore[index]


def test_aliases_and_merge_keys_repeat_what_an_anchor_names() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{c: 1}, *x]}\nl: [*x, *x]\n"
    once = {"a": 1, "b": 2}
    assert values(text) == {"x": once, "y": {"b": 3, "a": 1}, "z": {"c": 1, **once}, "l": [once, once]}


def test_every_value_and_key_knows_its_place() -> None:
    root = parse("a:\n  - b: 1\n    c:\n      d: [x, yy]\n")
    assert root is not None
    path = ("a", 0, "c", "d", 1)
    assert find(root, path) == (path, find(root, path)[1])
    assert find(root, path)[1].mark == Mark(4, 14)
    assert key_mark(root, ("a", 0, "c")) == Mark(3, 5)
    assert find(root, ("a", 0, "missing"))[0] == ("a", 0)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)
MERGE_BOMB = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(2000)) + "}\nl: &l [" + ", ".join(["*a"] * 2000) + "]\n"
MERGE_BOMB += "".join(f"m{n}: {{<<: *l}}\n" for n in range(2000))


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        (BOMB.encode(), 6, None, "more than 200,000 values"),
        (MERGE_BOMB.encode(), None, None, "more than 200,000 values"),
        (b"a: &a [*a]", 1, 8, "inside of what it repeats"),
        (b"a: *nothing", 1, 4, "no &nothing before it"),
        (b"[" * 100_000, 1, 65, "nested deeper than 64 levels"),
        (b"- " * 100_000, 1, None, "nested deeper than 64 levels"),
        (("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a" + "]" * 40).encode(), 2, None, "deeper than 64"),
        (b"a: 1\nb: 2\n a: 3", 3, None, "not YAML"),
        (b"a: 1\nb: 2\na: 3", 3, 1, 'the key "a" is already in line 1, column 1'),
        (b"a: {b: 1, 'b': 2}", 1, 11, 'the key "b" is already in line 1, column 5'),
        (b"a:\n\tb: 1", 2, 1, "a tab"),
        (b"a: b: c", 1, 5, "not YAML: mapping values are not allowed"),
        (b"a: 'x\n\n", 3, 1, "not YAML"),
        (b"a: !!python/object/apply:os.system [id]", 1, 4, "the tag !!python/object/apply:os.system means nothing"),
        (b"a: !secret x", 1, 4, "the tag !secret means nothing"),
        (b"a: !!int x", 1, 4, '"x" is no !!int'),
        (b"a: 1\n---\nb: 2", 2, 1, "a second document"),
        (b"", 1, 1, "empty"),
        (b"# nothing\n", 1, 1, "empty"),
        (b"---\n", 1, 1, "empty"),
        (b"- a", 1, 1, "a configuration is a mapping"),
        (b"hello", 1, 1, "a configuration is a mapping"),
        (b"? [a]\n: 1", 1, 3, "a key has to be a word"),
        (b"a: b\nc: \xff", 2, 4, "not UTF-8 here (byte 0xff)"),
        (b"\x7fELF\x00\x00", 1, 1, "binary"),
        ("a: b".encode("utf-16"), 1, 1, "UTF-16"),
        (b"a: \x1b[31m", 1, 4, "a character that YAML does not allow"),
        (b"<<: 1", 1, 1, "<< takes a mapping"),
    ],
)  # fmt: skip
def test_bad_yaml_is_one_clear_problem_with_its_line(
    content: bytes, line: int | None, column: int | None, message: str
) -> None:
    problem = document_of(content, "f.yaml")
    assert isinstance(problem, Problem)
    assert message in problem.message
    assert line is None or problem.line == line
    assert column is None or problem.column == column
    assert str(problem).startswith(f"f.yaml:{problem.line}:{problem.column}: ")


@pytest.mark.parametrize("content", [BOMB, MERGE_BOMB, "[" * 1_000_000, '"' * 300_001, "a: &b\n" * 100_000])
@pytest.mark.timeout(20)
def test_a_bomb_is_refused_in_bounded_time(content: str) -> None:
    assert isinstance(document_of(content.encode(), "f.yaml"), Document | Problem)


def test_a_byte_order_mark_and_windows_lines_do_no_harm() -> None:
    read = document_of(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f.yaml")
    assert isinstance(read, Document)
    assert plain(read.root) == {"a": 1, "b": 2}


def told(path: Path) -> str:
    found = load(path)
    assert found.board is None
    return str(found.problems[0])


def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    assert told(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml:1:1: there is no such file"
    assert "a folder without any" in told(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (LARGEST_BYTES + 1))
    assert "larger than 10 MB" in told(large)
    assert "not a file" in told(Path("/dev/zero"))
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    assert "symbolic links" in told(loop)
    assert "no such file" in told(large / "below") or "not a directory" in told(large / "below")


def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "opsdash.yaml"
    file.write_text("version: 1\n")
    file.chmod(0)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    assert "no right to read it (as user 65534)" in _told_as_nobody(file) if os.geteuid() == 0 else told(file)


def _told_as_nobody(path: Path) -> str:
    """What a process without rights is told; root may read everything."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            os.write(writing, told(path).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "not a file" in told(tmp_path / "pipe.yaml")


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read = document_of(content, "f.yaml")
    assert isinstance(read, Document | Problem)


YAML_TEXT = st.text(alphabet="ab:-[]{}&*!|>'\"#,? \n\t%@`<~0.\\", max_size=120)


@given(YAML_TEXT)
@settings(max_examples=400)
def test_no_text_makes_it_raise(text: str) -> None:
    read = document_of(text.encode(), "f.yaml")
    if isinstance(read, Problem):
        assert read.message
        assert 1 <= read.line <= text.count("\n") + 2


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc on:#'\n", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), TREES))
def test_json_reads_as_itself(tree: object) -> None:
    import json

    assert values(json.dumps(tree)) == tree

"""Reading the configuration in another process gives what reading it here gives."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from opsdash.cli.reading import read_apart, read_here

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "sample_configs").glob("*.yaml"))


def forked(path: Path, env: Mapping[str, str]) -> tuple[object, ...]:
    """A forked reading, made in a process without threads, as the dashboard does."""
    script = (
        "import os, pickle, sys; from pathlib import Path; from opsdash.cli.reading import ForkedReading\n"
        "result = ForkedReading(Path(sys.argv[1]), os.environ).result()\n"
        "assert not {'yaml', 'pydantic'} & set(sys.modules), 'read here after all'\n"
        "sys.stdout.buffer.write(pickle.dumps(result))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=True, env=dict(env))
    reading = pickle.loads(done.stdout)
    return reading.board, reading.problems, reading.themes


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_sample_comes_through_whole(path: Path) -> None:
    here = read_here(path, os.environ)
    assert here.board is not None, here.problems
    assert read_apart(path, os.environ) == here
    assert forked(path, os.environ) == (here.board, here.problems, here.themes)


def test_every_problem_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("version: 1\nsourcs: {}\nrefresh: never\n")
    here = read_here(path, os.environ)
    assert here.board is None
    assert len(here.problems) > 1
    assert read_apart(path, os.environ) == here
    assert forked(path, os.environ)[:2] == (None, here.problems)


def test_a_secret_of_the_configuration_is_not_in_what_is_handed_over(tmp_path: Path) -> None:
    path = tmp_path / "opsdash.yaml"
    path.write_text(
        "version: 1\nsources:\n  prom: {kind: prometheus, url: 'http://127.0.0.1:9', auth: {bearer: 'env:TOKEN'}}\n"
        "dashboards: [{title: A, panels: [{title: B, kind: text, text: x}]}]\n"
    )
    env = {**os.environ, "TOKEN": "do-not-tell"}
    assert b"do-not-tell" not in pickle.dumps(read_apart(path, env))


def test_a_reader_that_dies_is_replaced_by_reading_here() -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from opsdash.cli.reading import ForkedReading\n"
        "reading = ForkedReading(Path(sys.argv[1]), os.environ)\n"
        f"os.kill(reading._pid, {int(signal.SIGKILL)})\n"
        "print(reading.result().board is not None)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(SAMPLES[0])], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_new_process_does_not_look_for_opsdash_where_it_happens_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "opsdash").mkdir()
    (tmp_path / "opsdash" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert read_apart(SAMPLES[0], os.environ).board is not None

"""`opsdash demo`: everything by one command, and nothing of it left behind however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from opsdash.cli.demo import NoFolder, write_configuration
from opsdash.cli.plant_process import FACES
from tests.e2e.programs import OPSDASH, home
from tests.e2e.tty import Tty, plain_environment
from tests.servers.web import ask

pytestmark = pytest.mark.slow
WITHIN_S = 15.0


def demo(folder: Path, *args: str) -> Tty:
    """The demo on a terminal, with a temporary folder of its own."""
    return Tty([*OPSDASH, "demo", *args], size=(120, 34), env={**home(folder), "TMPDIR": str(folder)}, cwd=folder)


@contextmanager
def serving(folder: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """The demo without a dashboard."""
    env = plain_environment({**home(folder), "TMPDIR": str(folder)})
    argv = [*OPSDASH, "demo", "--serve-only", *args]
    with subprocess.Popen(argv, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            yield run
        finally:
            run.kill()


def announced(run: subprocess.Popen[str]) -> dict[str, str]:
    """Name → address, as it prints them."""
    assert run.stdout is not None
    found = {}
    for line in run.stdout:
        name, value = line.split()
        found[name] = value
        if name == "configuration":
            return found
    raise AssertionError(f"it ended: {run.stderr.read() if run.stderr else ''}")


def plants(folder: Path) -> list[int]:
    """Process ids of the plants that were started with this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if b"opsdash.plant.process" in words and os.fsencode(folder) in words:
            found.append(int(entry.name))
    return found


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds; fails where it does not in time."""
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.05)


def instant(url: str, query: str) -> list[dict[str, object]]:
    """The result of an instant query."""
    answer = json.loads(ask(f"{url}/api/v1/query?query={quote(query)}").body)
    return list(answer["data"]["result"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_one_command_shows_living_data_and_leaves_nothing_behind(folder: Path) -> None:
    with demo(folder) as tty:
        tty.wait_for(r"Shop › Golden signals", timeout_s=20)
        tty.wait_for(r"[1-9]\d*(\.\d+)?/s", timeout_s=20)
        assert len(plants(folder)) == 1
        tty.send(b"q")
        assert tty.wait() == 0
    until(lambda: plants(folder) == [] and not list(folder.glob("opsdash-demo-*")))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_the_plant_dies_with_the_dashboard_however_it_ends(folder: Path, number: signal.Signals) -> None:
    with demo(folder) as tty:
        tty.wait_for(r"[1-9]\d*(\.\d+)?/s", timeout_s=20)
        tty.process.send_signal(number)
        until(lambda: plants(folder) == [] and not list(folder.glob("opsdash-demo-*")))


def test_killed_before_the_plant_has_its_history_it_still_leaves_nothing_behind(folder: Path) -> None:
    with serving(folder) as run:
        announced(run)
        run.kill()
        until(lambda: plants(folder) == [] and not list(folder.glob("opsdash-demo-*")))


def test_it_serves_other_clients_at_the_addresses_that_it_prints(folder: Path) -> None:
    with serving(folder) as run:
        at = announced(run)
        assert len(instant(at["prometheus"], "count by (service) (http_requests_total)")) > 5
        assert json.loads(ask(f"{at['elasticsearch']}/").body)["version"]["number"].startswith("8.")
        once = [*OPSDASH, "once", at["configuration"], "--format", "json"]
        told = subprocess.run(once, capture_output=True, text=True, check=False, env=plain_environment(home(folder)))
        assert {panel["state"] for panel in json.loads(told.stdout)["panels"]} <= {"fresh", "no_data"}
        run.terminate()
        assert run.wait(5) == 0


def test_two_hours_of_history_are_there_at_once(folder: Path) -> None:
    with serving(folder) as run:
        at = announced(run)
        (all_of_it,) = instant(at["prometheus"], "count_over_time(sum(http_requests_total)[2h:1m])")
        value = all_of_it["value"]
        assert isinstance(value, list)
        assert float(value[1]) >= 119


def test_its_time_goes_faster_when_asked_to(folder: Path) -> None:
    with serving(folder, "--speed", "60") as run:
        at = announced(run)
        newest = "max(timestamp(http_requests_total))"

        def stamp() -> float:
            # the plant's own newest sample: a question without a time is asked at the plant's now
            (found,) = instant(at["prometheus"], newest)
            value = found["value"]
            assert isinstance(value, list)
            return float(value[1])

        first = stamp()
        until(lambda: stamp() - first >= 120)


def refused(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """The demo, which does not start."""
    whole = plain_environment({**home(folder), "TMPDIR": str(folder)})
    argv = [*OPSDASH, "demo", "--serve-only", *args]
    return subprocess.run(argv, env=whole, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def test_a_port_that_is_taken_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = refused(folder, "--port", str(port))
    assert ended.returncode == 3
    assert f"cannot listen on port {port}: another program has it" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(folder.glob("opsdash-demo-*"))


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    not_a_folder = folder / "file"
    not_a_folder.write_text("")
    with pytest.raises(NoFolder, match=r"needs a folder for its configuration: .*/file/config: .*; set TMPDIR"):
        write_configuration(not_a_folder, "shop", dict.fromkeys(FACES, "http://127.0.0.1:1"))


def test_a_tmpdir_that_cannot_be_written_is_said_and_nothing_starts(folder: Path) -> None:
    no_folder = folder / "file"
    no_folder.write_text("")
    environment = plain_environment({**home(folder), "TMPDIR": str(no_folder)})
    argv = [*OPSDASH, "demo", "--serve-only"]
    ended = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 3
    assert f"the demo needs a folder for its configuration: {no_folder}" in ended.stderr
    assert "set TMPDIR to another place" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert plants(folder) == []


def test_a_scenario_that_does_not_exist_is_a_usage_error_with_what_was_meant(folder: Path) -> None:
    ended = refused(folder, "--scenario", "flash-sael")
    assert (ended.returncode, ended.stdout) == (64, "")
    assert 'there is no scenario "flash-sael"; did you mean flash-sale?' in ended.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--speed", "0"), "not a speed"),
        (("--speed", "1000"), "not a speed"),
        (("--speed", "nan"), "not a speed"),
        (("--port", "70000"), "not a port"),
        (("--seed", "x"), "invalid int"),
        (("--architecture", "shap"), "did you mean shop?"),
    ],
)
def test_nonsense_is_a_usage_error(folder: Path, args: tuple[str, ...], words: str) -> None:
    ended = refused(folder, *args)
    assert ended.returncode == 64
    assert words in ended.stderr
    assert plants(folder) == []

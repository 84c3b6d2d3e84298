"""The whole program with less memory than it wants: it is heard or it ends in one line, and is never deaf."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import dashboard
from tests.e2e.tty import Tty
from tests.integration.test_faults_program import GOOD, config
from tests.servers import replies
from tests.servers.faults import FaultServer

GROUPS = Path("/sys/fs/cgroup")
LIMITS = {GROUPS: "memory.max", GROUPS / "unified": "memory.max", GROUPS / "memory": "memory.limit_in_bytes"}


@pytest.fixture
def flood(fault_server: FaultServer) -> str:
    """A configuration of which two panels of three get more than they can hold."""
    fault_server.always(GOOD)
    fault_server.on("many_one", replies.many_series(200_000, points=20))
    fault_server.on("long_one", replies.long_label())
    return config(fault_server.url, "many_one", "long_one", "good_one", timeout="10s")


@pytest.fixture
def memory_group() -> Iterator[tuple[Path, Path]]:
    """A real control group of our own and the file of its limit; not every host lets us make one."""
    for root, name in LIMITS.items():
        group = root / f"opsdash-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / name).exists():
            yield group, group / name
            group.rmdir()
            return
        group.rmdir()
    pytest.skip("no control group for memory can be made here")


def has_ended(tty: Tty) -> bool:
    return tty.process.poll() is not None


def press_keys(tty: Tty) -> None:
    """Goes from one dashboard to the other and back, for as long as it runs."""
    tty.wait_until(lambda: "Shop" in tty.text or has_ended(tty), "it is there or has ended")
    for keys, words in (("2", "nothing to see here"), ("1", "good_one")) * 6:
        if has_ended(tty):
            return
        tty.send(keys)
        tty.wait_until(lambda words=words: words in tty.text or has_ended(tty), f"{keys} is heard")
        time.sleep(0.3)


def is_as_it_was(tty: Tty) -> None:
    """The terminal is given back, and nothing but what a person is told was written to it."""
    assert b"Traceback" not in tty.output
    assert b"Exception ignored" not in tty.output
    assert tty.left_on() == []
    assert tty.settings_now() == tty.settings


@pytest.mark.parametrize("megabytes", [40, 80, 100, 120, 140, 160])
def test_it_hears_keys_or_ends_with_one_line_and_gives_the_terminal_back(
    tmp_path: Path, flood: str, megabytes: int
) -> None:
    with dashboard(tmp_path, text=flood, around=("prlimit", f"--data={megabytes << 20}")) as tty:
        press_keys(tty)
        if not has_ended(tty):
            tty.send("q")
        code = tty.wait(5)
        is_as_it_was(tty)
        last = re.sub(rb"\x1b\[[?\d]*[a-z]", b"", tty.output.rsplit(b"\x1b[?1049l", 1)[-1])
        assert code in {0, 1, 70}
        assert last.count(b"opsdash: ") == (code == 70), last
        assert code != 1 or b"OpenBLAS error: Memory allocation" in last, "numpy's own end, before there is a screen"


def test_in_a_control_group_it_does_without_a_panel_and_is_not_killed(
    tmp_path: Path, flood: str, memory_group: tuple[Path, Path]
) -> None:
    group, limit = memory_group
    limit.write_text(str(90 << 20))
    enter = ("sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh")
    with dashboard(tmp_path, text=flood, around=enter) as tty:
        press_keys(tty)
        tty.wait_for("not enough memory")
        tty.send("q")
        assert tty.wait(5) == 0
        is_as_it_was(tty)

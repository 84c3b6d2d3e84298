"""Inside other terminals: tmux, and a real SSH connection."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import SHOWN, home, write
from tests.e2e.tty import Tty, plain_environment
from tests.servers.needs import missing

COMMAND = f"{sys.executable} -m opsdash"


class Tmux:
    """A tmux server of its own, with one pane."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        self._env = plain_environment(home(folder))
        self.folder = folder
        self("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "34", "bash --norc --noprofile -i")

    def __call__(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *args],
            capture_output=True,
            text=True,
            check=True,
            env=self._env,
            cwd=self.folder,
        )
        return done.stdout

    @property
    def text(self) -> str:
        return self("capture-pane", "-p")

    def format(self, name: str) -> str:
        return self("display-message", "-p", f"#{{{name}}}").strip()

    def keys(self, *keys: str) -> None:
        self("send-keys", *keys)

    def wait_until(self, holds: Callable[[], object], timeout_s: float = 20.0) -> None:
        end = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < end, self.text
            time.sleep(0.05)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        missing("tmux", "not installed")
    write(tmp_path)
    server = Tmux(tmp_path)
    yield server
    server("kill-server")


def test_in_tmux_it_draws_hears_keys_and_gives_the_pane_back(tmux: Tmux) -> None:
    tmux.keys("PS1='shell> '; clear; echo before", "Enter")
    tmux.wait_until(lambda: "\nbefore" in tmux.text or tmux.text.startswith("before"))
    tmux.keys(f"{COMMAND} opsdash.yaml", "Enter")
    tmux.wait_until(lambda: "Shop › Golden signals" in tmux.text)
    assert tmux.format("alternate_on") == "1"
    assert tmux.format("cursor_flag") == "0"
    tmux.keys("2")
    tmux.wait_until(lambda: "nothing to see here" in tmux.text)
    tmux.keys("q")
    tmux.wait_until(lambda: tmux.format("alternate_on") == "0")
    tmux.wait_until(lambda: tmux.format("cursor_flag") == "1")
    assert tmux.format("mouse_any_flag") == "0"
    assert "before" in tmux.text
    assert "nothing to see here" not in tmux.text
    tmux.keys("echo $? still a shell", "Enter")
    tmux.wait_until(lambda: "0 still a shell" in tmux.text)


def test_in_tmux_another_size_is_drawn(tmux: Tmux) -> None:
    tmux.keys(f"{COMMAND} opsdash.yaml", "Enter")
    tmux.wait_until(lambda: "Shop › Golden signals" in tmux.text)
    for width, height in ((80, 24), (200, 60), (100, 30)):
        tmux("resize-window", "-x", str(width), "-y", str(height))
        tmux.wait_until(lambda last=height - 1: "help" in tmux.text.split("\n")[last])


def test_a_killed_pane_leaves_nothing_behind(tmux: Tmux) -> None:
    tmux.keys(f"exec {COMMAND} opsdash.yaml", "Enter")
    tmux.wait_until(lambda: "Shop › Golden signals" in tmux.text)
    pid = int(tmux.format("pane_pid"))
    tmux("new-window", "-d", "sleep 60")
    tmux("kill-pane")
    tmux.wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_detaching_and_attaching_at_another_size(tmux: Tmux) -> None:
    tmux.keys(f"{COMMAND} opsdash.yaml", "Enter")
    tmux.wait_until(lambda: "Shop › Golden signals" in tmux.text)
    for size in ((100, 30), (140, 40)):
        with Tty(["tmux", "-S", str(tmux.folder / "tmux"), "attach"], size=size, env=home(tmux.folder)) as tty:
            tty.wait_for(SHOWN)
            tty.send("\x02d")
            assert tty.wait(10) == 0
    assert "Shop" in tmux.text


# SSH


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[list[str]]:
    """The command line of a client, with a server of its own on loopback and a key that is thrown away."""
    server = shutil.which("sshd", path=f"/usr/sbin:{os.environ['PATH']}")
    if server is None or shutil.which("ssh") is None:
        missing("sshd", "openssh-server is not installed")
    if os.geteuid() != 0:
        pytest.skip("needs root, for sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    (tmp_path / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (tmp_path / "sshd.log").open("wb") as log:
        process = subprocess.Popen([server, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=log)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield [
        "ssh", "-tt", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={tmp_path}/known",
        "-o", "LogLevel=ERROR", "-i", str(tmp_path / "user"), "-p", str(port), f"{getpass.getuser()}@127.0.0.1",
    ]  # fmt: skip
    process.terminate()
    process.wait(10)


def process_of(folder: Path) -> int | None:
    """The dashboard that runs on this folder's configuration."""
    wanted = f"{folder}/opsdash.yaml\0".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes().endswith(b"opsdash\0" + wanted):
                return int(entry.name)
        except OSError:
            continue
    return None


@pytest.mark.integration
@pytest.mark.parametrize("how", ["quit", "the client dies", "the client is closed"])
def test_over_ssh(tmp_path: Path, ssh: list[str], how: str) -> None:
    path = write(tmp_path)
    remote = f"cd {tmp_path} && HOME={tmp_path} LANG=C.UTF-8 {COMMAND} {path}"
    with Tty([*ssh, remote], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.send("2")
        tty.wait_for("nothing to see here")
        tty.resize(90, 30)
        tty.wait_until(lambda: "help" in tty.lines[29], "the new size has arrived")
        pid = process_of(tmp_path)
        assert pid is not None
        if how == "quit":
            tty.send("q")
            assert tty.wait(10) == 0
            assert tty.left_on() == []
        elif how == "the client dies":
            tty.process.send_signal(signal.SIGKILL)
        else:
            tty.hang_up()
        tty_gone = time.monotonic() + 10
        while process_of(tmp_path) is not None:
            assert time.monotonic() < tty_gone, "opsdash outlives its connection"
            time.sleep(0.05)


# mosh


@pytest.mark.integration
def test_over_mosh(tmp_path: Path) -> None:
    if shutil.which("mosh-server") is None or shutil.which("mosh-client") is None:
        missing("mosh", "not installed")
    path = write(tmp_path)
    env = plain_environment(home(tmp_path))
    started = subprocess.run(
        ["mosh-server", "new", "-i", "127.0.0.1", "--", sys.executable, "-m", "opsdash", str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=tmp_path,
    )
    found = re.search(r"MOSH CONNECT (\d+) (\S+)", started.stdout)
    assert found is not None, started
    client = {**home(tmp_path), "MOSH_KEY": found[2]}
    with Tty(["mosh-client", "127.0.0.1", found[1]], env=client, cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.send("2")
        tty.wait_for("nothing to see here")
        tty.resize(90, 30)
        tty.wait_until(lambda: "help" in tty.lines[29], "the new size has arrived")
        tty.send("q")
        tty.wait(10)
        assert process_of(tmp_path) is None

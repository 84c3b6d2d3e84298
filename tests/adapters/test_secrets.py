"""Secrets by reference, from the environment, files and commands."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from opsdash.adapters.secrets import Secrets
from opsdash.core.errors import SecretMissing
from opsdash.core.secret import SecretRef


class Time:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def secrets(time: Time | None = None, timeout_s: float = 5.0, **environ: str) -> Secrets:
    return Secrets(time or Time(), environ=environ, command_timeout_s=timeout_s)


async def refusal(found: Secrets, scheme: str, where: str) -> str:
    with pytest.raises(SecretMissing) as caught:
        await found.resolve(SecretRef(scheme, where))  # type: ignore[arg-type]
    return caught.value.message


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "give secret.py"
    path.write_text(text)
    return f"{sys.executable} '{path}'"


def is_running(pid: str) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split(")")[1].split()[0] != "Z"


async def test_the_environment_is_read_each_time() -> None:
    environ = {"TOKEN": " one\n"}
    found = Secrets(Time(), environ=environ)
    assert await found.resolve(SecretRef("env", "TOKEN")) == "one"
    environ["TOKEN"] = "two"
    assert await found.resolve(SecretRef("env", "TOKEN")) == "two"


async def test_a_variable_that_is_not_set_is_named() -> None:
    assert await refusal(secrets(), "env", "TOKEN") == "the environment variable TOKEN is not set"
    assert await refusal(secrets(TOKEN="  "), "env", "TOKEN") == "the environment variable TOKEN is not set"


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("first\n")
    found, ref = secrets(), SecretRef("file", str(path))
    assert await found.resolve(ref) == "first"
    path.write_text("second\n")
    assert await found.resolve(ref) == "second"
    replacement = tmp_path / "new"
    replacement.write_text("third1\n")
    os.utime(replacement, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    replacement.rename(path)
    assert await found.resolve(ref) == "third1"


async def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    found = secrets()
    missing = tmp_path / "missing"
    assert await refusal(found, "file", str(missing)) == (
        f"the secret file {missing} cannot be read: No such file or directory"
    )
    assert "is not a regular file" in await refusal(found, "file", str(tmp_path))
    assert "is not a regular file" in await refusal(found, "file", "/dev/zero")
    assert "its name cannot be used" in await refusal(found, "file", "a\x00b")
    (tmp_path / "empty").write_text("\n")
    assert (await refusal(found, "file", str(tmp_path / "empty"))).endswith("gives nothing")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    assert (await refusal(found, "file", str(tmp_path / "large"))).endswith("gives more than 64 KiB")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00hunter2")
    said = await refusal(found, "file", str(tmp_path / "binary"))
    assert said.endswith("gives something that is not UTF-8 text")


async def test_a_command_runs_without_a_shell_and_is_kept_for_five_minutes(tmp_path: Path) -> None:
    count = tmp_path / "count"
    where = script(tmp_path, f"import sys; open({str(count)!r}, 'a').write('x'); print('s3cret', *sys.argv[1:])")
    time = Time()
    found, ref = secrets(time), SecretRef("command", f"{where} '$HOME; echo hi' a\\ b")
    assert await found.resolve(ref) == "s3cret $HOME; echo hi a b"
    time.now_s += 299
    await found.resolve(ref)
    assert count.read_text() == "x"
    time.now_s += 2
    await found.resolve(ref)
    assert count.read_text() == "xx"


async def test_a_refused_secret_is_had_anew(tmp_path: Path) -> None:
    count = tmp_path / "count"
    where = script(tmp_path, f"open({str(count)!r}, 'a').write('x'); print(len(open({str(count)!r}).read()))")
    time = Time()
    found, ref = secrets(time), SecretRef("command", where)
    assert not await found.renewed(ref)
    assert await found.resolve(ref) == "1"
    assert await found.renewed(ref)
    assert await found.resolve(ref) == "2"
    time.now_s += 29
    assert await found.renewed(ref), "it was refused with the old one, or is tried once more in vain"
    assert await found.resolve(ref) == "2"
    time.now_s += 2
    assert await found.renewed(ref)
    assert not await found.renewed(SecretRef("env", "HOME"))


async def test_all_who_were_refused_together_try_the_new_secret_and_it_is_had_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    where = script(tmp_path, f"open({str(count)!r}, 'a').write('x'); print(len(open({str(count)!r}).read()))")
    found, ref = secrets(), SecretRef("command", where)
    assert await found.resolve(ref) == "1"
    assert await asyncio.gather(*(found.renewed(ref) for _ in range(24))) == [True] * 24
    assert count.read_text() == "xx"


async def test_a_variable_that_is_no_text_is_named_and_not_shown() -> None:
    message = await refusal(secrets(TOKEN="s3cr\udce9t"), "env", "TOKEN")
    assert message == "the environment variable TOKEN holds something that is not UTF-8 text"


async def test_a_refused_secret_that_stays_the_same_is_not_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("wrong")
    found, ref = secrets(), SecretRef("file", str(path))
    assert await found.resolve(ref) == "wrong"
    assert not await found.renewed(ref)


async def test_a_command_is_run_once_for_all_who_wait_for_it(tmp_path: Path) -> None:
    count = tmp_path / "count"
    where = script(tmp_path, f"open({str(count)!r}, 'a').write('x'); print('s')")
    found, ref = secrets(), SecretRef("command", where)
    assert await asyncio.gather(*(found.resolve(ref) for _ in range(8))) == ["s"] * 8
    assert count.read_text() == "x"


async def test_a_command_that_fails_is_named_without_its_arguments_and_output(tmp_path: Path) -> None:
    where = script(tmp_path, "import sys; print('hunter2'); print('hunter2', file=sys.stderr); sys.exit(3)")
    said = await refusal(secrets(), "command", f"{where} --password hunter2")
    assert said.endswith("ended with exit code 3")
    assert "hunter2" not in said
    assert "cannot be started" in await refusal(secrets(), "command", "/nowhere/at/all --x")
    assert "open quote" in await refusal(secrets(), "command", "echo 'x")
    assert "is empty" in await refusal(secrets(), "command", "  ")


async def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    where = script(
        tmp_path,
        "import subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '600'])\nopen({str(started)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)",
    )
    said = await refusal(secrets(timeout_s=2.0), "command", where)
    assert said.endswith("did not finish in 2 s")
    for _ in range(100):
        if not is_running(started.read_text()):
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the child of the command still runs")


async def test_a_command_that_never_stops_talking_is_cut_off() -> None:
    assert (await refusal(secrets(), "command", "yes hunter2")).endswith("gives more than 64 KiB")


async def test_what_a_command_left_behind_does_not_hold_it_up() -> None:
    """A child in a session of its own keeps the pipe and is not ended with the command."""
    loud = "setsid sh -c 'yes hunter2 & sleep 3; kill $!' & exec yes hunter2"
    assert (await refusal(secrets(), "command", f'sh -c "{loud}"')).endswith("gives more than 64 KiB")


def test_a_reference_never_prints_what_it_refers_to() -> None:
    ref = SecretRef("command", "vault read secret/prom")
    assert f"{ref} {ref!r}" == "<secret> <secret>"

"""Secrets by reference: read when they are needed, never kept longer than they are good for, never printed."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from opsdash.core.duration import format_size
from opsdash.core.errors import SecretMissing
from opsdash.core.secret import SecretRef
from opsdash.core.text import clean

LARGEST_SECRET_BYTES = 64 * 1024
COMMAND_TIMEOUT_S = 10.0
COMMAND_KEPT_S = 300.0
REFUSED_AGAIN_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A secret that was read, with what tells whether it is still good."""

    value: str
    mark: tuple[int, int, int] | float
    """Of a file: modification time, size, inode. Of a command: when (monotonic seconds) it was run."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """When (monotonic seconds) a source last refused a secret, and whether having it anew gave another one."""

    at_s: float
    gave_another: bool


class Secrets:
    """Resolves references. A file is read again when it changes, a command is run again after five minutes."""

    def __init__(
        self,
        monotonic_s: Callable[[], float],
        *,
        environ: Mapping[str, str] = os.environ,
        command_timeout_s: float = COMMAND_TIMEOUT_S,
        command_kept_s: float = COMMAND_KEPT_S,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._environ = environ
        self._command_timeout_s = command_timeout_s
        self._command_kept_s = command_kept_s
        self._kept: dict[SecretRef, _Kept] = {}
        self._refused: dict[SecretRef, _Refused] = {}
        self._locks: dict[SecretRef, asyncio.Lock] = {}

    async def resolve(self, ref: SecretRef) -> str:
        """The secret; raises SecretMissing, whose words name the reference and never what it holds."""
        if ref.scheme == "env":
            return self._from_environment(ref)
        async with self._lock(ref):
            return await self._read(ref)

    async def renewed(self, ref: SecretRef) -> bool:
        """Whether what a source refused is another secret by now, so that asking once more makes sense.

        It is had anew every 30 s at most. When that gave another one, all who are refused in these 30 s are told so:
        the questions that were under way together were refused with the old one.
        """
        async with self._lock(ref):
            kept, now = self._kept.get(ref), self._monotonic_s()
            if kept is None:
                return False
            before = self._refused.get(ref)
            if before is not None and now - before.at_s < REFUSED_AGAIN_AFTER_S:
                return before.gave_another
            self._refused[ref] = _Refused(now, gave_another=False)
            del self._kept[ref]
            another = await self._read(ref) != kept.value
            self._refused[ref] = _Refused(now, gave_another=another)
            return another

    def _lock(self, ref: SecretRef) -> asyncio.Lock:
        return self._locks.setdefault(ref, asyncio.Lock())

    async def _read(self, ref: SecretRef) -> str:
        return await (self._from_file(ref) if ref.scheme == "file" else self._from_command(ref))

    def _from_environment(self, ref: SecretRef) -> str:
        value = self._environ.get(ref.where, "")
        name = f"the environment variable {clean(ref.where, longest=80)}"
        if not value.strip():
            raise SecretMissing(f"{name} is not set")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise SecretMissing(f"{name} holds something that is not UTF-8 text") from None
        return value.strip()

    async def _from_file(self, ref: SecretRef) -> str:
        where = clean(ref.where, longest=200)
        try:
            status = os.stat(ref.where)
            if not stat.S_ISREG(status.st_mode):
                raise SecretMissing(f"the secret file {where} is not a regular file")
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            kept = self._kept.get(ref)
            if kept is not None and kept.mark == mark:
                return kept.value
            content = await asyncio.to_thread(_content_of, ref.where)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name cannot be used"
            raise SecretMissing(f"the secret file {where} cannot be read: {reason}") from error
        value = _text(content, f"the secret file {where}")
        self._kept[ref] = _Kept(value, mark)
        return value

    async def _from_command(self, ref: SecretRef) -> str:
        kept = self._kept.get(ref)
        now = self._monotonic_s()
        if kept is not None and isinstance(kept.mark, float) and now - kept.mark < self._command_kept_s:
            return kept.value
        try:
            argv = shlex.split(ref.where)
        except ValueError as error:
            raise SecretMissing("the secret command has an open quote") from error
        if not argv:
            raise SecretMissing("the secret command is empty")
        name = f"the secret command {clean(argv[0], longest=80)}"
        value = _text(await self._run(argv, name), name)
        self._kept[ref] = _Kept(value, float(now))
        return value

    async def _run(self, argv: list[str], name: str) -> bytes:
        """Standard output. Never a shell; standard error is not kept, since it may repeat the secret."""
        async with _pipe() as (output, theirs):
            process = await _started(argv, name, theirs)
            try:
                async with asyncio.timeout(self._command_timeout_s):
                    content = await _read_all(output)
                    code = await process.wait() if len(content) <= LARGEST_SECRET_BYTES else 0
            except TimeoutError as error:
                raise SecretMissing(f"{name} did not finish in {self._command_timeout_s:g} s") from error
            finally:
                await _end(process)
        if code != 0:
            raise SecretMissing(f"{name} ended with exit code {code}")
        return content


def _content_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(LARGEST_SECRET_BYTES + 1)


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """What reads, and the descriptor that a command writes to, which `_started` closes.

    Not the one that asyncio makes: waiting for a process is waiting for the end of that one, too, which does not come
    where nobody reads on, or while something that the command left behind keeps it open.
    """
    output = asyncio.StreamReader()
    ours, theirs = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(ours, "rb", buffering=0)
    )
    try:
        yield output, theirs
    finally:
        transport.close()


async def _started(argv: list[str], name: str, theirs: int) -> asyncio.subprocess.Process:
    nothing = asyncio.subprocess.DEVNULL
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=nothing, stdout=theirs, stderr=nothing, start_new_session=True
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its arguments cannot be used"
        raise SecretMissing(f"{name} cannot be started: {reason}") from error
    finally:
        os.close(theirs)


async def _read_all(stream: asyncio.StreamReader) -> bytes:
    content = b""
    while len(content) <= LARGEST_SECRET_BYTES and (chunk := await stream.read(8192)):
        content += chunk
    return content


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the command and what it started, if it still runs, and lets the system forget it."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


def _text(content: bytes, name: str) -> str:
    if len(content) > LARGEST_SECRET_BYTES:
        raise SecretMissing(f"{name} gives more than {format_size(LARGEST_SECRET_BYTES)}")
    try:
        value = content.decode().strip()
    except UnicodeDecodeError:
        raise SecretMissing(f"{name} gives something that is not UTF-8 text") from None
    if not value:
        raise SecretMissing(f"{name} gives nothing")
    return value

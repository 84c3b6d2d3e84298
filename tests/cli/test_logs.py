"""The log file."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdash.cli.logs import KEPT, MAX_BYTES, PrivateRotatingFile, emergency_log, open_log


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], logging.raiseExceptions = before, raising
    root.setLevel(level)


def test_the_log_is_in_the_state_folder_and_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert open_log(None, "info", {"XDG_STATE_HOME": str(tmp_path)}) is None
    finally:
        os.umask(before)
    path = tmp_path / "opsdash" / "opsdash.log"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_hostile_text_stays_on_its_line_and_cannot_act(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    open_log(str(path), "info", {})
    logging.getLogger("x").warning("label %s", "a\x1b]0;owned\x07\n2026-01-01T00:00:00Z CRITICAL forged\r\u202e")
    text = path.read_text()
    assert text.count("\n") == 2
    assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}


def test_a_traceback_is_indented_below_its_line_and_clean(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    open_log(str(path), "info", {})
    error = ValueError("bad \x1b[2J label\nforged line")
    logging.getLogger("x").error("poll loop", exc_info=error)
    events = [line for line in path.read_text().splitlines() if not line.startswith("    ")]
    assert len(events) == 2
    assert "\x1b" not in path.read_text()
    assert "    forged line" in path.read_text()


def test_the_log_turns_over_and_keeps_five(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    open_log(str(path), "info", {})
    logger = logging.getLogger("x")
    for _ in range((KEPT + 3) * MAX_BYTES // 4000):
        logger.info("%s", "x" * 4000)
    files = sorted(tmp_path.iterdir())
    assert len(files) == KEPT + 1
    assert all(file.stat().st_size <= MAX_BYTES for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_a_full_disk_is_said_once_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    said = open_log("/dev/full", "info", {})
    assert said is not None
    assert said.startswith("no log: /dev/full cannot be written")
    logging.getLogger("x").warning("into the void")
    (file,) = (handler for handler in logging.getLogger().handlers if isinstance(handler, PrivateRotatingFile))
    assert file.lost == 2
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["/proc/opsdash.log", "/nonexistent/x/opsdash.log", "/etc"])
def test_a_place_that_takes_no_log_is_said(place: str) -> None:
    said = open_log(place, "info", {}) if not place.startswith("/nonexistent") else open_log("/proc/1/x/y", "info", {})
    assert said is not None
    assert said.startswith("no log: ")
    assert said.endswith("; going on without")


def test_no_home_means_no_log_and_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = open_log(None, "info", {"HOME": str(file)})
    assert said is not None
    assert "not a directory" in said


def test_a_dash_means_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_log("-", "info", {}) is None
    assert list(tmp_path.iterdir()) == []


def test_the_level_holds_and_libraries_are_kept_quiet(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    open_log(str(path), "debug", {})
    logging.getLogger("opsdash.engine").debug("told")
    logging.getLogger("httpx").info("GET http://secret@host")
    assert "told" in path.read_text()
    assert "secret" not in path.read_text()


def test_a_crash_without_a_log_finds_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    path = emergency_log(ValueError("x"))
    assert path is not None
    assert path.parent == tmp_path
    assert "ValueError: x" in path.read_text()


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    open_log(str(path), "info", {})
    path.rename(tmp_path / "a.log.old")
    logging.getLogger("x").info("after the move")
    assert "after the move" in path.read_text()
    path.unlink()
    logging.getLogger("x").info("after the removal")
    assert "after the removal" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_others_could_read_is_private_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("what was there stays\n")
    path.chmod(0o664)
    open_log(str(path), "info", {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("what was there stays\n")


def test_what_is_no_file_of_ours_keeps_its_rights() -> None:
    before = os.stat(os.devnull).st_mode
    open_log(os.devnull, "info", {})
    assert os.stat(os.devnull).st_mode == before


@pytest.mark.parametrize("words", [["--var", "user=jane.doe"], ["--var=user=jane.doe"]])
def test_a_crash_says_the_command_line_without_the_values_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["opsdash", "once", *words, "shop.yaml", "--at", "14:00"])
    open_log(str(tmp_path / "a.log"), "info", {})
    emergency_log(ValueError("x"))
    written = (tmp_path / "a.log").read_text()
    assert "jane.doe" not in written
    assert "user=… shop.yaml --at 14:00" in written

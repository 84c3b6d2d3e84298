"""Files that the screen writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsdash.cli.exports import save_in


def test_a_file_is_named_as_suggested(tmp_path: Path) -> None:
    path = save_in(tmp_path, "p99 latency.csv", "a,b\n")
    assert path == str(tmp_path / "p99-latency.csv")
    assert Path(path).read_text() == "a,b\n"


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    names = [Path(save_in(tmp_path, "cpu.svg", str(number))).name for number in range(3)]
    assert names == ["cpu.svg", "cpu-2.svg", "cpu-3.svg"]
    assert (tmp_path / "cpu.svg").read_text() == "0"


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd.csv",
        "/etc/passwd.csv",
        "..csv",
        ".csv",
        "\x1b[31m.csv",
        "a\nb.csv",
        "-rf.csv",
        "x" * 9999 + ".csv",
    ],
)
def test_no_title_leaves_the_folder_or_hides(tmp_path: Path, title: str) -> None:
    path = Path(save_in(tmp_path, title, ""))
    assert path.parent == tmp_path
    assert path.name.endswith(".csv")
    assert not path.name.startswith((".", "-"))
    assert path.name.isprintable()


def test_titles_in_other_scripts_are_kept(tmp_path: Path) -> None:
    assert Path(save_in(tmp_path, "지연 시간.json", "")).name == "지연-시간.json"


def test_a_link_that_lies_in_wait_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "cpu.csv").symlink_to(victim)
    assert Path(save_in(tmp_path, "cpu.csv", "new")).name == "cpu-2.csv"
    assert victim.read_text() == "precious"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        save_in(tmp_path / "gone", "cpu.csv", "")


def test_the_umask_holds(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        path = save_in(tmp_path, "cpu.csv", "")
    finally:
        os.umask(before)
    assert Path(path).stat().st_mode & 0o777 == 0o600

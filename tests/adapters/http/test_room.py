"""A large answer does not take the last of the memory."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from opsdash.adapters.http.room import RESERVED_BYTES, demand_room

PAGE = resource.getpagesize()


def statm(folder: Path, used: int) -> Path:
    """As the kernel writes it: the sixth number is data and stack, in pages."""
    path = folder / "statm"
    path.write_text(f"100000 9000 2000 1 0 {used // PAGE} 0\n")
    return path


def test_with_more_than_the_reserve_it_goes_on(tmp_path: Path) -> None:
    demand_room(200 << 20, statm(tmp_path, (200 << 20) - RESERVED_BYTES - PAGE))


def test_with_less_than_the_reserve_the_answer_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        demand_room(200 << 20, statm(tmp_path, (200 << 20) - RESERVED_BYTES + PAGE))


def test_without_a_limit_nothing_is_looked_at(tmp_path: Path) -> None:
    demand_room(resource.RLIM_INFINITY, tmp_path / "is not there")


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d e f"])
def test_a_system_that_does_not_say_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "statm"
    path.write_text(text)
    demand_room(1 << 20, path)
    demand_room(1 << 20, tmp_path / "is not there")

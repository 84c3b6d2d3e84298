"""What a heatmap shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from opsdash.core.view.cells import Cells
from opsdash.core.view.draw.heatmap import draw
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from tests.fakes.panel_views import START_S, panel_view, window

LOOK = Look(now_s=START_S)


def heatmap(series: dict[str, list[float | None]], *, label: str = "le", unit: str = "s") -> PanelView:
    return panel_view(PanelKind.HEATMAP, window(series, label=label), unit=unit)


def cumulative(counts: dict[str, list[float]]) -> dict[str, list[float | None]]:
    total = np.cumsum(np.array(list(counts.values())), axis=0)
    return {name: list(row) for name, row in zip(counts, total.tolist(), strict=True)}


def shades(cells: Cells) -> np.ndarray:
    """0 where there is no shade, else 1–8."""
    ground = (cells.inks >> 6) & 63
    return np.where((ground >= Role.HEAT_1) & (ground <= Role.HEAT_8), ground - int(Role.HEAT_1) + 1, 0)


def test_larger_bounds_are_higher_up_and_labelled_in_the_unit() -> None:
    view = heatmap(cumulative({"0.1": [1.0] * 40, "0.5": [1.0] * 40, "+Inf": [1.0] * 40}))
    lines = draw(view, 50, 8, LOOK).lines()
    labels = [line[: line.index("┤")].strip() for line in lines if "┤" in line]
    assert labels == ["+Inf", "500ms", "100ms"]


def test_more_is_a_stronger_shade_in_colour_and_in_density() -> None:
    view = heatmap(cumulative({"1": [1.0] * 40, "2": [20.0] * 40, "4": [100.0] * 40}))
    cells = draw(view, 50, 8, LOOK)
    found = shades(cells)[:6, 20]
    assert sorted(set(found.tolist()), reverse=True) == sorted(found[[0, 2, 4]].tolist(), reverse=True)
    assert found[0] > found[2] > found[4] > 0
    signs = [chr(int(cells.codes[row, 20])) for row in (0, 2, 4)]
    assert len(set(signs)) == 3


def test_nothing_has_no_shade_and_a_gap_is_not_nothing() -> None:
    series = cumulative({"1": [0.0] * 40, "2": [5.0] * 40})
    for values in series.values():
        values[15:25] = [None] * 10
    cells = draw(heatmap(series), 60, 8, LOOK)
    lines = cells.lines()
    gutter = lines[0].index("┤") + 1
    assert set(lines[4][gutter : gutter + 8]) == {" "}
    assert "╎" in lines[4]
    assert lines[4].count("╎") == lines[0].count("╎") > 5


def test_more_buckets_than_rows_are_put_together_and_none_is_lost() -> None:
    counts = {str(n + 1): [1.0] * 40 for n in range(30)}
    cells = draw(heatmap(cumulative(counts)), 60, 12, LOOK)
    assert (shades(cells)[:10, 10:] > 0).all()
    assert cells.lines()[0].split("┤")[0].strip() == "30s"


def test_the_scale_says_what_the_strongest_shade_is() -> None:
    cells = draw(heatmap(cumulative({"1": [130.0] * 40, "2": [10.0] * 40})), 60, 10, LOOK)
    assert "200 a bucket" in cells.lines()[-1]
    assert set(shades(cells)[-1].tolist()) == set(range(9))


def test_rows_that_are_no_buckets_have_their_names() -> None:
    lines = draw(heatmap({"eu": [1.0] * 20, "us": [2.0] * 20}, label="region"), 50, 8, LOOK).lines()
    assert any(line.strip().startswith("eu┤") for line in lines)


def test_ascii_has_eight_densities() -> None:
    view = heatmap(cumulative({"1": [1.0] * 40, "2": [100.0] * 40}))
    cells = draw(view, 50, 8, Look(now_s=START_S, ascii_only=True))
    assert set("".join(line[8:] for line in cells.lines()[:6])) <= set(" .:-=+*%#")


@pytest.mark.parametrize("size", [(1, 1), (19, 3), (28, 6), (58, 13), (158, 38)])
def test_a_heatmap_is_drawn_at_every_size(size: tuple[int, int]) -> None:
    view = heatmap(cumulative({str(n): [float(n)] * 30 for n in range(1, 12)}))
    assert draw(view, *size, LOOK).codes.shape == size[::-1]


def test_a_heatmap_without_a_count_says_so() -> None:
    shown = window({"0.1": [float("nan")] * 9, "1": [float("nan")] * 9, "+Inf": [float("nan")] * 9}, label="le")
    lines = draw(panel_view(PanelKind.HEATMAP, shown), 60, 12, LOOK).lines()
    assert any("every bucket is empty" in line for line in lines)


def test_the_cursor_reads_every_bucket_at_its_instant() -> None:
    shown = window({"0.1": [1.0] * 9, "1": [4.0] * 9, "+Inf": [10.0] * 9}, label="le")
    lines = draw(panel_view(PanelKind.HEATMAP, shown), 60, 12, replace(LOOK, cursor_s=START_S + 40)).lines()
    assert [line.split("│")[1].split()[0] for line in lines if "┤" in line] == ["6", "3", "1"]
    assert not any(" – " in line for line in lines)
    late = draw(panel_view(PanelKind.HEATMAP, shown), 60, 12, replace(LOOK, cursor_s=START_S + 80)).lines()
    assert next(line.split("│")[0].split()[-1] for line in late if "┤" in line).endswith("6")

"""Functions of one number, where Go's differ from C's."""

from __future__ import annotations

import numpy as np
import pytest

from opsdash.core.promql.elementary import ELEMENTARY


@pytest.mark.parametrize(("name", "sign"), [("sinh", -1.0), ("cosh", 1.0)])
def test_hyperbolic_functions_overflow_where_exp_does(name: str, sign: float) -> None:
    with np.errstate(all="ignore"):
        found = ELEMENTARY[name](np.array([-710.0, -30.0, 0.5, 30.0, 709.0, 710.0, np.inf, np.nan]))
    assert found[0] == sign * np.inf
    assert found[5] == found[6] == np.inf
    assert np.isnan(found[7])
    expected = getattr(np, name)(np.array([-30.0, 0.5, 30.0, 709.0]))
    assert np.allclose(found[1:5], expected, rtol=1e-14)

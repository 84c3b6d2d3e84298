"""How far a server's clock is from ours, as its Date header tells."""

from __future__ import annotations


def clock_skew_s(date_s: float | None, *, now_s: float, rtt_s: float) -> float | None:
    """The server's clock minus ours; 0 within what whole seconds can tell, None where it does not say the time.

    `date_s` is its Date and `now_s` our clock when the answer came, both in UTC seconds.
    """
    if date_s is None:
        return None
    skew = date_s + 0.5 - (now_s - rtt_s / 2)
    return 0.0 if abs(skew) <= 0.5 + rtt_s else skew

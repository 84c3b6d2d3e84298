"""Streams as viewers feel them: how long one takes to start, and how much of the time it stands still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Three = tuple[Floats, Floats, Floats]

SEGMENT_S = 4.0
_SEGMENTS_TO_START = 2
_LINE_BYTES_S = 3.1e6
"""What a viewer's line carries."""
_ORIGIN_BYTES_S = 0.9e6
"""What one segment gets on its way from the object storage, which no edge has."""
_BASE_STALLED = 0.0015
"""Viewers' own networks, whatever we do."""
_SPREAD = 3.0
"""Steepness of the chance that a segment comes too late, as its mean time nears its length."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaybackFlow:
    """[n] each."""

    started: Floats
    """Streams a second that began."""
    failed: Floats
    """Streams a second that did not."""
    startup_s: Floats
    """Mean time from the press of the button to the first picture."""
    playing: Floats
    """Viewers."""
    stalled: Floats
    """Part of the viewing time in which the picture stands still."""


def playback(
    asked: tuple[Floats, Floats, Floats], video: tuple[Floats, Floats, Floats], origin_s: Floats
) -> PlaybackFlow:
    """`asked`: streams wanted and got a second, and seconds the API takes; `video`: segments, hits, bytes a second."""
    wanted, got, api_s = asked
    segments, hits, sent = video
    each = sent / np.maximum(segments, 1e-9)
    missed = 1.0 - hits / np.maximum(segments, 1e-9)
    near = each / _LINE_BYTES_S
    far = origin_s + each / _ORIGIN_BYTES_S
    mean = near + missed * far
    # Segments that come from far are late with a chance that grows as they near their own length.
    late = missed / (1.0 + (SEGMENT_S / np.maximum(near + far, 1e-9)) ** _SPREAD)
    return PlaybackFlow(
        started=got,
        failed=np.maximum(wanted - got, 0.0),
        startup_s=api_s + _SEGMENTS_TO_START * mean,
        playing=segments * SEGMENT_S,
        stalled=np.minimum(_BASE_STALLED + late, 1.0),
    )

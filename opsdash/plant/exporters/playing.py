"""What players report of streams, under names of our own: no exporter has it."""

from __future__ import annotations

import numpy as np

from opsdash.plant.exporters.table import Table, column, fixed, interleaved
from opsdash.plant.flow import Flow
from opsdash.plant.layers.cdn import PATHS
from opsdash.plant.layers.playback import PlaybackFlow, playback
from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

_VIDEO = PATHS.index("/media/*")


def playback_tables(recorder: Recorder, world: World) -> list[Table]:
    """One table where there are streams, none elsewhere."""
    plays = [i for i, route in enumerate(world.topology.routes) if route.path == "/api/play"]
    if not plays or not world.topology.cdn.video_rps:
        return []

    def of(flow: Flow) -> PlaybackFlow:
        return _playback(flow, plays)

    table = fixed(recorder, [{"job": "rum", "instance": "rum:9121"}])
    table.counter("video_starts_total", "Streams that viewers wanted, by what became of them.",
                  lambda f: interleaved(column(of(f).started), column(of(f).failed)),
                  ({"result": "started"}, {"result": "failed"}))  # fmt: skip
    table.counter("video_startup_seconds", "Time to the first picture.",
                  lambda f: column(of(f).started), shown_as="summary", suffix="_count")  # fmt: skip
    table.counter("video_startup_seconds", "Time to the first picture.",
                  lambda f: column(of(f).started * of(f).startup_s), whole=False, shown_as="summary",
                  suffix="_sum")  # fmt: skip
    table.gauge("video_viewers", "Streams that play.", lambda f: column(of(f).playing))
    table.counter("video_playing_seconds_total", "Viewing time, stalls included.",
                  lambda f: column(of(f).playing), whole=False)  # fmt: skip
    table.counter("video_rebuffering_seconds_total", "Viewing time in which the picture stood still.",
                  lambda f: column(of(f).playing * of(f).stalled), whole=False)  # fmt: skip
    table.cover(1)
    return [table]


def _playback(flow: Flow, plays: list[int]) -> PlaybackFlow:
    outcomes, cdn = flow.users.outcomes[:, plays], flow.supply.cdn
    api_s = flow.users.median_s[:, plays].mean(axis=1) * MEAN_OVER_MEDIAN
    video = [part[:, _VIDEO :: len(PATHS)].sum(axis=1) for part in (cdn.requests, cdn.hits, cdn.bytes_sent)]
    asked = (outcomes.sum(axis=(1, 2)), outcomes[:, :, 0].sum(axis=1), api_s)
    origin_s = np.maximum(cdn.origin_s, flow.supply.storage.first_byte_s)
    return playback(asked, (video[0], video[1], video[2]), origin_s)

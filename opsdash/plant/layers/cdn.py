"""The browsers' caches and the CDN: hits by edge and path, compression, egress, what the origin still sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.topology import Cdn

Floats = npt.NDArray[np.float64]

EDGES = ("FRA50", "IAD89", "GRU3")
_EDGE_PARTS = np.array([0.52, 0.33, 0.15])
PATHS = ("/assets/*", "/images/*", "/media/*")
"""Bundles, pictures, and segments of video."""
_COMPRESSED = 0.27
"""Size of text after compression."""
_REVALIDATED = 0.1
"""Part of the requests answered 304: the browser's copy is still good."""
_WARM_REQUESTS = 60_000.0
"""Requests that fill an empty CDN."""


@dataclass(frozen=True, slots=True, eq=False)
class CdnFlow:
    """Rates a second."""

    pages: Floats
    """[n] what browsers need."""
    browser_hits: Floats
    """[n] answered from the browser's own cache."""
    requests: Floats
    """[n, edges × paths] what reaches an edge."""
    hits: Floats
    """[n, edges × paths]"""
    not_modified: Floats
    bytes_sent: Floats
    """[n, edges × paths]"""
    bytes_original: Floats
    """Before compression."""
    origin_s: Floats
    """[n] mean time of the origin."""


class CdnEdge:
    """All edges and paths."""

    def __init__(self, cdn: Cdn) -> None:
        self.cdn = cdn
        self.compression = True
        self.ttl_s: Floats = np.full(len(PATHS), 86_400.0)
        """How long a copy stays good, by path."""
        self.warmth: Floats = np.ones(len(PATHS))
        parts = np.array([0.35, 0.65, 0.0]) * cdn.static_rps
        self._rates = np.array([parts[0], parts[1], cdn.video_rps])
        self._kilobytes = np.array([cdn.kilobytes * 1.6, cdn.kilobytes * 0.7, max(cdn.video_kilobytes, 1.0)])
        self._text = np.array([min(cdn.text_part * 2.0, 0.95), 0.05, 0.0])
        self._best = np.array([min(cdn.hit_ratio + 0.02, 0.99), cdn.hit_ratio, cdn.hit_ratio])

    def hit_ratio(self) -> Floats:
        """What an edge has, by path: less while it fills, nothing when copies are not kept."""
        kept = self.ttl_s / (self.ttl_s + 45.0)
        return np.asarray(self._best * self.warmth * kept)

    def step(self, wanted: Floats, origin_s: float) -> CdnFlow:
        """Load against normal, [n]."""
        pages = wanted[:, None] * self._rates
        in_browser = np.array([1.0, 1.0, 0.0]) * self.cdn.browser_hit_ratio * (self.ttl_s > 30.0)
        at_edge = pages * (1.0 - in_browser)
        hit = self.hit_ratio()
        hits = at_edge * hit
        missed = (at_edge - hits).mean(axis=0)
        fills = np.where(self.ttl_s > 0, missed, 0.0) * len(wanted) / _WARM_REQUESTS
        self.warmth = 1.0 - (1.0 - self.warmth) * np.exp(-fills * 12.0)
        not_modified = at_edge * _REVALIDATED * (self.ttl_s > 0)
        original = (at_edge - not_modified) * self._kilobytes * 1024
        ratio = _COMPRESSED if self.compression else 1.0
        sent = original * (1.0 - self._text + self._text * ratio)
        return CdnFlow(
            pages=pages.sum(axis=1),
            browser_hits=(pages - at_edge).sum(axis=1),
            requests=_by_edge(at_edge),
            hits=_by_edge(hits),
            not_modified=_by_edge(not_modified),
            bytes_sent=_by_edge(sent),
            bytes_original=_by_edge(original),
            origin_s=np.full(len(wanted), origin_s),
        )


def _by_edge(by_path: Floats) -> Floats:
    return np.asarray((_EDGE_PARTS[:, None] * by_path[:, None, :]).reshape(len(by_path), -1))

"""The firewall at the edge: clients that stand out, limits by address and by service, and the list of blocked ones."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CROWD_RPS = 0.2
"""What a usual client asks for in a second, on average."""


@dataclass(frozen=True, slots=True)
class Client:
    """An address that asks for much more than others."""

    address: str
    country: str
    agent: str
    kind: str
    route: int
    rps: float


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses that get 403, until a second since the epoch."""

    network: Network
    until_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """What came through and what did not, in requests a second."""

    passed: Floats
    """[n, routes]"""
    limited: Floats
    """[n, routes], answered 429."""
    blocked: Floats
    """[n, routes], answered 403."""
    client_requests: Floats
    """[n, clients]"""
    client_limited: Floats
    client_blocked: Floats


class Firewall:
    """Rate limits, blocks and the clients that they meet."""

    def __init__(self, routes: int, usual: tuple[Client, ...]) -> None:
        self.routes = routes
        self.usual = usual
        self.attackers: tuple[Client, ...] = ()
        self.address_limit_rps = 200.0
        self.service_limit_rps: dict[int, float] = {}
        """Route index → what all clients together may ask for; all routes of a service share its limit."""
        self.blocks: dict[str, Block] = {}

    @property
    def clients(self) -> tuple[Client, ...]:
        """The usual ones and, in an attack, the attackers."""
        return self.usual + self.attackers

    def expire(self, now: float) -> None:
        """Lift the blocks whose time is over."""
        for key in [key for key, block in self.blocks.items() if block.until_s <= now]:
            del self.blocks[key]

    def is_blocked(self, address: str) -> bool:
        """Whether an address is in a blocked network."""
        if not self.blocks:
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed in block.network for block in self.blocks.values())

    def filter(self, crowd: Floats, noise: Floats, route_service: npt.NDArray[np.int64]) -> Filtered:
        """Sort what the crowd ([n, routes]) and the clients ask for; `noise` is a factor around 1, [n, 1]."""
        clients = self.clients
        asked = np.array([client.rps for client in clients]) * noise
        is_blocked = np.array([self.is_blocked(client.address) for client in clients], dtype=bool)
        client_blocked = np.where(is_blocked, asked, 0.0)
        client_limited = np.maximum(asked - client_blocked - self.address_limit_rps, 0.0)
        onto = np.zeros((len(clients), self.routes))
        onto[np.arange(len(clients)), [client.route for client in clients]] = 1.0
        # The crowd's addresses ask at exponentially spread rates; few are over any sensible limit.
        crowd_limited = crowd * np.exp(-self.address_limit_rps / CROWD_RPS)
        passed = crowd - crowd_limited + (asked - client_blocked - client_limited) @ onto
        limited = crowd_limited + client_limited @ onto
        for service, most in self.service_limit_rps.items():
            mine = route_service == service
            whole = passed[:, mine].sum(axis=1, keepdims=True)
            over = passed[:, mine] * np.maximum(1.0 - most / np.maximum(whole, 1e-9), 0.0)
            passed[:, mine] -= over
            limited[:, mine] += over
        return Filtered(passed, limited, client_blocked @ onto, asked, client_limited, client_blocked)

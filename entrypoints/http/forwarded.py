"""Who calls, where proxies stand in between.

uvicorn's own middleware for it takes whatever a proxy wrote for an address, which then names a caller in the log and in
the limits, and does not know a proxy by its IPv4 address on an IPv6 socket. Hence these few lines.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

_MOST_HOPS = 20
_PORT = ":"


class TrustedProxies:
    """The proxies that are believed: addresses and networks (`10.0.0.0/8`). Raises ValueError where one is neither."""

    def __init__(self, proxies: Iterable[str]) -> None:
        self._networks = [ip_network(proxy) for proxy in proxies]

    def see_through(self, scope: Any) -> None:
        """Puts the caller in the place of a trusted proxy in `scope`, and whether it came over TLS.

        The caller is the last address in X-Forwarded-For that is no trusted proxy; where one on the way there is no
        address, the proxy stands for its callers.
        """
        client = scope.get("client")
        if not client or (nearest := _address(client[0])) is None or not self._trusts(nearest):
            return
        told: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                told += value.split(b",")
            elif name == b"x-forwarded-proto":  # the nearest proxy speaks last
                scope["scheme"] = "https" if value.rpartition(b",")[2].strip().lower() == b"https" else "http"
        for hop in reversed(told[-_MOST_HOPS:]):
            address = _address(hop.strip().decode("latin-1"))
            if address is None:
                return
            if not self._trusts(address):
                scope["client"] = str(address), 0
                return

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `text`, without a port; an IPv4 address as one, also where IPv6 wraps it."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(_PORT) == 1:
        text = text.partition(_PORT)[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        return address.ipv4_mapped or address
    return address

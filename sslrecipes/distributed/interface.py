"""The network interface over which processes on several machines reach each other."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Mapping

from sslrecipes.errors import ConfigError

_SIOCGIFADDR = 0x8915
#: An address that is nowhere (RFC 5737): the way to it is the way to other networks.
_ELSEWHERE = '192.0.2.1'
_ANY_PORT = 9


def gloo_interface(environment: Mapping[str, str]) -> str | None:
    """Name the interface for gloo, which otherwise takes that of the host's name: on Debian, 127.0.1.1.

    It is the one that leads to the first machine; on that machine itself, if it knows its own name only as a loopback
    address, the one that leads to other networks, or the only one.

    Args:
        environment: ``WORLD_SIZE``, ``LOCAL_WORLD_SIZE``, ``MASTER_ADDR``; ``GLOO_SOCKET_IFNAME``, if somebody chose.

    Returns:
        Value of ``GLOO_SOCKET_IFNAME``; None to leave it as it is, as on a single machine.

    Raises:
        ConfigError: If it can't be told.
    """
    one_machine = environment.get('LOCAL_WORLD_SIZE') in (None, environment['WORLD_SIZE'])
    if one_machine or environment.get('GLOO_SOCKET_IFNAME'):
        return None
    outside = {name: address for name, address in interfaces().items() if not is_loopback(address)}
    own = (own_address_towards(environment['MASTER_ADDR']), own_address_towards(_ELSEWHERE))
    found = [name for address in own for name, its in outside.items() if its == address]
    if not found and len(outside) != 1:
        raise ConfigError(
            f'No network interface leads to the first machine, {environment["MASTER_ADDR"]}: name one of '
            f'{", ".join(outside) or "none that is up"} in GLOO_SOCKET_IFNAME.'
        )
    return [*found, *outside][0]


def interfaces() -> dict[str, str]:
    """IPv4 addresses of the interfaces of this machine that have one."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            request = struct.pack('256s', name.encode()[:15])
            try:
                found[name] = socket.inet_ntoa(fcntl.ioctl(asking, _SIOCGIFADDR, request)[20:24])
            except OSError:  # it has none
                continue
    return found


def own_address_towards(host: str) -> str | None:
    """Address that this machine has in connections to a host; None if no way leads there. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((host, _ANY_PORT))
        except OSError:
            return None
        address: str = asking.getsockname()[0]
        return address


def is_loopback(address: str) -> bool:
    """Tell whether an address is the machine's own, such as 127.0.1.1."""
    return ipaddress.ip_address(address).is_loopback

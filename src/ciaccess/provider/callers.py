"""The user behind a connection to the plugin, whose port every user of the machine can reach.

The kernel's table of TCP sockets names the owner of a connection on loopback. Where there is no such table (not Linux), or
the peer is not on loopback's IPv4, which the plugin listens on, nothing can be found out, and every caller is accepted.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from pathlib import Path

# A client may use a socket of IPv6 for an address of IPv4.
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ADDRESS = int.from_bytes(socket.inet_aton("127.0.0.1"), sys.byteorder)  # as the table writes it
_LOOPBACK = re.compile(r"ipv4:127\.0\.0\.1:(\d+)")
# Reading the table takes milliseconds on a busy machine; a port is given to no other connection for at least a second.
_KNOWN_SECONDS = 1.0


class Callers:
    """The connections to one port."""

    def __init__(self) -> None:
        self.port = 0
        self._known_until: dict[str, float] = {}

    def is_same_user(self, peer: str) -> bool:
        """Tell whether a peer, as gRPC names it, belongs to a process of this process's user."""
        if time.monotonic() < self._known_until.get(peer, 0.0):
            return True
        found = _LOOPBACK.fullmatch(peer)
        if found and _owner(int(found[1]), self.port) not in (None, os.getuid()):
            return False
        self._known_until[peer] = time.monotonic() + _KNOWN_SECONDS
        return True


def _owner(port: int, server_port: int) -> int | None:
    """Return the uid of a loopback connection; -1 if there is none, None without a table."""
    ends = tuple(f"{_ADDRESS:08X}:{each:04X}" for each in (port, server_port))
    try:
        rows = [row for table in _TABLES if table.exists() for row in table.read_text("ascii").splitlines()]
    except OSError:
        return None
    fields = (row.split() for row in rows if ends[0] in row)
    owners = (int(each[7]) for each in fields if each[1].endswith(ends[0]) and each[2].endswith(ends[1]))
    return next(owners, -1 if rows else None)

"""Ports for servers that must know theirs before they start."""

import itertools
import os
import socket

# Below the ports that systems give to clients and to whoever asks for any: none of those takes one between
# our look and our start.
LOWEST, MANY = 20_000, 12_000
_next = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """A port of the loopback interface that nobody uses, another one each time."""
    for number in itertools.islice(_next, MANY):
        port = LOWEST + number % MANY
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")

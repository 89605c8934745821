"""Sockets for the probe on MicroPython: the ESP32 and the unix port."""

import asyncio
import os
import socket
from errno import EINPROGRESS


async def start_server(serve, ip, port):
    """Listen; (server, port really used). Port 0 tries free-looking ones, as MicroPython cannot ask which one
    it was given."""
    if port:
        return await asyncio.start_server(serve, ip, port, 16), port
    for _ in range(50):
        high, low = os.urandom(2)
        number = 20000 + ((high << 8 | low) % 12000)
        try:
            return await asyncio.start_server(serve, ip, number, 16), number
        except OSError:
            # Taken: the next throw of the dice.
            pass
    raise OSError(f"no free port found on {ip}")


async def resolve(host):
    """The IPv4 address of a host name. A numeric one costs nothing; a name blocks while it is looked up."""
    if all(sign in "0123456789." for sign in host):
        return host
    return place(socket.getaddrinfo(host, 80)[0][-1])[0]


async def connect(ip, port):
    """(reader, writer) of a new TCP connection; gives the socket back when the attempt is cancelled."""
    # asyncio.open_connection loses its socket when it is cancelled: one lost socket for each hub that is
    # switched off.
    sock = socket.socket()
    try:
        sock.setblocking(False)
        try:
            sock.connect(socket.getaddrinfo(ip, port)[0][-1])
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        await _writable(sock)
    except BaseException:
        sock.close()
        raise
    stream = asyncio.StreamReader(sock)
    return stream, stream


def drop(writer):
    """Close at once, whatever is still unsent."""
    writer.s.close()


def finish(writer):
    """MicroPython cannot close one direction only; a visitor that reads Content-Length does not need it."""


async def hang_up(writer):
    """Close; what was written is with the system already."""
    writer.s.close()


async def receive(sock):
    """One datagram as (data, ip, port)."""
    await _readable(sock)
    data, sender = sock.recvfrom(1500)
    ip, port = place(sender)
    return data, ip, port


def place(sender):
    """(ip, port) of a socket address: a tuple on the board, the raw `struct sockaddr_in` on the unix port."""
    if isinstance(sender, tuple):
        return sender[0], sender[1]
    return ".".join(str(byte) for byte in sender[4:8]), sender[2] << 8 | sender[3]


def own_address():
    """The address that multicast would leave from, or None without a network. For the unix port; a board asks
    its Wi-Fi."""
    # Without getsockname() the sender's address of a datagram to oneself tells; a lifetime of 0 keeps it
    # inside this machine.
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        high, low = os.urandom(2)
        port = 40000 + ((high << 8 | low) % 20000)
        sock.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
        sock.setsockopt(0, 33, 0)
        sock.setsockopt(0, 35, bytes([224, 0, 0, 251, 0, 0, 0, 0]))
        sock.settimeout(0.2)
        sock.sendto(b"?", socket.getaddrinfo("224.0.0.251", port)[0][-1])
        return place(sock.recvfrom(16)[1])[0]
    except OSError:
        return None
    finally:
        sock.close()


# Plain generators, not `async def`: only so can a coroutine of MicroPython hand a socket to the event loop.
def _readable(sock):
    yield asyncio.core._io_queue.queue_read(sock)


def _writable(sock):
    yield asyncio.core._io_queue.queue_write(sock)

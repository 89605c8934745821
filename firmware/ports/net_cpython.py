"""Sockets for the probe on CPython's asyncio."""

import asyncio
import socket


async def start_server(serve, ip, port):
    """Listen; (server, port really used). Port 0 takes any free one."""
    tasks = set()

    # A task of our own: the one that asyncio makes complains on stderr when Ctrl-C meets an open connection.
    def accept(reader, writer):
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, ip, port, backlog=16, limit=4096)
    return server, server.sockets[0].getsockname()[1]


async def resolve(host):
    """The IPv4 address of a host name; OSError when there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, None, family=socket.AF_INET, type=socket.SOCK_STREAM
    )
    return found[0][4][0]


async def connect(ip, port):
    """(reader, writer) of a new TCP connection."""
    return await asyncio.open_connection(ip, port, limit=4096)


def drop(writer):
    """Close at once, whatever is still unsent."""
    writer.transport.abort()


def finish(writer):
    """Say that nothing more will be written; reading goes on."""
    if writer.can_write_eof():
        writer.write_eof()


async def hang_up(writer):
    """Close when what was written is on its way; may raise OSError."""
    writer.close()
    await writer.wait_closed()


async def receive(sock):
    """One datagram as (data, ip, port)."""
    data, sender = await asyncio.get_running_loop().sock_recvfrom(sock, 9000)
    return data, sender[0], sender[1]


def own_address():
    """The address that multicast would leave from, or None without a network."""
    # connect() on a datagram socket only looks up the route; nothing is sent.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("224.0.0.251", 5353))
            return sock.getsockname()[0]
        except OSError:
            return None

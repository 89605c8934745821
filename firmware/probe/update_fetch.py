"""One GET whose body goes piece by piece to a function, so that a file never has to fit into memory.

`net` as for probe/client.py. Sampling goes on between the pieces.
"""

import asyncio

from probe.rooms import give_up

PIECE = 512
MAX_HEAD = 2048


class Failed(ValueError):
    """What was asked for did not come whole; the text says why, for a person."""


async def fetch(net, url, path, token, take, most, timeout_s=10):
    """GET `path` of the hub that takes readings at `url`; `take(piece)` for each piece of the body.

    Gives its length; Failed when it is longer than `most` or cut off.
    """
    from probe import address

    host, port, base = address.base(url)
    del address
    give_up("probe.address")
    where = f"{host}:{port}"
    try:
        reader, writer = await asyncio.wait_for(_connect(net, host, port), timeout_s)
        try:
            lines = [f"GET {base}{path} HTTP/1.1", "Host: " + where, "Connection: close"]
            if token:
                lines.append("X-Token: " + token)
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await asyncio.wait_for(writer.drain(), timeout_s)
            head, rest = await _head(reader, timeout_s)
            length = _judge(head, rest, most)
            await _pieces(reader, rest, length, take, timeout_s)
            return length
        finally:
            net.drop(writer)
    except asyncio.TimeoutError:
        raise Failed(f"The hub at {where} does not answer in time.")
    except (OSError, EOFError, ValueError) as error:
        raise Failed(f"The hub at {where} cannot be read from ({error}).")


async def _connect(net, host, port):
    return await net.connect(await net.resolve(host), port)


async def _head(reader, timeout_s):
    data = b""
    while b"\r\n\r\n" not in data:
        more = await asyncio.wait_for(reader.read(PIECE), timeout_s)
        if not more:
            raise EOFError("it closed the connection")
        data += more
        if len(data) > MAX_HEAD:
            raise ValueError("its reply makes no sense")
    end = data.find(b"\r\n\r\n")
    return data[:end].decode().split("\r\n"), data[end + 4 :]


def _judge(lines, rest, most):
    parts = lines[0].split(" ")
    if len(parts) < 2 or not parts[0].startswith("HTTP/1."):
        raise ValueError("it does not speak HTTP")
    if parts[1] != "200":
        raise ValueError("it answers " + parts[1][:3])
    for line in lines[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-length":
            length = int(value.strip())
            if not len(rest) <= length <= most:
                raise ValueError("its reply is too long")
            return length
    raise ValueError("it does not say how long its reply is")


async def _pieces(reader, rest, length, take, timeout_s):
    if rest:
        take(rest)
    left = length - len(rest)
    while left:
        piece = await asyncio.wait_for(reader.read(min(PIECE, left)), timeout_s)
        if not piece:
            raise EOFError("its reply was cut off")
        take(piece)
        left -= len(piece)

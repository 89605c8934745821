"""Replies that do not say how long they are, in chunks or up to the end of the connection: no hub sends such.
Loaded for each."""

MAX_BODY = 4096


async def read(reader, chunked, data, parsed):
    """As client._body; `data` is what has come of it, `parsed(data)` the object that it is, None while it is
    none."""
    if not chunked:
        # Up to the end of the connection; whoever forgets to close it has said all with a whole object.
        while parsed(data) is None:
            more = await reader.read(512)
            if not more:
                break
            data += more
            if len(data) > MAX_BODY:
                raise ValueError("its reply is too long")
        return data, False
    while True:
        body = _unchunk(data)
        if body is not None:
            return body, True
        more = await reader.read(512)
        if not more:
            raise EOFError("its reply was cut off")
        if len(data) > 2 * MAX_BODY:
            raise ValueError("its reply is too long")
        data += more


def _unchunk(data):
    """The body out of its chunks, None while the last one has not come."""
    body = b""
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        count = int(data[at:end].split(b";")[0], 16)
        if count <= 0:
            # Behind the last chunk there may be further header lines.
            return body if data.find(b"\r\n\r\n", end) >= 0 else None
        at = end + 2 + count
        body += data[end + 2 : at]
        at += 2
        if at > len(data):
            return None

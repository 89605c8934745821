"""The head of a plain delivery: the one form of request that is read without Tornado's connection. Pure functions; any thread.

What is not of this form to the letter is no error: Tornado reads it from its first byte on and judges it as ever. So nothing can be
taken here that Tornado would refuse, or end elsewhere than where Tornado sees its end: one length in plain digits, no encoding, no
field twice, no folding, no sign that is not printable ASCII.
"""

import re
from typing import NamedTuple

START = b"POST /api/ingest HTTP/1.1\r\n"
END = b"\r\n\r\n"
# Longer heads and bodies are rare; Tornado has its own limits for them.
MAX_HEAD = 4096
MAX_BODY = 65_536
# Fields that change nothing in how a message is read, who may send it, or who is asked. All others are Tornado's and the guard's.
NAMES = {
    name.lower(): name
    for name in (
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "Content-Length",
        "Connection",
        "Authorization",
        "X-Token",
        "X-Counter",
        "X-Signature",
    )
}
LENGTH = re.compile(r"[1-9][0-9]{0,4}")


class PlainHead(NamedTuple):
    """fields: by their usual spelling; length: bytes of the body, at least 1; closes: whether the connection ends with the reply."""

    fields: dict[str, str]
    length: int
    closes: bool


def may_begin(data: bytes) -> bool:
    """Whether bytes that are no whole head yet may become a plain one."""
    return len(data) <= MAX_HEAD and (data.startswith(START) if len(data) >= len(START) else START.startswith(data))


def plain_head(data: bytes) -> PlainHead | None:
    """A head without its empty line, or None for one that Tornado is to read."""
    if not data.startswith(START) or not data.isascii() or len(data) > MAX_HEAD:
        return None
    fields: dict[str, str] = {}
    for line in data[len(START) :].decode("ascii").split("\r\n"):
        name, colon, value = line.partition(":")
        known = NAMES.get(name.lower())
        # What is printable holds no tab, no lone CR or LF, no NUL.
        if known is None or not colon or known in fields or not line.isprintable():
            return None
        fields[known] = value.strip(" ")
    length, connection = fields.get("Content-Length", ""), fields.get("Connection", "keep-alive").lower()
    if "Host" not in fields or LENGTH.fullmatch(length) is None or int(length) > MAX_BODY or connection not in ("keep-alive", "close"):
        return None
    return PlainHead(fields, int(length), connection == "close")

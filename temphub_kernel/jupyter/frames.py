"""The form of what a page sends over its websocket, checked before any library reads it. Any thread.

Jupyter's readers of both protocols believe a message's own count of its parts, and where it says that they
begin: a few bytes could have them compute for hours and fill the memory. Here each number is held against the
message's size first, and what goes on to the kernel is written anew from what was read, so that no other
reader can read anything else out of it.
"""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

# What widgets need of their kernel. All else (running code, debugging, the history) would reach the other
# pages too.
SHELL = frozenset({"comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"})
SHUTDOWN = "shutdown_request"
KNOWN = SHELL | {SHUTDOWN}
# A page opens one channel by itself, to ask for the widgets that there are; it makes no widgets.
CONTROL = "jupyter.widget.control"
# The longest that a page sends by itself has half a kilobyte; what a person writes, a note or a name, has a
# few.
MOST_BYTES = 64 * 1024
HEADER, PARENT, METADATA, CONTENT = range(4)
MOST_BUFFERS = 64
MOST_DEPTH = 32
NUMBER = 8
MOST_TEXT = 200
FIELDS = ("msg_id", "session", "username", "version")


class Malformed(ValueError):
    """What is no message of a page; its text says in a few words why."""


class Message(NamedTuple):
    """One message. parts: header, parent, metadata, content as JSON, then buffers."""

    kind: str
    channel: str
    parts: list[bytes]


def read(raw: object, marks: dict[str, str]) -> Message:
    """A message of the protocol v1.kernel.websocket.jupyter.org. marks: what its metadata says of whose it
    is, whatever it said itself.

    Raises Malformed.
    """
    if not isinstance(raw, bytes):
        raise Malformed("text instead of a binary message")
    if len(raw) > MOST_BYTES:
        raise Malformed("too long")
    channel, *parts = _parts(raw)
    header = _object(parts[HEADER], "header")
    kind = header.get("msg_type")
    if not isinstance(kind, str) or kind not in KNOWN:
        raise Malformed("of a type that pages do not send")
    if channel not in ((b"shell", b"control") if kind == SHUTDOWN else (b"shell",)):
        raise Malformed("on a channel that pages do not use")
    content = _object(parts[CONTENT], "content")
    _check(kind, content)
    told = [
        _header(header, kind),
        _object(parts[PARENT], "parent header"),
        _object(parts[METADATA], "metadata") | marks,
        content,
    ]
    return Message(kind, channel.decode("ascii"), [*(_written(one) for one in told), *parts[CONTENT + 1 :]])


def _parts(raw: bytes) -> list[bytes]:
    """The channel and the parts behind it: 8 bytes that count the offsets, the offsets, then what they point
    at, without a gap."""
    count = int.from_bytes(raw[:NUMBER], "little")
    start = NUMBER * (count + 1)
    # The channel and four parts need six; the size of what was really sent bounds them before any is read.
    if len(raw) < NUMBER or not CONTENT + 3 <= count <= CONTENT + 3 + MOST_BUFFERS or start > len(raw):
        raise Malformed("with a number of parts that it cannot have")
    offsets = [int.from_bytes(raw[at : at + NUMBER], "little") for at in range(NUMBER, start, NUMBER)]
    if offsets[0] != start or offsets[-1] != len(raw) or any(one > other for one, other in pairwise(offsets)):
        raise Malformed("with parts that do not lie where it says")
    return [raw[one:other] for one, other in pairwise(offsets)]


def _object(part: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(part.decode("utf-8"), parse_constant=_no_number)
        level = [found]
        for _ in range(MOST_DEPTH):
            level = [
                inner
                for one in level
                for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            ]
    except (ValueError, RecursionError) as error:
        raise Malformed(f"whose {name} is no JSON") from error
    if not isinstance(found, dict) or level:
        raise Malformed(f"whose {name} is no object of JSON, or one too deep")
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)


def _header(header: dict[str, Any], kind: str) -> dict[str, Any]:
    kept = {name: header.get(name, "") for name in (*FIELDS, "date")}
    if not all(isinstance(one, str) and len(one) <= MOST_TEXT for one in kept.values()):
        raise Malformed("whose header is not as a page's")
    try:
        # The kernel takes it for a time, and complains at length of one that is none.
        datetime.fromisoformat(kept["date"])
    except ValueError as error:
        raise Malformed("whose header has no date") from error
    return {**kept, "msg_type": kind}


def _check(kind: str, content: dict[str, Any]) -> None:
    wanted: dict[str, Callable[[Any], bool]] = {}
    if kind.startswith("comm_") and kind != "comm_info_request":
        wanted = {"comm_id": _is_text, "data": lambda data: isinstance(data, dict)}
    if kind == "comm_open":
        wanted["target_name"] = lambda name: name == CONTROL
    # A close may come without.
    if not all(
        is_right(content.get(name, {} if name == "data" else None)) for name, is_right in wanted.items()
    ):
        raise Malformed("whose content is not as a page's")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_TEXT


def _written(told: dict[str, Any]) -> bytes:
    try:
        return json.dumps(told, allow_nan=False).encode("ascii")
    except (ValueError, RecursionError) as error:
        raise Malformed("with a number that JSON does not know") from error

"""Messages as a page's browser sends them over its websocket, written from the protocol's public text
alone."""

import json
from typing import Any

PROTOCOL = "v1.kernel.websocket.jupyter.org"


def header(kind: Any, **other: Any) -> dict[str, Any]:
    """A message's header."""
    known = {
        "msg_id": "1",
        "session": "s",
        "username": "",
        "version": "5.2",
        "date": "2026-11-29T05:37:20.844Z",
    }
    return {**known, "msg_type": kind, **other}


def content(kind: str, comm_id: str = "c") -> dict[str, Any]:
    """What a page's message of that kind says."""
    said: dict[str, dict[str, Any]] = {
        "comm_open": {"comm_id": comm_id, "target_name": "jupyter.widget.control", "data": {}},
        "comm_msg": {"comm_id": comm_id, "data": {"method": "request_states"}},
        "comm_close": {"comm_id": comm_id},
    }
    return said.get(kind, {})


def message(
    head: Any,
    metadata: Any,
    what: Any,
    *,
    channel: str = "shell",
    buffers: list[bytes] | None = None,
    parts: list[bytes] | None = None,
) -> bytes:
    """The bytes of one message: how many offsets, the offsets, the channel, and the parts. parts: instead of
    the four first arguments'."""
    told = parts or [json.dumps(one, ensure_ascii=False).encode() for one in (head, {}, metadata, what)]
    pieces = [channel.encode(), *told, *(buffers or [])]
    offsets = [8 * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return b"".join(
        [len(offsets).to_bytes(8, "little"), *(one.to_bytes(8, "little") for one in offsets), *pieces]
    )

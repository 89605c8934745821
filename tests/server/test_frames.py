"""What a page sends is held against its own size before any library reads it. The lies here are small ones,
of a few bytes."""

import json

import pytest

from support.messages import content, header, message
from temphub_kernel.jupyter.frames import MOST_BYTES, MOST_DEPTH, Malformed, read

DEEP = [[1]]
for _ in range(MOST_DEPTH):
    DEEP = [DEEP]
MARKS = {"visit": "v", "visitor": "login 192.168.1.20"}


def test_what_pages_send_goes_on_with_its_own_marks():
    """Whatever a message's metadata says of whose it is: what goes on says what the server knows; buffers are
    passed on as they are."""
    raw = message(
        header("comm_msg"), {"visit": "other", "kept": 1}, content("comm_msg"), buffers=[b"", b"\x00\x01"]
    )
    found = read(raw, MARKS)
    assert (found.kind, found.channel) == ("comm_msg", "shell")
    told, parent, metadata, what, *buffers = found.parts
    assert (
        json.loads(metadata) == {"kept": 1, **MARKS}
        and json.loads(parent) == {}
        and buffers == [b"", b"\x00\x01"]
    )
    assert json.loads(told) == header("comm_msg") and json.loads(what) == content("comm_msg")


@pytest.mark.parametrize(
    "kind",
    ["comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request", "shutdown_request"],
)
def test_each_kind_that_pages_send_is_taken(kind):
    """Also one in two scripts, and the ending of a visit on the channel that Jupyter's own page uses for
    it."""
    channel = "control" if kind == "shutdown_request" else "shell"
    assert (
        read(message(header(kind, username="Zoë 温度"), {}, content(kind), channel=channel), MARKS).kind
        == kind
    )


# (what is said, what is changed of a good message)
LIES = {
    "text instead of a binary message": [
        lambda raw: raw.decode("latin1"),
        lambda raw: json.dumps({"header": header("comm_msg")}),
    ],
    "with a number of parts that it cannot have": [
        lambda raw: b"",
        lambda raw: raw[:7],
        lambda raw: raw[:20],
        lambda raw: (0).to_bytes(8, "little") + raw[8:],
        lambda raw: (5).to_bytes(8, "little") + raw[8:],
    ],
    "with parts that do not lie where it says": [
        lambda raw: (7).to_bytes(8, "little") + raw[8:],
        lambda raw: raw + b" ",
        lambda raw: raw[:-1],
        lambda raw: raw[:8] + (int.from_bytes(raw[8:16], "little") + 1).to_bytes(8, "little") + raw[16:],
        lambda raw: raw[:16] + raw[24:32] + raw[16:24] + raw[32:],
    ],
    "too long": [lambda raw: raw + b" " * MOST_BYTES],
}


@pytest.mark.parametrize(("why", "lie"), [(why, lie) for why, lies in LIES.items() for lie in lies])
def test_a_message_that_lies_about_its_form_is_dropped(why, lie):
    """A part too many or too few, an offset that is off by one, two that are swapped, a cut end, a wrong kind
    of frame."""
    with pytest.raises(Malformed, match=why):
        read(lie(message(header("comm_msg"), {}, content("comm_msg"))), MARKS)


@pytest.mark.parametrize(
    ("head", "what", "channel"),
    [
        (header("execute_request"), {"code": "1"}, "shell"),
        (header("debug_request"), {}, "control"),
        (header("comm_msg"), content("comm_msg"), "control"),
        (header("comm_msg"), content("comm_msg"), "stdin"),
        (header("comm_msg"), content("comm_msg"), "nowhere"),
        (header(["comm_msg"]), {}, "shell"),
        (header("comm_msg", session=1), content("comm_msg"), "shell"),
        (header("comm_msg", msg_id="1" * 300), content("comm_msg"), "shell"),
        (header("comm_msg", date="2026-13-01T00:00:00Z"), content("comm_msg"), "shell"),
        (header("comm_msg", date=""), content("comm_msg"), "shell"),
        ([], content("comm_msg"), "shell"),
        (header("comm_msg"), [], "shell"),
        (header("comm_msg"), {"comm_id": 1, "data": {}}, "shell"),
        (header("comm_msg"), {"data": {}}, "shell"),
        (header("comm_msg"), {"comm_id": "1", "data": []}, "shell"),
        (header("comm_open"), {"comm_id": "1", "target_name": "jupyter.widget", "data": {}}, "shell"),
        (
            header("comm_msg"),
            {
                "comm_id": "1",
                "data": {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
            },
            "shell",
        ),
    ],
)
def test_what_pages_do_not_send_is_dropped(head, what, channel):
    """Code, debugging, other channels, widgets that a page would make, and fields of another kind than a
    page's."""
    with pytest.raises(Malformed):
        read(message(head, {}, what, channel=channel), MARKS)


@pytest.mark.parametrize("text", [b"{", b"\xff{}", b"1", b'{"a": NaN}', b'{"a": 1e999}', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_is_dropped(text):
    """In any part, and what one reader takes for a number and another not."""
    for place in range(4):
        parts = [json.dumps(one).encode() for one in (header("comm_msg"), {}, {}, content("comm_msg"))]
        parts[place] = text
        with pytest.raises(Malformed):
            read(message(*(None,) * 3, parts=parts), MARKS)

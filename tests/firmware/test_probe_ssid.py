"""probe/ssid.py"""

from probe.ssid import raw_of, text_of


def test_every_name_comes_back_as_it_was():
    """Plain, in UTF-8, in Latin-1, of bytes that are no text, and one that looks like our own way to write
    them."""
    names = (
        b"home",
        "Küche 🏠".encode(),
        b"K\xfcche",
        b"\xff\xfe",
        bytes(range(32)),
        b"\\x41",
        b"\\",
        b"a\\xzz",
        b"\xe4\\x41 ",
        b"%41+&<",
    )
    for raw in names:
        text = text_of(raw)
        assert raw_of(text) == raw, raw
        assert all(sign >= " " for sign in text), text


def test_text_is_readable_where_it_can_be():
    """UTF-8 as it is; else the ASCII signs as they are, and the other bytes by their number; a hidden name is
    empty."""
    assert text_of("Küche".encode()) == "Küche"
    assert text_of(b"K\xfcche") == "K\\xfcche"
    assert text_of(b"") == "" and text_of(b"\0\0\0") == ""


def test_what_a_person_types_is_taken_as_it_stands():
    """Only a whole \\xHH is a byte."""
    for text, raw in (("a\\x", b"a\\x"), ("\\x4", b"\\x4"), ("\\x f", b"\\x f"), ("\\xFf", b"\xff")):
        assert raw_of(text) == raw, text

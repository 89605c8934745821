r"""Names of Wi-Fi networks as text. A name is any 32 bytes; what is no UTF-8 is written as `\xHH` for each
byte that is no ASCII sign.

So every network can be listed, chosen on a page, and kept in the settings.
"""

_MARK = "\\x"
_HEX = "0123456789abcdefABCDEF"


def text_of(raw):
    """The name as text; "" for a hidden one."""
    raw = bytes(raw)
    if not raw.strip(b"\0"):
        return ""
    try:
        text = str(raw, "utf-8")
    except UnicodeError:
        text = _MARK
    if _MARK not in text and all(sign >= " " for sign in text):
        return text
    return "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02x}" for byte in raw)


def raw_of(text):
    """The bytes of the name. What only looks like `\\xHH` is taken as it stands."""
    first, *parts = text.split(_MARK)
    raw = first.encode()
    for part in parts:
        if len(part) >= 2 and part[0] in _HEX and part[1] in _HEX:
            raw += bytes([int(part[:2], 16)]) + part[2:].encode()
        else:
            raw += (_MARK + part).encode()
    return raw

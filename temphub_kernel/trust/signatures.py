"""What is signed between hub and probe, and how. docs/trust.md fixes each text; the probe's side is
`firmware/probe/seal.py`. Pure."""

import hashlib
import hmac

KEY_BYTES = 32
HEX = set("0123456789abcdef")


def mac(key: bytes, text: bytes) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Equal texts, compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def probe_token(secret: str, board: str) -> str:
    """The token of one probe without a key: 32 hexadecimal digits that only the holder of SERVER_TOKEN can
    make for its name."""
    return mac(secret.encode(), b"probe token 1\n" + board.encode())[:32]


def key_id(key: bytes) -> str:
    """What a probe says instead of its key: 16 hexadecimal digits."""
    return mac(key, b"id")[:16]


def order(key: bytes, path: str, nonce: str, body: bytes) -> str:
    """The signature of an order to a probe."""
    return mac(key, _lines("order", path, nonce) + body)


def report(key: bytes, path: str, counter: int, body: bytes) -> str:
    """The signature of what a probe delivers."""
    return mac(key, _lines("report", path, counter) + body)


def reply(key: bytes, counter: int, status: int, body: bytes) -> str:
    """The signature of the hub's reply to a signed delivery."""
    return mac(key, _lines("reply", counter, status) + body)


def is_hex(text: object, digits: int) -> bool:
    """Whether a device sent so many hexadecimal digits, in small letters."""
    return isinstance(text, str) and len(text) == digits and set(text) <= HEX


def _lines(*parts: object) -> bytes:
    return "".join(f"{part}\n" for part in parts).encode()

"""The key of this probe and what is signed with it: deliveries, the hub's replies, orders. See docs/trust.md.
One event loop, no locks."""

import hashlib
import os
from binascii import hexlify, unhexlify

# As the hub's counter comes from a reply, it is bounded.
MOST = 1 << 53


def mac(key, text):
    """HMAC-SHA256 of bytes under a key of bytes, in hexadecimal."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    key += b"\0" * (64 - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(text)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    return hexlify(outer.digest()).decode()


def same(one, other):
    """Equal texts, compared in a time that does not tell how much of them is equal."""
    difference = len(one) ^ len(other)
    for i in range(min(len(one), len(other))):
        difference |= ord(one[i]) ^ ord(other[i])
    return difference == 0


class Seal:
    """`key` is bytes, or None while any hub may claim the probe; `offered` is one that no order has confirmed
    yet."""

    def __init__(self, settings):
        self._settings = settings
        self.offered = None
        # Anywhere below 2^30 with each start: a hub's reply that was heard before, 409 or 200, fits no
        # request of this start.
        self._counter = int.from_bytes(os.urandom(4), "big") >> 2
        self.load()

    def load(self):
        """Take the key out of the settings: at the start, and when they change. An offer ends with it."""
        self.key = _key(self._settings.get("key"))
        if self.key:
            self.offered = None
        self.key_id = mac(self.key, b"id")[:16] if self.key else ""
        self.renew()

    def renew(self):
        """A new nonce: an order that was carried out is worth nothing a second time."""
        self.nonce = hexlify(os.urandom(8)).decode()

    def report(self):
        """For /status. The key itself is never told."""
        told = {"key_id": self.key_id}
        if self.key or self.offered:
            told["nonce"] = self.nonce
        return told

    def obeys(self, path, body, signature):
        """True when an order is signed with the key, or with the offered one while there is none."""
        key = self.key or self.offered
        return bool(key) and same(signature, mac(key, _lines("order", path, self.nonce) + body))

    def report_signature(self, path, body):
        """(counter, signature) for one request to the hub; each request counts."""
        self._counter += 1
        return self._counter, mac(self.key, _lines("report", path, self._counter) + body)

    def used(self, counter):
        """The hub says that it has seen this counter already: go on after it. False when that makes no
        sense."""
        if isinstance(counter, bool) or not isinstance(counter, int) or not 0 <= counter < MOST:
            return False
        self._counter = max(self._counter, counter)
        return True


def genuine(key, counter, status, body, signature):
    """True when the holder of the key answered this to the request with that counter."""
    return same(signature, mac(key, _lines("reply", counter, status) + body))


def _lines(*parts):
    return "".join([f"{part}\n" for part in parts]).encode()


def _key(text):
    try:
        raw = unhexlify(text or "")
    except (ValueError, TypeError):
        return None
    return raw if len(raw) == 32 else None

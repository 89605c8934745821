"""The probe's own arithmetic beside a library's, on random numbers."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from probe.seal import mac
from probe.x25519 import BASE, multiply


def test_keys_are_those_of_the_library():
    """Public key and shared secret, ten times."""
    for _ in range(10):
        mine, theirs = os.urandom(32), X25519PrivateKey.generate()
        public = theirs.public_key().public_bytes_raw()
        assert (
            multiply(mine, BASE) == X25519PrivateKey.from_private_bytes(mine).public_key().public_bytes_raw()
        )
        assert multiply(mine, public) == theirs.exchange(
            X25519PublicKey.from_public_bytes(multiply(mine, BASE))
        )


def test_signatures_are_those_of_the_library():
    """For keys and texts of any length."""
    for size in (0, 1, 32, 63, 64, 65, 200):
        key, text = os.urandom(size), os.urandom(size * 7)
        assert mac(key, text) == hmac.new(key, text, hashlib.sha256).hexdigest()

"""Agreeing on a key with a probe (X25519), so that it never travels. Any thread; cryptography is loaded with the first claim."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .seal import is_hex, mac, same

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


@dataclass(frozen=True)
class Exchange:
    """The hub's half of one claim, used once."""

    private: "X25519PrivateKey"
    public: str

    @classmethod
    def begin(cls) -> "Exchange":
        """A fresh pair; `public` is sent to the probe."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        private = X25519PrivateKey.generate()
        return cls(private, private.public_key().public_bytes_raw().hex())

    def proof(self, token: str) -> str:
        """Shows a probe that holds a token that we know it, without sending it."""
        return mac(token.encode(), b"claim\n" + self.public.encode())

    def finish(self, board: str, theirs: object, proof: object) -> bytes | None:
        """The key, from the probe's public value and its proof that it has the same one; None when they do not fit together."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        if not isinstance(theirs, str) or not isinstance(proof, str) or not is_hex(theirs, 64):
            return None
        try:
            shared = self.private.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(theirs)))
        except ValueError:
            # A point that gives everybody the same key.
            return None
        key = hashlib.sha256(b"temphub key 1\n" + shared + bytes.fromhex(self.public) + bytes.fromhex(theirs)).digest()
        return key if same(proof, mac(key, b"claimed\n" + board.encode())) else None

"""A hub makes this probe its own: both agree on a key that never travels. Loaded for each claim anew; see
docs/trust.md."""

import hashlib
import os
from binascii import hexlify, unhexlify

from probe import x25519
from probe.http import Problem
from probe.seal import mac, same

# The two multiplications take a board seconds, in which it does nothing else: strangers must not keep it at
# that.
PAUSE_MS = 5000


def claim(state, values):
    """POST /claim: the answer, with the key offered in memory only until an order signed with it confirms it.
    Problem when refused."""
    seal = state.seal
    if seal.key:
        raise Problem(
            409,
            "claimed",
            "This probe belongs to another hub.",
            "Release it there, or hold the probe's button for 5 s.",
        )
    public = values.get("public")
    if not isinstance(public, str) or len(public) != 64 or not all(c in "0123456789abcdef" for c in public):
        raise Problem(
            400, "bad_public", "public is not a key.", "Send 64 hexadecimal digits in small letters."
        )
    token = state.settings.token
    proof = values.get("proof")
    if token and not (
        isinstance(proof, str) and same(proof, mac(token.encode(), b"claim\n" + public.encode()))
    ):
        remedy = "Set the hub's SERVER_TOKEN to the token it uses now, or hold the probe's button for 5 s."
        raise Problem(401, "wrong_token", "This probe belongs to a hub with another token.", remedy)
    since = getattr(seal, "asked", None)
    if since is not None and state.clock.now() - since < PAUSE_MS:
        raise Problem(503, "busy", "Somebody has just claimed this probe.", "Try again in a few seconds.")
    theirs = unhexlify(public)
    private = os.urandom(32)
    shared = x25519.multiply(private, theirs)
    # Behind the longest part: what is counted is the time that is left for everything else.
    seal.asked = state.clock.now()
    if not any(shared):
        # Such a point gives everybody the same key.
        raise Problem(400, "bad_public", "public is not a usable key.", "Send a key made at random.")
    ours = x25519.multiply(private, x25519.BASE)
    seal.asked = state.clock.now()
    seal.offered = hashlib.sha256(b"temphub key 1\n" + shared + theirs + ours).digest()
    seal.renew()
    own = mac(seal.offered, b"claimed\n" + state.who()["id"].encode())
    return {"ok": True, "public": hexlify(ours).decode(), "nonce": seal.nonce, "proof": own}

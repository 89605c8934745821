"""What a hub or a person tells the probe to do. Each method takes a Request and gives a body or raises
Problem.

Rarely asked for, so loaded for each order anew.
"""

from binascii import hexlify

from probe import settings
from probe.http import Problem
from probe.seal import same


class Orders:
    """One method for each path of endpoints.ORDERS; `identify` and `restart` as there."""

    def __init__(self, state, identify, restart):
        self._state = state
        self._identify = identify
        self._restart = restart

    def provision(self, request):
        """Where to deliver, how often, with which token; saved before it is answered."""
        _refuse_foreign_pages(request)
        values = request.json()
        confirmed = self._authorize(request, values)
        try:
            checked = settings.check(values)
        except settings.Refused as refused:
            raise Problem(400, "bad_settings", refused.problem, refused.remedy)
        if not checked:
            raise Problem(
                400,
                "bad_settings",
                "The body has no setting in it.",
                "Send server_url, interval_ms or token.",
            )
        if confirmed is not None:
            checked.pop("token", None)
            checked.update(confirmed)
        self._save(checked)
        self._state.seal.renew()
        live = self._state.settings
        return {
            "ok": True,
            "server_url": live.server_url,
            "interval_ms": live.interval_ms,
            "token_set": bool(live.token),
        }

    def identify(self, request):
        """Blink, so that a person can tell which board this is."""
        _refuse_foreign_pages(request)
        self._identify()
        return {"ok": True}

    def restart(self, request):
        """Start anew in a moment; readings that are kept are delivered afterwards."""
        _refuse_foreign_pages(request)
        confirmed = self._authorize(request, request.json() if request.body else {})
        if not self._restart:
            raise Problem(404, "no_restart", "This probe cannot restart itself.", "Switch it off and on.")
        self._confirm(confirmed)
        self._restart()
        return {"ok": True}

    def update(self, request):
        """Fetch a newer firmware from this probe's own hub; answered before the work begins."""
        _refuse_foreign_pages(request)
        values = request.json()
        confirmed = self._authorize(request, values)
        if not self._state.update:
            raise Problem(
                404,
                "no_update",
                "This probe cannot update itself.",
                "Put the new firmware on it over USB with temphub flash.",
            )
        answer = self._state.update.ask(values, confirmed is not None)
        self._confirm(confirmed)
        return answer

    def claim(self, request):
        """A hub makes this probe its own; see claim.py."""
        _refuse_foreign_pages(request)
        from probe.claim import claim

        return claim(self._state, request.json())

    def release(self, request):
        """The hub lets go of this probe: any may claim it now."""
        _refuse_foreign_pages(request)
        if not self._state.seal.key:
            raise Problem(
                409, "not_claimed", "This probe has no key to forget.", "Claim it, or leave it as it is."
            )
        self._authorize(request, {})
        self._save({"key": "", "token": ""})
        return {"ok": True}

    def _save(self, checked):
        try:
            self._state.provision(checked)
        except OSError:
            raise Problem(
                500,
                "not_saved",
                "The probe cannot save the settings.",
                "Free some of its storage, then try again.",
            )

    def _confirm(self, confirmed):
        if confirmed:
            self._save(confirmed)
        self._state.seal.renew()

    def _authorize(self, request, values):
        """None for a plain order that is allowed. For a signed one what has to be saved with it: the offered
        key, else nothing."""
        seal = self._state.seal
        signature = request.headers.get("x-signature")
        if signature is not None and seal.obeys(request.path, request.body, signature):
            return {} if seal.key else {"key": hexlify(seal.offered).decode(), "token": ""}
        if signature is not None or seal.key:
            code = "signature_missing" if signature is None else "wrong_signature"
            remedy = "Release it from that hub, or hold the probe's button for 5 s."
            raise Problem(
                401, code, "This order is not signed by the hub that this probe belongs to.", remedy
            )
        token = self._state.settings.token
        if not token:
            return None
        for shown in (request.headers.get("x-token"), values.get("old_token"), values.get("token")):
            if isinstance(shown, str) and same(shown, token):
                return None
        remedy = "Send the token it uses now as X-Token, or hold the probe's button for 5 s."
        raise Problem(401, "wrong_token", "This probe belongs to a hub with another token.", remedy)


def _refuse_foreign_pages(request):
    # A web page that a person on this network happens to open must not be able to re-point the probe.
    origin = request.headers.get("origin")
    if origin is not None and origin != "http://" + request.headers.get("host", ""):
        raise Problem(
            403, "foreign_page", "A page of another site sent this.", "Use the hub, or the probe's own page."
        )

"""The probe's pages and JSON answers. Each function takes a Request and gives a body or raises Problem."""

from probe import settings
from probe.http import Problem

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>%s</title>
<body style="font-family:sans-serif;margin:2em"><h1>%s</h1><p style="font-size:3em;margin:0">%s</p>
<p>Delivers to: %s<br>Waiting to be delivered: %d readings<br>Every %s s, firmware %s</p><p>%s</p></body></html>"""


class Endpoints:
    """The routes over one State; `identify()` is the port's way of showing which board this is."""

    def __init__(self, state, identify):
        self._state = state
        self._identify = identify

    def routes(self):
        """{(method, path): function(request)} for the server."""
        return {
            ("GET", "/"): self.page,
            ("GET", "/whoami"): self.whoami,
            ("GET", "/status"): self.status,
            ("POST", "/provision"): self.provision,
            ("POST", "/identify"): self.identify,
        }

    def page(self, request):
        """A page for a person who typed the probe's address."""
        who = self._state.who()
        status = self._state.status()
        celsius = status["last_c"]
        value = "no value (" + str(status["quality"]) + ")" if celsius is None else f"{celsius:.1f} °C"
        title = _plain(who["name"] or who["id"])
        hub = _plain(status["server_url"]) or "nobody yet; the hub will set this up"
        pace = status["interval_ms"] / 1000
        return _PAGE % (title, title, value, hub, status["outbox"], pace, status["version"], _plain(status["last_error"] or ""))

    def whoami(self, request):
        """{"id", "name", "version", "model", "boot", "ip", "port"}"""
        return self._state.who()

    def status(self, request):
        """How the probe is; see State.status."""
        return self._state.status()

    def provision(self, request):
        """Where to deliver, how often, with which token; saved before it is answered."""
        _refuse_foreign_pages(request)
        values = request.json()
        self._authorize(request, values)
        try:
            checked = settings.check(values)
        except settings.Refused as refused:
            raise Problem(400, "bad_settings", refused.problem, refused.remedy)
        if not checked:
            raise Problem(400, "bad_settings", "The body has no setting in it.", "Send server_url, interval_ms or token.")
        try:
            self._state.provision(checked)
        except OSError:
            raise Problem(500, "not_saved", "The probe cannot save the settings.", "Free some of its storage, then try again.")
        live = self._state.settings
        return {"ok": True, "server_url": live.server_url, "interval_ms": live.interval_ms, "token_set": bool(live.token)}

    def identify(self, request):
        """Blink, so that a person can tell which board this is."""
        _refuse_foreign_pages(request)
        self._identify()
        return {"ok": True}

    def _authorize(self, request, values):
        token = self._state.settings.token
        if not token:
            return
        for shown in (request.headers.get("x-token"), values.get("old_token"), values.get("token")):
            if isinstance(shown, str) and same(shown, token):
                return
        remedy = "Send the token it uses now as X-Token, or reset the probe."
        raise Problem(401, "wrong_token", "This probe belongs to a hub with another token.", remedy)


def same(one, other):
    """Equal texts, compared in a time that does not tell how much of them is equal."""
    difference = len(one) ^ len(other)
    for i in range(min(len(one), len(other))):
        difference |= ord(one[i]) ^ ord(other[i])
    return difference == 0


def _refuse_foreign_pages(request):
    # A web page that a person on this network happens to open must not be able to re-point the probe.
    origin = request.headers.get("origin")
    if origin is not None and origin != "http://" + request.headers.get("host", ""):
        raise Problem(403, "foreign_page", "A page of another site sent this.", "Use the hub, or the probe's own page.")


def _plain(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

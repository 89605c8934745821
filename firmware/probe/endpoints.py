"""The probe's pages and JSON answers. Each function takes a Request and gives a body or raises Problem."""

from probe.rooms import give_up

ORDERS = ("/provision", "/identify", "/restart", "/update", "/claim", "/release")


class Endpoints:
    """The routes over one State; `identify()` is the port's way of showing which board this is, `restart()`
    starts it anew soon."""

    def __init__(self, state, identify, restart=None):
        self._state = state
        self._identify = identify
        self._restart = restart

    def routes(self):
        """{(method, path): function(request)} for the server."""
        routes = {("GET", "/"): self.page, ("GET", "/whoami"): self.whoami, ("GET", "/status"): self.status}
        routes.update({("POST", path): self.order for path in ORDERS})
        return routes

    def page(self, request):
        """A page for a person who typed the probe's address."""
        from probe.page import front

        try:
            return front(self._state.who(), self._state.status())
        finally:
            give_up("probe.page")

    def whoami(self, request):
        """{"id", "name", "version", "model", "boot", "ip", "port", "sensors"}"""
        return self._state.who()

    def status(self, request):
        """How the probe is; see State.status."""
        return self._state.status()

    def order(self, request):
        """What changes something; see orders.py."""
        from probe.orders import Orders

        try:
            return getattr(Orders(self._state, self._identify, self._restart), request.path[1:])(request)
        finally:
            give_up("probe.orders", "probe.claim", "probe.x25519")

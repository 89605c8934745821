"""Calls home, so that a hub on a network without multicast knows this probe as well."""

from probe.client import Unreachable
from probe.waiting import wait_for_event

PATH = "/api/hello"


class Hello:
    """Tells the hub where this probe is: at boot, on a new address or new settings (`renew`), and every 5 minutes."""

    def __init__(self, state, client, pause_s=300, retry_s=30, finder=None):
        """`finder`: see find_hub.py; without one the saved URL is all there is."""
        self._state = state
        self._client = client
        self._finder = finder
        self._pause_s = pause_s
        self._retry_s = retry_s
        self.renew = state.watch()

    async def run(self):
        """Call for ever; failures show up in the delivery's own problem, so they are not told twice."""
        while True:
            # What comes in during the call is newer than the call.
            self.renew.clear()
            heard = await self.call()
            await wait_for_event(self.renew, self._pause_s if heard else self._retry_s)

    async def call(self):
        """One call; True when the hub answered 200."""
        settings = self._state.settings
        if not settings.server_url or not self._state.who()["ip"]:
            return False
        try:
            url = await self._finder.url() if self._finder else settings.server_url
            status, reply = await self._client.post(url, PATH, message(self._state.who()), settings.token)
        except Unreachable:
            return False
        finally:
            # Five minutes are longer than any hub keeps an idle connection.
            self._client.close()
        if status == 401:
            self._state.unwelcome = True
        if status == 200 and reply:
            self._state.learn_time(reply.get("time"))
        return status == 200


def message(who):
    """The body of the call out of the identity."""
    body = {key: who[key] for key in ("id", "ip", "port", "version", "model", "boot")}
    if len(who.get("sensors", ())) > 1:
        body["sensors"] = who["sensors"]
    if who["name"]:
        body["name"] = who["name"]
    return body

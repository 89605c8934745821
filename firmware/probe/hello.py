"""Calls home, so that a hub on a network without multicast knows this probe as well."""

from probe.client import Unreachable
from probe.waiting import wait_for_event

PATH = "/api/hello"


class Hello:
    """Tells the hub where this probe is: at boot, on a new address or new settings (`renew`), and every 5
    minutes."""

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
        """One call; False when it should be repeated soon."""
        settings = self._state.settings
        if not settings.server_url or not self._state.who()["ip"]:
            return False
        try:
            url = await self._finder.url() if self._finder else settings.server_url
            status = await greet(self._state, self._client, url)
        except Unreachable:
            return False
        finally:
            # Five minutes are longer than any hub keeps an idle connection.
            self._client.close()
        # Who has no such page will not have one in half a minute.
        return status < 502 and status not in (401, 408, 429)


async def greet(state, client, url):
    """One call to `url`: the status of the answer, or Unreachable. A hub says the time: it understands
    batches."""
    status, reply = await client.post(url, PATH, message(state), state.settings.token)
    if status == 401:
        state.unwelcome = True
    if 200 <= status < 300 and reply and reply.get("ok") is True and reply.get("time"):
        state.hub_at = url
        state.learn_time(reply["time"])
    return status


def message(state):
    """The body of the call out of the identity; it tells the hub where this boot's count of ms stands."""
    who = state.who()
    body = {key: who[key] for key in ("id", "ip", "port", "version", "model", "boot")}
    body["sent_ms"] = state.clock.now()
    if len(who.get("sensors", ())) > 1:
        body["sensors"] = who["sensors"]
    if who["name"]:
        body["name"] = who["name"]
    return body

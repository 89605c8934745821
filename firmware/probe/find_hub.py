"""Finds a hub that has moved: at the saved URL, at the last good address, then by mDNS with a socket of our
own.

Names that end in `.local` are asked for here, as the board's own resolver would wait five seconds for each,
and in vain.
"""

from probe.rooms import give_up

SETTING = "last_hub"
PLAIN = "plain"
_PARTS = ("probe.find_search", "probe.address", "probe.dns")


class FindHub:
    """`ask_link()` makes a datagram socket on a port of its own (see probe/mdns.py), or is None where there
    is none."""

    def __init__(self, state, client, ask_link, wait_s=2, pause_ms=60000):
        self._state = state
        self._client = client
        self._ask_link = ask_link
        self._wait_s = wait_s
        self._pause_ms = pause_ms
        self._searched_ms = None
        # Where the hub was found, and the saved URL it stands for: a new saved URL ends it.
        self._found = None
        self._instead_of = None
        # Found by a search, so it may be another program than the one that the saved URL means.
        self._moved = False

    async def url(self):
        """Where to deliver now, "" without a hub. Unreachable when it is a `.local` name that nobody answers
        to."""
        saved = self._state.settings.server_url
        if self._found and self._instead_of == saved:
            return self._found
        self._moved = False
        if not saved:
            return ""
        if ".local" not in saved.lower() or not self._ask_link:
            return saved
        try:
            self._use(await self._search().numbered(saved))
        finally:
            give_up(*_PARTS)
        return self._found

    def worked(self, url, plain=None):
        """A delivery was taken there: remembered over a restart, when it is not the saved URL anyway.

        `plain` True: by a program that is no hub, False: by a hub, None: that is not known.
        """
        settings = self._state.settings
        saved = settings.server_url
        new = {}
        if plain and not self._moved:
            # What it is to get must not go to a hub that happens to be near.
            new[PLAIN] = saved
        elif plain is False and settings.get(PLAIN) == saved:
            new[PLAIN] = ""
        if not plain and url != saved:
            new[SETTING] = url
        if any(settings.get(key) != new[key] for key in new):
            try:
                settings.update(new)
            except OSError:
                # It only saves time.
                pass

    async def search(self):
        """Look for the hub in all places; True when it answered at one. At most once a minute, never for a
        receiver that is no hub."""
        saved = self._state.settings.server_url
        if saved and self._state.settings.get(PLAIN) == saved:
            # A name is asked for anew: its number may be another one now.
            self._found = None
            return False
        now = self._state.clock.now()
        if self._searched_ms is not None and now - self._searched_ms < self._pause_ms:
            return False
        self._searched_ms = now
        try:
            url = await self._search().hub((saved, self._state.settings.get(SETTING)))
        finally:
            give_up(*_PARTS)
        if not url:
            self._found = None
            return False
        self._use(url)
        self._moved = True
        return True

    def _use(self, url):
        self._found = url
        self._instead_of = self._state.settings.server_url

    def _search(self):
        from probe.find_search import Search

        return Search(self._state, self._client, self._ask_link, self._wait_s)

"""Joins the Wi-Fi network of the settings, joins again for ever, and opens the set-up portal when there is no
network for a minute.

`radio` is the port's Wi-Fi: address() -> ip or None, connect(ssid, password), leave(), restart(), scan() ->
[(ssid, rssi, locked)], failure() -> "password", "not_found" or None, rssi() -> dBm or None, open_ap(name) ->
ip, close_ap(). `portal` is a probe.portal.Portal. What happens while the portal is open is in
station_portal.py, in memory only then.
"""

import asyncio

from probe.rooms import give_up, words

TRY_MS = 15000
AWAY_MS = 60000
READ_MS = 20000  # to read on the portal's page that it worked


class Station:
    """`run` is the loop; `step()` does what is due at `now()` (ms) and never waits. `say(line)` tells a
    person."""

    def __init__(self, radio, settings, portal, now, say):
        self.radio = radio
        self.settings = settings
        self.portal = portal
        self.say = say
        self._now = now
        self.state = "start"
        self.joins = 0
        # When this state began, and when the network was tried last in it.
        self.since = now()
        self.tried = None
        # When the trial of a wish began, else None.
        self.trial = None
        self._told = False
        self._open = None

    async def run(self):
        """Look after the network once a second, for ever."""
        while True:
            self.step()
            await asyncio.sleep(1)

    def step(self):
        """One look at the radio, and what follows from it."""
        now = self._now()
        if self.trial is not None:
            self._open.follow_trial(self, now)
        elif self.radio.address():
            self.joined(now)
        elif self.state == "portal":
            self._open.step(self, now)
        else:
            self._trying(now)

    def report(self):
        """For /status: {"wifi": "joined", "trying", "portal" or "start", "ssid", "rssi", "wifi_joins"}."""
        rssi = self.radio.rssi() if self.state == "joined" else None
        return {
            "wifi": self.state,
            "ssid": self.settings.get("ssid", ""),
            "rssi": rssi,
            "wifi_joins": self.joins,
        }

    def enter(self, state, now):
        """Begin a state."""
        self.state = state
        self.since = now
        self.tried = None

    def joined(self, now):
        """The network is there."""
        if self.state != "joined":
            self.enter("joined", now)
            self._told = False
            self.joins += 1
            self.say(words("wifi_joined", self.settings.get("ssid", ""), self.radio.address()))
        if self.portal.opened and (not self.portal.done or now - self.since >= READ_MS):
            self.close_portal()

    def connect(self, now):
        """Begin to join the network of the settings."""
        self.tried = now
        try:
            self.radio.leave()
            self.radio.connect(self.settings.get("ssid"), self.settings.get("password", ""))
        except OSError:
            # The radio is busy with an attempt of its own; the next round tries again.
            pass

    def close_portal(self):
        """Away with the access point and its pages."""
        self.portal.close()
        self.radio.close_ap()
        self._open = None
        give_up("probe.station_portal")

    def _trying(self, now):
        if self.state != "trying":
            self.enter("trying", now)
        if not self.settings.get("ssid"):
            self._open_portal(now)
        elif now - self.since >= AWAY_MS:
            self._tell_away()
            self._open_portal(now)
        elif self.tried is None or now - self.tried >= TRY_MS:
            self.connect(now)

    def _tell_away(self):
        # Once per absence: a router that is off all night needs no thousand lines.
        if not self._told:
            self._told = True
            why = words("wifi_" + (self.radio.failure() or "unknown"))
            self.say(words("wifi_away", self.settings.get("ssid", ""), why))

    def _open_portal(self, now):
        from probe import station_portal

        self._open = station_portal
        station_portal.begin(self, now)

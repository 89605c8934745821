"""Joins the Wi-Fi network of the settings, joins again for ever, and opens the set-up portal when there is no network for a minute.

`radio` is the port's Wi-Fi: address() -> ip or None, connect(ssid, password), leave(), restart(), scan() -> [(ssid, rssi, locked)],
failure() -> "password", "not_found" or None, rssi() -> dBm or None, open_ap(name) -> ip, close_ap(). `portal` is a probe.portal.Portal.
"""

import asyncio

TRY_MS = 15000
AWAY_MS = 60000
# The portal goes back to trying when nobody has used it for so long, and at the latest after so long.
PORTAL_MS = 180000
PORTAL_MOST_MS = 900000
VISIT_MS = 120000
# While nobody uses the portal the old network is tried beside it; each try makes the access point falter for a moment.
BESIDE_MS = 30000
TRIAL_MS = 20000
BELIEVE_MS = 8000  # 'wrong password' sooner than that may be a weak signal
READ_MS = 20000  # to read on the portal's page that it worked
_WHY = {
    "password": "The password is not the right one for it. Type it again.",
    "not_found": "It is not in reach. Bring the probe closer to the router, or choose another network.",
}


class Station:
    """`run` is the loop; `step()` does what is due at `now()` (ms) and never waits. `say(line)` tells a person."""

    def __init__(self, radio, settings, portal, now, say):
        self._radio = radio
        self._settings = settings
        self._portal = portal
        self._now = now
        self._say = say
        self.state = "start"
        self.joins = 0
        self._since = now()
        self._tried = None
        self._told = False
        self._trial = None

    async def run(self):
        """Look after the network once a second, for ever."""
        while True:
            self.step()
            await asyncio.sleep(1)

    def step(self):
        """One look at the radio, and what follows from it."""
        now = self._now()
        if self._trial:
            self._follow_trial(now)
        elif self._radio.address():
            self._joined(now)
        elif self.state == "portal":
            self._in_portal(now)
        else:
            self._trying(now)

    def report(self):
        """For /status: {"wifi": "joined", "trying", "portal" or "start", "ssid", "rssi", "wifi_joins"}."""
        rssi = self._radio.rssi() if self.state == "joined" else None
        return {"wifi": self.state, "ssid": self._settings.get("ssid", ""), "rssi": rssi, "wifi_joins": self.joins}

    def _enter(self, state, now):
        self.state = state
        self._since = now
        self._tried = None

    def _joined(self, now):
        if self.state != "joined":
            self._enter("joined", now)
            self._told = False
            self.joins += 1
            self._say("Wi-Fi network " + self._settings.get("ssid", "") + " joined with address " + str(self._radio.address()) + ".")
        if self._portal.opened and (not self._portal.done or now - self._since >= READ_MS):
            self._close_portal()

    def _trying(self, now):
        if self.state != "trying":
            self._enter("trying", now)
        if not self._settings.get("ssid"):
            self._open_portal(now)
        elif now - self._since >= AWAY_MS:
            self._tell_away()
            self._open_portal(now)
        elif self._tried is None or now - self._tried >= TRY_MS:
            self._connect(now)

    def _connect(self, now):
        self._tried = now
        try:
            self._radio.leave()
            self._radio.connect(self._settings.get("ssid"), self._settings.get("password", ""))
        except OSError:
            # The radio is busy with an attempt of its own; the next round tries again.
            pass

    def _tell_away(self):
        # Once per absence: a router that is off all night needs no thousand lines.
        if not self._told:
            self._told = True
            why = _WHY.get(self._radio.failure(), "Check that it is in reach and that the password is right.")
            self._say("Wi-Fi network " + self._settings.get("ssid", "") + " cannot be joined. " + why)

    def _open_portal(self, now):
        self._enter("portal", now)
        try:
            # Off and on, as some routers ignore a client that left without a goodbye; scanned first, as a phone would lose the AP.
            self._radio.restart()
            networks = self._radio.scan()
        except OSError:
            networks = []
        try:
            self._portal.open(self._radio.open_ap(self._portal.name), networks)
        except (OSError, MemoryError) as error:
            self._close_portal()
            self._say(f"The access point for the set-up cannot be opened ({error}). The probe goes on trying its network.")
            self._enter("trying", now)

    def _close_portal(self):
        self._portal.close()
        self._radio.close_ap()

    def _in_portal(self, now):
        visited = self._portal.visited
        busy = visited is not None and now - visited < VISIT_MS
        if self._portal.wish:
            self._radio.leave()
            self._trial = now
            return
        if now - self._since >= (PORTAL_MOST_MS if busy else PORTAL_MS):
            self._close_portal()
            self._enter("trying", now)
        elif busy:
            if self._tried is not None:
                # Somebody fills in the form: the search must not disturb the access point now.
                self._tried = None
                self._radio.leave()
        elif self._settings.get("ssid") and (self._tried is None or now - self._tried >= BESIDE_MS):
            self._connect(now)

    def _follow_trial(self, now):
        ssid, password, server_url = self._portal.wish
        past = now - self._trial
        if self._tried != self._trial:
            # One look later than the goodbye to the old network, so that its address is not taken for success.
            if self._radio.address() is None or past >= 5000:
                self._begin_trial(ssid, password)
        elif self._radio.address():
            self._accept(now, ssid, password, server_url)
        elif past >= TRIAL_MS or (past >= BELIEVE_MS and self._radio.failure()):
            self._reject(now, _WHY.get(self._radio.failure(), "It did not answer in time. Check the password and try again."))

    def _begin_trial(self, ssid, password):
        self._tried = self._trial
        try:
            self._radio.connect(ssid, password)
        except OSError:
            # Waited for all the same: the time-out tells the person.
            pass

    def _accept(self, now, ssid, password, server_url):
        values = {"ssid": ssid, "password": password}
        if server_url:
            values["server_url"] = server_url
        try:
            self._portal.save(values)
        except OSError:
            self._reject(now, "The probe cannot save it. Reset the probe and try again.")
            return
        self._trial = None
        self._portal.succeed(self._radio.address())
        self._joined(now)

    def _reject(self, now, why):
        self._radio.leave()
        self._trial = None
        # Counted from here, the person has the whole time again.
        self._enter("portal", now)
        self._portal.fail(why)

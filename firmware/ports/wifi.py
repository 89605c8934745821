"""Joins the Wi-Fi network of the settings and joins again whenever it is lost. ESP32 only."""

import asyncio

import network

# The radio is switched off and on when this long nothing helped: some routers forget a client that never says goodbye.
_RESTART_AFTER_S = 60
_TRY_S = 15


class Wifi:
    """`keep_joined` is the loop to run; `say(line)` tells a person of a problem."""

    def __init__(self, ssid, password, say):
        self._ssid = ssid
        self._password = password
        self._say = say
        self._card = network.WLAN(network.WLAN.IF_STA)
        self._card.active(True)
        self._no_power_save()

    def mac(self):
        """The card's six address bytes."""
        return self._card.config("mac")

    def introduce_as(self, name):
        """The name that the router shows; at most 32 characters of it. To be called before keep_joined."""
        network.hostname(name[:32])

    def address(self):
        """The IP address, or None while not joined."""
        return self._card.ifconfig()[0] if self._card.isconnected() else None

    def leave(self):
        """Let go of a network that the board joined by itself."""
        self._card.disconnect()

    async def keep_joined(self):
        """Join, watch, join again, for ever."""
        away_s = 0
        while True:
            if self._card.isconnected():
                away_s = 0
                await asyncio.sleep(1)
                continue
            if away_s >= _RESTART_AFTER_S:
                self._restart()
                away_s = 0
            self._connect()
            away_s += await self._wait()

    async def _wait(self):
        for second in range(_TRY_S):
            if self._card.isconnected():
                return second
            await asyncio.sleep(1)
        self._say(f"Wi-Fi network {self._ssid} cannot be joined. Check that it is in reach and that the password is right.")
        return _TRY_S

    def _connect(self):
        try:
            self._card.disconnect()
            self._card.connect(self._ssid, self._password)
        except OSError:
            # The radio is busy with an attempt of its own; the next round tries again.
            pass

    def _restart(self):
        self._card.active(False)
        self._card.active(True)
        self._no_power_save()

    def _no_power_save(self):
        # Power save sleeps through multicast, and with it through every search for this probe.
        self._card.config(pm=network.WLAN.PM_NONE)

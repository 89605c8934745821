"""A Wi-Fi radio, the networks around it and the time, for tests of the station and the portal. Runs on both
interpreters."""

from probe.clock import Clock
from probe.outbox import Outbox
from probe.portal import Portal
from probe.settings import Settings
from probe.state import State
from probe.station import Station
from probe_harness import Ticks, identity, wrapping_diff


class Air:
    """The networks in reach: {ssid: password}; a join takes `join_s`; `deaf_s` after a sudden loss a router
    ignores old clients."""

    def __init__(self, **networks):
        self.networks = networks
        self.join_s = 3


class Radio:
    """What ports/wifi.py offers, over an Air; `tick()` once a second."""

    def __init__(self, air):
        self.air = air
        self.calls = []
        self.wanted = None
        self.ap = None
        self.scans_without_ap = []
        self._joining_s = None
        self._ip = None
        self._why = None
        self.broken = False

    def address(self):
        return self._ip

    def connect(self, ssid, password):
        self.calls.append(("connect", ssid))
        if self.broken:
            raise OSError("Wifi Internal Error")
        self.wanted = (ssid, password)
        self._joining_s = 0
        self._why = None

    def leave(self):
        self.calls.append(("leave",))
        self.wanted = self._joining_s = self._ip = None

    def restart(self):
        self.calls.append(("restart",))
        self.leave()

    def scan(self):
        self.scans_without_ap.append(self.ap is None and self.wanted is None)
        return [(ssid, -60, bool(self.air.networks[ssid])) for ssid in sorted(self.air.networks)]

    def failure(self):
        return self._why

    def rssi(self):
        return -61 if self._ip else None

    def open_ap(self, name):
        if self.broken:
            raise OSError("no memory")
        self.ap = name
        return "127.0.0.1"

    def close_ap(self):
        self.ap = None

    def tick(self):
        """One second passes."""
        ssid, password = self.wanted or (None, None)
        if ssid not in self.air.networks:
            self._ip = None
            self._why = "not_found" if self.wanted else self._why
        elif self.air.networks[ssid] != password:
            self._why = "password"
        elif self._ip is None:
            self._joining_s += 1
            if self._joining_s >= self.air.join_s:
                self._ip = "192.168.1.20"
        if self._ip is None and ssid not in self.air.networks and self.wanted:
            self._joining_s = 0


class Room:
    """A station, its portal and a radio in simulated time."""

    def __init__(self, folder, air, **given):
        self.said = []
        self.ticks = Ticks()
        self.air = air
        self.radio = Radio(air)
        clock = Clock(self.ticks, wrapping_diff)
        self.settings = Settings(folder, given)
        who = identity()
        who["ip"] = None
        self.state = State(who, self.settings, Outbox(20), clock, self.said.append)
        self.portal = Portal(self.state, None, self.said.append)
        self.station = Station(self.radio, self.settings, self.portal, clock.now, self.said.append)

    def run(self, seconds):
        """Let seconds pass."""
        for _ in range(seconds):
            self.ticks.forward(1000)
            self.radio.tick()
            self.station.step()
            self.state.identity["ip"] = self.radio.address()

    def until(self, condition, seconds):
        """How many seconds passed until `condition()` held; AssertionError after `seconds`."""
        for second in range(seconds):
            if condition():
                return second
            self.run(1)
        raise AssertionError("did not happen in time")

    def joined(self):
        """True while there is an address."""
        return self.radio.address() is not None

"""The board's Wi-Fi radio, as thin as it goes; when to join, leave and open the access point is decided in
probe/station.py."""

import network
from probe.rooms import give_up

# The longest name of a network and of a host that the driver takes.
_MOST = 32


class Radio:
    """What probe/station.py asks of a radio. Methods that talk to the driver raise OSError when it
    refuses."""

    def __init__(self):
        self._card = network.WLAN(network.WLAN.IF_STA)
        self._access_point = network.WLAN(network.WLAN.IF_AP)
        self._access_point.active(False)
        self._card.active(True)
        self._no_power_save()

    def mac(self):
        """The card's six address bytes."""
        return self._card.config("mac")

    def introduce_as(self, name):
        """The name that the router shows; at most 32 characters of it. To be called before the first
        connect()."""
        network.hostname(name[:_MOST])

    def address(self):
        """The IP address, or None while not joined."""
        ip = self._card.ifconfig()[0] if self._card.isconnected() else None
        return None if ip == "0.0.0.0" else ip

    def connect(self, ssid, password):
        """Begin to join; address() tells when it is done. The driver repeats by itself until leave()."""
        if "\\" in ssid:
            from probe.ssid import raw_of

            ssid = raw_of(ssid)
            give_up("probe.ssid")
        if password:
            self._card.connect(ssid, password)
        else:
            self._card.connect(ssid)

    def leave(self):
        """Leave the network, or stop trying; harmless when there is none."""
        try:
            self._card.disconnect()
        except OSError:
            # Not started or not joined: as wanted.
            pass

    def restart(self):
        """Off and on."""
        self._card.active(False)
        self._card.active(True)
        self._no_power_save()

    def scan(self):
        """[(ssid as text, rssi, locked)] of the networks in reach; takes about two seconds, in which nothing
        else runs."""
        from probe.ssid import text_of

        found = [(text_of(item[0]), item[3], item[4] != 0) for item in self._card.scan()]
        give_up("probe.ssid")
        return [item for item in found if item[0]]

    def failure(self):
        """Why the attempt under way does not get on: "password", "not_found", or None when nothing is
        known."""
        status = self._card.status()
        if status == network.STAT_WRONG_PASSWORD:
            return "password"
        return "not_found" if status == network.STAT_NO_AP_FOUND else None

    def rssi(self):
        """The signal's strength in dBm, or None without a network."""
        try:
            return self._card.status("rssi")
        except OSError:
            return None

    def open_ap(self, name):
        """Open an access point without a password beside the station; its address."""
        self._access_point.config(ssid=name, security=network.WLAN.SEC_OPEN, max_clients=4)
        self._access_point.active(True)
        return self._access_point.ifconfig()[0]

    def close_ap(self):
        """Close it; the station goes on."""
        self._access_point.active(False)

    def _no_power_save(self):
        # Power save sleeps through multicast, and with it through every search for this probe.
        self._card.config(pm=network.WLAN.PM_NONE)

"""The board: a DS18B20, Wi-Fi and a lamp. Settings on the flash: ssid, password, and if wanted id, name, pin, led_pin."""

import asyncio
import os
import time

import onewire
from machine import Pin

from ports import multicast, net_micropython
from ports.ds18b20 import Ds18b20
from ports.wifi import Wifi
from probe import VERSION
from probe.app import App
from probe.settings import Settings

SENSOR_PIN = 4
LED_PIN = 2

# Held here for ever: once port 5353 is let go, the board's own responder takes it and never gives it back.
_mdns_socket = None


def main():
    """Run until the board is switched off. Without Wi-Fi settings there is nothing to run; the serial line says what to do."""
    settings = Settings("")
    if not settings.get("ssid"):
        print('No Wi-Fi network is set. Write settings.json with {"ssid": "...", "password": "..."} to the board and reset it.')
        return
    app = App(Esp32Port(settings))
    try:
        asyncio.run(app.run())
    finally:
        app.stop()


class Esp32Port:
    """What probe/app.py asks of a port."""

    net = net_micropython
    # About 30 KB of the 100 KB that are free beside Wi-Fi.
    outbox_size = 2000
    # A batch is held as objects, as text and as bytes at once, about 10 KB at this size.
    batch_size = 30
    # The board has about ten sockets in all.
    visitors = 4
    bind = "0.0.0.0"
    port = 80

    def __init__(self, settings):
        self.settings = settings
        self._wifi = Wifi(settings.get("ssid"), settings.get("password", ""), self.say)
        mac = self._wifi.mac()
        probe_id = settings.get("id") or f"TempProbe-{mac[4]:02X}{mac[5]:02X}"
        self._wifi.introduce_as(probe_id)
        boot = "".join(f"{byte:02x}" for byte in os.urandom(4))
        self.identity = {"id": probe_id, "name": settings.get("name", ""), "version": VERSION, "model": "esp32", "boot": boot}
        self.sensor = Ds18b20(onewire.OneWire(Pin(settings.get("pin", SENSOR_PIN))))
        self._led = Pin(settings.get("led_pin", LED_PIN), Pin.OUT)
        self._blinks = 0
        # Before the first connect of this boot: with the first address the board's own responder takes the port.
        self.link = _link(self._wifi)

    def address(self):
        """The address to tell others, or None while not joined."""
        return self._wifi.address()

    def identify(self):
        """Blink for ten seconds."""
        self._blinks = 50

    def say(self, line):
        """One line on the serial port."""
        print(line)

    def ready(self, ip, port):
        """One line on the serial port."""
        print("probe " + self.identity["id"] + f" listening on {ip}:{port}")

    def tasks(self):
        """Wi-Fi and the lamp."""
        return [("Wi-Fi", self._wifi.keep_joined), ("lamp", self._blink)]

    async def _blink(self):
        while True:
            await asyncio.sleep(0.2)
            if self._blinks:
                self._blinks -= 1
                self._led.value(self._blinks % 2)


def _link(wifi):
    global _mdns_socket
    for _ in range(20):
        try:
            _mdns_socket = multicast.bound_socket("0.0.0.0", multicast.PORT, _options)
            return multicast.Link(_mdns_socket, net_micropython, wifi.address)
        except OSError:
            # A network joined before this program began (soft reset): let go of it, and of the port with it.
            wifi.leave()
            time.sleep(0.1)
    # The hub hears announcements from any port.
    _mdns_socket = multicast.bound_socket("0.0.0.0", 0, _options)
    return multicast.Link(_mdns_socket, net_micropython, wifi.address, False)


def _options(sock, ip):
    """None: sharing the port would need the board's own responder to share it too, which it does not."""

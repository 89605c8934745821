"""The board: sensors, Wi-Fi, a lamp, a button. Settings on the flash, all of them optional: ssid, password, id, name, sensors, pin,
led_pin, led_on, button_pin, and `"watchdog": false` for whoever works on the board over USB for longer than a minute.
"""

import asyncio
import os
import sys
import time

from machine import Pin

from ports import multicast, net_micropython, watchdog
from ports.wifi import Radio
from probe import VERSION
from probe.app import App
from probe.clock import Clock
from probe.rooms import give_up
from probe.settings import Settings
from probe.spill import SEGMENT
from probe.spill_disk import Disk

# Most boards with an ESP32 have their lamp there; those with another chip have it anywhere, or a coloured one that is no mere pin.
LED_PIN = 2
# Readings in RAM, 13 bytes each: what waits goes to the flash from 64 on, and without room there RAM is all there is.
IN_RAM = 256
IN_RAM_ALONE = 1000
_NAME_PORT = 53

# Held here for ever: once port 5353 is let go, the board's own responder takes it and never gives it back.
_mdns_socket = None


def main(slots=None):
    """Run until the board is switched off, or somebody or an update asks `slots` for a new start."""
    app = App(Esp32Port(Settings(""), slots))
    try:
        asyncio.run(app.run())
    except asyncio.CancelledError:
        # How a restart begins; main.py resets the board.
        pass
    finally:
        app.stop()


class Esp32Port:
    """What probe/app.py asks of a port."""

    net = net_micropython
    folder = ""
    # A batch is held as objects, as text and as bytes at once, about 10 KB at this size.
    batch_size = 30
    # The board has about ten sockets in all.
    visitors = 4
    bind = "0.0.0.0"
    port = 80

    def __init__(self, settings, slots=None):
        self.slots = slots
        self.settings = settings
        # Such as "Generic ESP32 module with ESP32C3"; CPython, which only tests this, has no such name.
        chip = getattr(sys.implementation, "_machine", "")
        self.radio = Radio()
        mac = self.radio.mac()
        probe_id = settings.get("id") or f"TempProbe-{mac[4]:02X}{mac[5]:02X}"
        self.radio.introduce_as(probe_id)
        boot = "".join(f"{byte:02x}" for byte in os.urandom(4))
        self.identity = {"id": probe_id, "name": settings.get("name", ""), "version": VERSION, "model": "esp32", "boot": boot}
        # One sensor needs 54 files for 20 days at one a minute; four may have as much each, where the flash is large enough.
        self.spill_files = Disk(self.folder).room(SEGMENT, 216)
        self.outbox_size = IN_RAM if self.spill_files else IN_RAM_ALONE
        self.sensors = _sensors(settings, chip, self.say)
        self.lamp = _lamp(settings, chip, self.say)
        self.button = watchdog.button(settings.get("button_pin"), chip)
        # Before the first connect of this boot: with the first address the board's own responder takes the port.
        self.link = _link(self.radio)

    def address(self):
        """The address to tell others, or None while not joined."""
        return self.radio.address()

    def name_link(self):
        """The socket of the portal's name server."""
        return multicast.Link(multicast.bound_socket("0.0.0.0", _NAME_PORT, _options), net_micropython, self.address)

    def ask_link(self):
        """A socket to ask for the hub with."""
        return multicast.Link(multicast.bound_socket("0.0.0.0", 0, _options), net_micropython, self.address, False)

    def cause(self):
        """Why the chip started."""
        return watchdog.cause()

    def watchdog(self):
        """Start it; the function that feeds it, or None when the settings do not want one."""
        return None if self.settings.get("watchdog") is False else watchdog.start()

    def identify(self):
        """A board without a lamp says it on the serial port."""
        self.say("identify: this is the one")

    def say(self, line):
        """One line on the serial port."""
        print(line)

    def ready(self, ip, port):
        """One line on the serial port."""
        print("probe " + self.identity["id"] + f" listening on {ip}:{port}")

    def tasks(self):
        """No loops of its own."""
        return []


def _sensors(settings, chip, say):
    from ports import sensors_esp32

    try:
        return sensors_esp32.sources(settings, chip, Clock().now, say)
    finally:
        # What is not connected needs no room; what is keeps its own.
        parts = ("wiring", "spi", "thermocouple", "ds18b20")
        give_up("ports.sensors_esp32", "ports.wire_onewire", "ports.wire_spi", *("probe.sensors." + part for part in parts))


def _lamp(settings, chip, say):
    """The function that switches the lamp, or None: led_pin is its pin, or false for none; led_on is the level that lights it."""
    usual = None if any(name in chip for name in ("S2", "S3", "C3", "C6")) else LED_PIN
    pin = settings.get("led_pin", usual)
    if pin is None or pin is False:
        return None
    try:
        line = Pin(pin, Pin.OUT)
    except (ValueError, TypeError):
        say("led_pin is no pin of this board. Write the number of the lamp's pin, or false.")
        return None
    bright = 0 if settings.get("led_on") == 0 else 1
    return lambda lit: line.value(bright if lit else 1 - bright)


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

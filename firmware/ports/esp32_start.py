"""What the board's port is made of. In memory at the start only."""

import sys
import time

from machine import Pin

from ports import multicast, net_micropython
from probe.clock import Clock
from probe.rooms import give_up

# Most boards with an ESP32 have their lamp there; those with another chip have it anywhere, or a coloured one
# that is no mere pin.
LED_PIN = 2
# Of probe/sensors: what every board goes on to use, whatever is connected.
_NO_DRIVERS = ("board", "filtering", "roster")


def sensors(settings, chip, say):
    """The sources for probe/sensors/board.py."""
    from ports import sensors_esp32

    try:
        return sensors_esp32.sources(settings, chip, Clock().now, say)
    finally:
        # What is not connected needs no room; what is keeps its own.
        drivers = [
            name for name in sys.modules if name.startswith("probe.sensors.") and name[14:] not in _NO_DRIVERS
        ]
        give_up("ports.sensors_esp32", "ports.wire_onewire", "ports.wire_spi", *drivers)


def lamp(settings, chip, say):
    """(pin, the level that lights it) of the lamp, or None: led_pin is its pin, or false for none; led_on is
    that level."""
    usual = None if any(name in chip for name in ("S2", "S3", "C3", "C6")) else LED_PIN
    pin = settings.get("led_pin", usual)
    if pin is None or pin is False:
        return None
    try:
        return Pin(pin, Pin.OUT), 0 if settings.get("led_on") == 0 else 1
    except (ValueError, TypeError):
        say("led_pin is no pin of this board. Write the number of the lamp's pin, or false.")
        return None


def link(wifi):
    """The socket of mDNS; when its port is taken for good, one that only announces."""
    for _ in range(20):
        try:
            return multicast.Link(
                multicast.bound_socket("0.0.0.0", multicast.PORT), net_micropython, wifi.address
            )
        except OSError:
            # A network joined before this program began (soft reset): let go of it, and of the port with it.
            wifi.leave()
            time.sleep(0.1)
    # The hub hears announcements from any port.
    return multicast.Link(multicast.bound_socket("0.0.0.0", 0), net_micropython, wifi.address, False)

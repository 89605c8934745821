"""The board's hardware: its watchdog, its button, and why it started. ESP32 only; in memory at the start
only."""

import machine

WATCHDOG_MS = 60000
# The BOOT button that nearly every board has; holding it matters only while the chip starts.
BUTTON_PIN = 0
_SMALL_CHIPS_BUTTON_PIN = 9


def start():
    """Start the watchdog, which nothing can stop again; gives the function that feeds it."""
    return machine.WDT(timeout=WATCHDOG_MS).feed


def cause():
    """Why this start happened, as a word of probe/resets.py."""
    number = machine.reset_cause()
    for name, word in (("PWRON", "power_on"), ("WDT", "watchdog"), ("SOFT", "soft"), ("HARD", "reset")):
        if number == getattr(machine, name + "_RESET"):
            return word
    return "other"


def button(pin, chip):
    """The button's pin, low while it is pressed. `pin` None = the usual one of that `chip`, such as
    "ESP32C3"."""
    if pin is None:
        pin = _SMALL_CHIPS_BUTTON_PIN if "C3" in chip or "C6" in chip else BUTTON_PIN
    return machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)

"""Entry point of the probe: picks the firmware that is to run, then the port for this machine, once, and runs
the probe on it.

This file and boot_slots.py come over USB only. All else can be updated over the air.
"""

import sys

from boot_slots import Slots

ON_BOARD = sys.platform == "esp32"


def run(slots):
    """One life of the probe. True when it is to start again, perhaps as another firmware."""
    slot = slots.choose()
    if slot:
        sys.path.insert(0, slots.path(slot))
    loaded = False
    try:
        if ON_BOARD:
            slots.guard(_timer, _reset)
            from ports import esp32 as port
        else:
            from ports import pc as port
        loaded = True
        if ON_BOARD:
            from probe import VERSION

            # `temphub flash` waits for this line.
            print("TempHub probe firmware " + VERSION)
        port.main(slots)
    except Exception as error:
        if not slots.crashed(error, loaded):
            raise
        print("firmware in " + slot + f" failed ({error!r}), so the one before runs again")
        slots.again = True
    except SystemExit as error:
        if not slots.on_trial or not error.args or not error.args[0]:
            raise
        slots.again = slots.crashed(error, loaded)
    finally:
        if slot:
            sys.path.remove(slots.path(slot))
    return slots.again


def forget():
    """Let go of the firmware's modules, so that the next life loads its own."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("probe", "ports"):
            del sys.modules[name]
    if sys.implementation.name == "micropython":
        import asyncio

        asyncio.new_event_loop()


def _folder():
    """Where the slots are: the root of a board; on a PC the probe's --state."""
    if not ON_BOARD:
        for at, word in enumerate(sys.argv):
            name, _, value = word.partition("=")
            if name == "--state":
                return value or "".join(sys.argv[at + 1 : at + 2])
    return ""


def _timer(ms, late):
    from machine import Timer

    Timer(0).init(mode=Timer.ONE_SHOT, period=ms, callback=late)


def _reset():
    from machine import reset

    reset()


if __name__ == "__main__":
    _slots = Slots(_folder())
    while run(_slots):
        if ON_BOARD:
            _reset()
        forget()

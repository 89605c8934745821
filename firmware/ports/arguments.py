"""The command line of the virtual probe, read by hand as MicroPython has no argparse."""

from ports.faults import FAULTS
from probe import address, settings

USAGE = """usage: temphub probe --id ID [options]
   or: python main.py --id ID --state DIR [options]

  --id ID            name on the network, such as TempProbe-0A01
  --state DIR        folder for the settings and waiting readings, of this probe only; made when it
                     is missing. temphub probe has a default: probes/ID in the hub's data folder
  --port N           port of the probe's pages; 0 (as without it) = any free one
  --bind IP          address to serve on and to announce; without it 127.0.0.1,
                     0.0.0.0 = this PC's address on the network
  --name TEXT        name for people, at most 64 characters
  --hub URL          deliver to this hub from the start, such as http://127.0.0.1:8088;
                     wins over the saved one
  --token T          the hub's token; wins over the saved one
  --interval-ms N    a reading every N ms, 500 to 3600000; wins over the saved one
  --profile NAME     what the recorded series is made into: room, fridge, freezer or outdoor
  --offset-s N       begin N recorded seconds further into the series
  --outbox N         keep at most N readings while the hub is away, 100 to 1000000; without it 46000
  --fault NAME       something that goes wrong: crc, open, wifi, reboot, wrap or slow-flash
  --boot HEX8        mark of this run, 8 hex digits; without it a random one
"""

PROFILES = ("room", "fridge", "freezer", "outdoor")
_NAMES = (
    "id",
    "state",
    "port",
    "bind",
    "name",
    "hub",
    "token",
    "interval-ms",
    "profile",
    "offset-s",
    "outbox",
    "boot",
    "fault",
)


class Wrong(Exception):
    """The command line cannot be used; the text holds problem and remedy."""


def parse(argv):
    """The options out of argv without the program: each by its name with _ for -, and the checked
    "settings"."""
    given = _pairs(argv)
    for name in ("id", "state"):
        if not given.get(name):
            raise Wrong(f"--{name} is missing. Add it, or see --help.")
    if not address.is_probe_id(given["id"]):
        rule = "Use at most 63 letters, digits and . _ : - and begin with a letter or digit."
        raise Wrong("--id " + given["id"] + " is not a probe id. " + rule)
    bind = given.get("bind", "127.0.0.1")
    if not address.is_ipv4(bind):
        raise Wrong(f"--bind {bind} is not an IPv4 address. Write one such as 127.0.0.1.")
    if len(given.get("name", "")) > 64:
        raise Wrong("--name is too long. Use at most 64 characters.")
    profile = given.get("profile", "room")
    if profile not in PROFILES:
        raise Wrong(f"--profile {profile} is not known. Use one of: " + ", ".join(PROFILES) + ".")
    fault = given.get("fault", "")
    if fault and fault not in FAULTS:
        raise Wrong(f"--fault {fault} is not known. Use one of: " + ", ".join(FAULTS) + ".")
    boot = given.get("boot", "").lower() or None
    if boot and not (len(boot) == 8 and all(c in "0123456789abcdef" for c in boot)):
        raise Wrong(f"--boot {boot} is not 8 hex digits. Write one such as a1b2c3d4, or leave it out.")
    return {
        "id": given["id"],
        "state": given["state"],
        "port": _number("port", given.get("port", "0"), 0, 65535),
        "bind": bind,
        "name": given.get("name", ""),
        "profile": profile,
        "offset_s": _number("offset-s", given.get("offset-s", "0"), 0, 10**9),
        "outbox": _number("outbox", given.get("outbox", "46000"), 100, 1000000),
        "boot": boot,
        "fault": fault,
        "settings": _settings(given),
    }


def _pairs(argv):
    given = {}
    at = 0
    while at < len(argv):
        name, equals, value = argv[at].partition("=")
        if not name.startswith("--") or name[2:] not in _NAMES:
            raise Wrong(f"{argv[at]} is not an option of the probe. Take it away, or see --help.")
        if not equals:
            at += 1
            if at == len(argv):
                raise Wrong(f"{name} has no value. Write one behind it.")
            value = argv[at]
        given[name[2:]] = value
        at += 1
    return given


def _number(name, text, low, high):
    if not text or len(text) > 10 or not all(c in "0123456789" for c in text) or not low <= int(text) <= high:
        raise Wrong(f"--{name} {text} is not usable. Write a whole number from {low} to {high}.")
    return int(text)


def _settings(given):
    values = {"server_url": given.get("hub"), "token": given.get("token")}
    if "interval-ms" in given:
        values["interval_ms"] = _number(
            "interval-ms", given["interval-ms"], settings.FASTEST_MS, settings.SLOWEST_MS
        )
    try:
        return settings.check(values)
    except settings.Refused as refused:
        raise Wrong(str(refused))

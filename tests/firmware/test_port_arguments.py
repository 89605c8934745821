"""ports/arguments.py"""

from ports.arguments import PROFILES, USAGE, Wrong, parse

LEAST = ["--id", "P1", "--state", "s"]


def _wrong(*argv):
    try:
        parse(list(argv))
    except Wrong as wrong:
        return str(wrong)
    return ""


def test_the_least_command_line():
    """Without options: this PC only, any port, a room."""
    assert parse(LEAST) == {
        "id": "P1",
        "state": "s",
        "port": 0,
        "bind": "127.0.0.1",
        "name": "",
        "profile": "room",
        "offset_s": 0,
        "outbox": 46000,
        "boot": None,
        "fault": "",
        "settings": {},
    }


def test_the_whole_command_line():
    """Both ways of writing a value."""
    options = parse(
        LEAST
        + [
            "--port=80",
            "--bind",
            "10.0.0.2",
            "--name",
            "In the cellar",
            "--hub",
            "http://h:1/api/ingest",
            "--token",
            "t",
            "--interval-ms",
            "500",
        ]
        + ["--offset-s", "60", "--profile=fridge", "--boot", "A1B2C3D4"]
    )
    assert options["port"] == 80 and options["bind"] == "10.0.0.2" and options["name"] == "In the cellar"
    assert options["settings"] == {"server_url": "http://h:1/api/ingest", "token": "t", "interval_ms": 500}
    assert (options["offset_s"], options["profile"], options["boot"]) == (60, "fridge", "a1b2c3d4")


def test_wrong_command_lines_say_what_to_do():
    """The message holds the value met."""
    for argv, part in (
        (["--state", "s"], "--id is missing"),
        (["--id", "P1"], "--state is missing"),
        (["--id", "a b", "--state", "s"], "a b"),
        (["--id", "x" * 64, "--state", "s"], "63"),
        (LEAST + ["--port", "65536"], "65536"),
        (LEAST + ["--port", "x"], "x"),
        (LEAST + ["--port", "-1"], "-1"),
        (LEAST + ["--bind", "localhost"], "localhost"),
        (LEAST + ["--hub", "10.0.0.1"], "http://"),
        (LEAST + ["--interval-ms", "499"], "500"),
        (LEAST + ["--profile", "moon"], "moon"),
        (LEAST + ["--boot", "xyz"], "xyz"),
        (LEAST + ["--fault", "fire"], "slow-flash"),
        (LEAST + ["--outbox", "99"], "100"),
        (LEAST + ["--name", "x" * 65], "64"),
        (LEAST + ["--speed", "5"], "--speed"),
        (LEAST + ["extra"], "extra"),
        (LEAST + ["--name"], "no value"),
    ):
        message = _wrong(*argv)
        assert part in message and message.count(". ") >= 1, (argv, message)


def test_the_help_names_every_option_and_profile():
    """What is not in the help cannot be found."""
    for name in (
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
    ):
        assert f"--{name} " in USAGE, name
    assert all(profile in USAGE for profile in PROFILES)

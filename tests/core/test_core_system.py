"""Running other programs."""

import sys

import pytest

from temphub_kernel.core import programs


def run(code, **more):
    return programs.run_to_end([sys.executable, "-c", code], timeout_s=60, **more)


def test_a_program_is_run_to_its_end():
    """Its code and both its outputs, apart or as one; it is asked nothing, and what is not UTF-8 is text all
    the same."""
    said = "import sys; sys.stdin.read(); print('out', flush=True); sys.stderr.write('err'); sys.exit(3)"
    assert [run(said).code, run(said).said.strip(), run(said).errors] == [3, "out", "err"]
    assert run(said, together=True).said.split() == ["out", "err"]
    assert (
        "\N{LATIN SMALL LETTER U WITH DIAERESIS}"
        in run("import sys; sys.stdout.buffer.write(bytes([252, 10]))").said
        or programs.WINDOWS
    )


def test_a_program_that_is_not_there_or_needs_too_long_is_told():
    """Nobody waits for ever, and whoever asked is told why there is no answer."""
    with pytest.raises(TimeoutError):
        programs.run_to_end([sys.executable, "-c", "import time; time.sleep(600)"], timeout_s=0.3)
    with pytest.raises(FileNotFoundError):
        programs.run_to_end(["temphub-there-is-no-such-program"], timeout_s=5)
    assert programs.run_system("temphub-there-is-no-such-program")[0] == -1

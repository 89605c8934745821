"""A lake in an object store, on a server that speaks S3 and was written by others, as a user reaches it: by
the command, and in a program with keys in the environment."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from journal.journal_harness import journal
from support import ports
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel import analysis
from temphub_kernel.core.reading import Row

LAKE = "s3://company/lake"
KEYS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}
Run = Callable[..., subprocess.CompletedProcess[str]]
GAPS = f"""
from temphub_kernel import analysis
for engine in ("polars", "dask"):
    found = analysis.gaps(analysis.scan(source={LAKE!r}, engine=engine))
    print(found.to_json(orient="records", date_format="iso"))
"""
# As if it had never been installed.
WITHOUT = f"""
import sys
sys.modules["s3fs"] = None
from temphub_kernel.cli import main
sys.exit(main(["export", "--hive", {LAKE!r}]))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a store without a bucket."""
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors", "s3fs")):
        cannot("moto[s3], flask, flask-cors and s3fs are not installed")
    port = ports.free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)

    def answers() -> bool:
        assert program.poll() is None, "the store has ended"
        try:
            return requests.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S).ok
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        program.terminate()
        program.wait(30)


@pytest.fixture
def run(tmp_path: Path, server: str) -> Run:
    """Runs the command (or a program) with these variables, of an owner who has no keys anywhere."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    plain |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": server}
    plain |= {"DATA_DIR": str(tmp_path), "SITE": "Shop 7 / ü"}

    def run(program: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        what = ["-c", program] if program else ["-m", "temphub_kernel", "export", "--hive", LAKE]
        return subprocess.run(
            [sys.executable, *what], env=plain | environ, capture_output=True, text=True, encoding="utf-8"
        )

    return run


def rows(count: int) -> list[Row]:
    """One each two minutes across the end of a month, with a hole."""
    begin = 1_793_480_000_000
    taken = [(at, begin + at * 120_000) for at in range(count) if at not in (70, 71, 72, 73)]
    return [Row("Cold-1", "b1", at, ms, ms + 70, 40_000_000 + at, None) for at, ms in taken]


def test_a_lake_in_an_object_store(tmp_path: Path, server: str, run: Run) -> None:
    """Without s3fs, keys or a bucket it is told what to do. With them months are written once, and again when
    they grow; both engines read every reading."""
    with journal(tmp_path) as j:
        j.writer.store(rows(400))
        for told, wanted in (
            (run(WITHOUT, **KEYS), r'is not installed .*pip install "\.\[s3\]"'),
            (run(), "credentials.*Give keys .*AWS_ACCESS_KEY_ID"),
            (run(**KEYS), "bucket does not exist.*Look at the name of the bucket"),
        ):
            assert told.returncode == 1
            assert re.search(wanted, " ".join(told.stderr.split())), told.stderr
        assert requests.put(f"{server}/company", timeout=30).ok
        assert "2 months written (396 readings)" in run(**KEYS).stdout
        j.writer.store(rows(500)[-100:])
        grown = run(**KEYS)
        assert "1 months written" in grown.stdout, grown.stderr
        whole = analysis.gaps(analysis.load(tidy=True, numbered=True, tz="UTC", data_dir=tmp_path))
    read = run(GAPS, **KEYS)
    one, many = (json.loads(line) for line in read.stdout.splitlines())
    assert one == many, read.stderr
    assert [row.pop("site") for row in one] == ["Shop 7 / ü"]
    assert one == json.loads(whole.to_json(orient="records", date_format="iso")) and one[0]["missing"] == 4

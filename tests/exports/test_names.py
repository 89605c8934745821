"""Names that people give their probes, in everything that is exported: beside the id, never a formula, never
one for another."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from exports.conftest import T0
from temphub_kernel.cli import main
from temphub_kernel.core.reading import Row
from temphub_kernel.exports import make_order
from temphub_kernel.exports.run import export
from temphub_kernel.journal import Writer, describe

CALLED = {
    "a": "Cold room 2",
    "b": "Fridge",
    "c": "fridge",
    "d": '=HYPERLINK("http://x")',
    "e": "[top]:*?/\\'shelf' " + "x" * 40,
    "f": "Overview",
}
TITLES = {**CALLED, "b": "Fridge (b)", "c": "fridge (c)", "g": "g"}


@pytest.fixture
def named(make_journal: Callable[[list[Row]], Path]) -> Path:
    """A journal of seven probes, six of which a person called something."""
    journal = make_journal(
        [
            Row(id_, None, None, T0 + n * 1000, T0 + n * 1000, 40_000_000 + n, None)
            for n, id_ in enumerate(TITLES)
        ]
    )
    writer = Writer(journal)
    writer.start()
    for id_, alias in CALLED.items():
        describe(writer, id_, {"alias": alias})
    assert writer.stop()
    return journal


def made(journal: Path, form: str, **order: str) -> Path:
    out = journal.with_name(f"out.{form}")
    export(journal, make_order(form=form, **order), out, force=True)
    return out


@pytest.mark.parametrize("every", ["", "1h"])
def test_tables_have_the_name_beside_the_id(named: Path, every: str) -> None:
    """CSV and Parquet have a column `name` next to the ids; of two probes of one name each has its id in
    brackets."""
    found = list(csv.DictReader(io.StringIO(made(named, "csv", every=every).read_text("utf-8"))))
    assert {row["probe_id"]: row["name"] for row in found} == {**TITLES, "d": f"'{TITLES['d']}"}
    frame = pl.read_parquet(made(named, "parquet", every=every))
    assert dict(zip(frame["probe_id"], frame["name"], strict=True)) == TITLES


def test_the_workbook_reads_as_the_page(named: Path) -> None:
    """Overview, chart and sheets carry the names, the overview the id of each; Excel takes every sheet's
    name, nothing is a formula."""
    book = openpyxl.load_workbook(made(named, "xlsx"))
    front = {row[1].value: row[0] for row in book["Overview"].iter_rows(min_row=5, max_row=11)}
    assert {id_: cell.value for id_, cell in front.items()} == TITLES and {
        cell.data_type for cell in front.values()
    } == {"s"}
    sheets = book.sheetnames[1:-1]
    assert sheets[:4] == ["Cold room 2", "Fridge (b)", "fridge (c)", '=HYPERLINK("http___x")'] and sheets[
        5:
    ] == ["Overview (2)", "g"]
    assert len({name.lower() for name in book.sheetnames}) == len(book.sheetnames) and all(
        len(name) <= 31 for name in sheets
    )
    assert not set("[]:*?/\\'") & set("".join(sheets))
    (chart,) = book["Overview"]._charts
    assert [series.tx.v or series.tx.strRef.f for series in chart.series][:4] == [
        "Cold room 2",
        "Fridge (b)",
        "fridge (c)",
        f"'{TITLES['d']}",
    ]


def test_the_tidy_sheet(named: Path) -> None:
    """One table has the id and the name of each row."""
    head, *found = openpyxl.load_workbook(made(named, "xlsx", sheets="tidy"))["Readings"].values
    assert head[2:4] == ("probe", "name") and {row[2]: row[3] for row in found} == TITLES


def test_the_command_takes_a_name(
    named: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--probe "Cold room 2"` exports that probe; a name that two have is refused naming their ids; the bare
    id works."""
    monkeypatch.setenv("DATA_DIR", str(named.parent))
    monkeypatch.chdir(named.parent)
    for words, ids in (
        (["--probe", "cold ROOM 2"], ["a"]),
        (["--probe", "b", "--probe", "Cold room 2"], ["a", "b"]),
    ):
        assert main(["export", "--out", "one.csv", "--force", *words]) == 0
        assert [
            row["probe_id"] for row in csv.DictReader(io.StringIO(Path("one.csv").read_text("utf-8")))
        ] == ids
    capsys.readouterr()
    assert main(["export", "--out", "two.csv", "--probe", "Fridge"]) == 1
    assert "Give the id: b, c." in capsys.readouterr().err and not Path("two.csv").exists()
    assert main(["export", "--out", "two.csv", "--probe", "nobody at all"]) == 1
    assert "What to do: " in capsys.readouterr().err

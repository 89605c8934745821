"""What stands in a report: the journal's own numbers, in each language, as PDF and HTML."""

import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from reports.conftest import DAYS, FREEZER, FRIDGE, OPENED, T0
from temphub_kernel.analysis import (
    completeness,
    degree_hours,
    excursions,
    load,
    mean_kinetic_temperature,
    statistics,
)
from temphub_kernel.core.clock import DAY_MS, HOUR_MS
from temphub_kernel.journal import Reader, Writer, strike_out
from temphub_kernel.reports import make_report, measures, pdf as setter
from temphub_kernel.reports.content import gather
from temphub_kernel.reports.make import make
from temphub_kernel.reports.order import ReportOrder
from temphub_kernel.reports.together import Together

END = T0 + DAYS * DAY_MS


def order(**more: str) -> ReportOrder:
    return make_report(start=str(T0), end=str(END), zone="Europe/Berlin", **more)  # type: ignore[arg-type]


def text_of(pdf: bytes, folder: Path) -> str:
    """What a stranger's program reads in a PDF."""
    (folder / "report.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True
    )
    return re.sub(r" +", " ", done.stdout.decode())


@pytest.fixture(scope="module")
def pdf(kitchen: Path) -> bytes:
    """The report of all."""
    return make(kitchen, order())


@pytest.fixture(scope="module")
def text(pdf: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    return text_of(pdf, tmp_path_factory.mktemp("text"))


def test_numbers_are_the_journals(kitchen: Path, text: str) -> None:
    """Count, extremes with their times, mean, completeness, time beyond, mean kinetic temperature and
    degree-hours are those that the page and a notebook have."""
    at = {"start": T0, "end": END, "data_dir": kitchen.parent, "tz": "Europe/Berlin"}
    told = statistics(FRIDGE, **at).iloc[0]
    frame = load(FRIDGE, tidy=True, numbered=True, **at)
    whole = completeness(frame).iloc[0]
    counted = load(FRIDGE, tidy=True, **at)
    beyond = excursions(counted, above=8.0)
    high = counted.loc[counted["temperature_c"].idxmax()]
    hours = degree_hours(counted, above=8.0)["degree_hours"].iloc[0]
    minutes = round(beyond["duration"].sum().total_seconds() / 60)
    wanted = [
        f"Readings {told['count']:,}, and {told['faults']} without a value",
        f"Completeness {whole['complete_percent'] - 0.005:.2f} %, {whole['missing']} missing; proved by the "
        "probe's own numbers",
        f"Highest {told['max_c']:.2f} °C at {high['time']:%Y-%m-%d %H:%M:%S}",
        f"Mean {told['mean_c']:.2f} °C",
        f"Mean kinetic temperature {mean_kinetic_temperature(counted)['mkt_c'].iloc[0]:.2f} °C",
        f"Time above 8 °C {minutes // 60} h {minutes % 60:02d} min",
        f"Degree-hours above 8 °C {hours:.2f} K·h",
        "Time below 2 °C never",
    ]
    assert [line for line in wanted if line not in text] == []
    with Reader(kitchen) as reader:
        figures = reader.figures(T0, END)[FREEZER]
    assert f"Lowest {figures.low:.2f} °C".replace("-", "−") in text and "−17.99" not in text


def test_what_was_delivered_later_is_in_the_report_of_its_time(kitchen: Path) -> None:
    """Probes that delivered for the first time when the period was over, all that they had kept, are in the
    report of all for the days they measured, and in none of the days before."""
    days = [(T0, T0 + 5 * DAY_MS), (T0 - 5 * DAY_MS, T0)]
    with Reader(kitchen) as reader:
        assert min(one["first_ms"] for one in reader.probes()) > END - HOUR_MS
        told = [
            gather(reader, make_report(start=str(start), end=str(end), zone="Europe/Berlin"), END)
            for start, end in days
        ]
        counted = reader.figures(*days[0])
    assert {one.id: one.measured.figures.readings for one in told[0].probes if one.measured} == {
        id_: one.readings for id_, one in counted.items()
    }
    assert len(counted) == 2 and told[1].probes == ()


def test_what_people_did_stands_beside_it(text: str) -> None:
    """The door that stood open is listed with the comment and the corrective action, the alarm with who
    acknowledged it and when; remarks, what was struck out, calibrations, notes, ids, the hash and how it was
    made are there."""
    flat = " ".join(text.split())
    for part in (
        "closed the door; threw the milk",
        "Refrigerator: above 8 °C",
        "Béla",
        "Delivery of milk",
        "Struck out: cleaned",
        "−18.00 → −17.50",
        "ice bath",
        "Sensor no. 4711",
        "28FF641E8016",
        "Europe/Berlin (UTC+0200)",
        "2026-10-21 00:00 to 2026-10-30 23:00",
        "Name, date, signature",
    ):
        assert part.split()[0] in flat and all(word in flat for word in part.split()), part
    assert re.search(r"rests on [0-9a-f]{64}", flat) and "Page 1 of " in flat
    # What no font has is told by its number, and nobody's text is a command.
    assert "Fridge <b>1</b> [U+1F9CA]" in flat


def test_the_chart_is_drawn(pdf: bytes, tmp_path: Path) -> None:
    """The pages are pictures too: the mean's line, the limits' dashes and the alarm's shade are on the
    paper."""
    (tmp_path / "report.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "80", "-png", tmp_path / "report.pdf", tmp_path / "page"], check=True)
    pages = [Image.open(path).convert("RGB") for path in sorted(tmp_path.glob("page-*.png"))]
    assert 2 <= len(pages) <= 6 and all(abs(page.height / page.width - 297 / 210) < 0.01 for page in pages)
    colours: dict[tuple[int, int, int], int] = {}
    for page in pages:
        for count, colour in page.getcolors(1 << 20) or []:
            colours[colour] = colours.get(colour, 0) + count
    near = {
        name: sum(
            n
            for colour, n in colours.items()
            if max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) < 24
        )
        for name, wanted in {"line": (29, 92, 153), "limit": (179, 38, 30), "alarm": (251, 220, 214)}.items()
    }
    assert near["line"] > 300 and near["limit"] > 200 and near["alarm"] > 100, near


def test_a_stranger_finds_it_a_pdf_for_archives(pdf: bytes, tmp_path: Path) -> None:
    """Apache's validator says that it is PDF/A-1b; it is tagged, as conformance level a wants."""
    (tmp_path / "report.pdf").write_bytes(pdf)
    jars = ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "javax.activation", "jaxb-api")
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    command = [
        "java",
        "-Xshare:auto",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        path,
        "org.apache.pdfbox.preflight.Validator_A1b",
    ]
    done = subprocess.run([*command, tmp_path / "report.pdf"], capture_output=True, text=True, check=False)
    assert "is a valid PDF/A-1b file" in done.stdout, done.stdout + done.stderr
    info = subprocess.run(
        ["pdfinfo", tmp_path / "report.pdf"], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"Tagged: +yes", info) and b"pdfaid:conformance>A<" in pdf


@pytest.mark.parametrize(
    ("language", "paper", "parts"),
    [
        (
            "de",
            "a4",
            [
                "Temperaturbericht",
                "21.10.2026 00:00 bis 30.10.2026 23:00",
                "11,50 °C am 23.10.2026",
                "über 8 °C",
                "Seite 1 von",
            ],
        ),
        (
            "fr",
            "letter",
            [
                "Rapport de température",
                "21/10/2026 00:00 au 30/10/2026 23:00",
                "11,50 °C le 23/10/2026",
                "Page 1 sur",
            ],
        ),
    ],
)
def test_other_languages(kitchen: Path, tmp_path: Path, language: str, paper: str, parts: list[str]) -> None:
    """German and French reports are whole, with their own numbers and days, on either paper."""
    pdf = make(kitchen, order(language=language, paper=paper))
    text = text_of(pdf, tmp_path)
    assert [part for part in parts if part not in text] == []
    info = subprocess.run(
        ["pdfinfo", tmp_path / "report.pdf"], capture_output=True, text=True, check=True
    ).stdout
    assert ("letter" in info) == (paper == "letter")


def test_html_says_the_same_and_needs_nothing(kitchen: Path, text: str) -> None:
    """The HTML has the numbers of the PDF, and neither script nor address in it; what people typed cannot be
    markup."""
    html = make(kitchen, order(form="html")).decode()
    rows = dict(
        re.findall(
            r'<th scope="row">([^<]+)</th><td>([^<]+)</td>',
            unescape(html.split("<h2>Fridge")[-1].split("<h2>")[0]),
        )
    )
    assert {"Readings", "Mean", "Highest", "Mean kinetic temperature", "Time above 8 °C"} <= rows.keys()
    assert [f"{name} {value}" for name, value in rows.items() if f"{name} {value}" not in text] == []
    assert "Fridge &lt;b&gt;1&lt;/b&gt; 🧊" in html and html.count("<svg") == 2
    assert not re.search(r"<script|src=|href=|url\(|@import", html) and set(
        re.findall(r'https?://[^"]+', html)
    ) == {"http://www.w3.org/2000/svg"}


def test_too_many_readings_are_told_as_about(kitchen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is gone through one by one the figures come from hours, near the true ones, and say so; a
    time beyond a limit that is known exactly stays exact."""
    exact = make(kitchen, order(form="html", group="Kitchen")).decode()
    monkeypatch.setattr("temphub_kernel.reports.content.MOST_READINGS", 1000)
    about = make(kitchen, order(form="html", group="Kitchen")).decode()

    def row(html: str, name: str) -> str:
        (found,) = re.findall(rf'<th scope="row">{re.escape(name)}</th><td>([^<]+)', html)
        return str(found)

    assert row(about, "Highest") == row(exact, "Highest") and row(about, "Time above 8 °C") == row(
        exact, "Time above 8 °C"
    )
    assert row(about, "Degree-hours above 8 °C") == row(exact, "Degree-hours above 8 °C")
    assert (
        "estimated" in row(about, "Completeness")
        and 80 <= int(re.findall(r"(\d+) missing", row(about, "Completeness"))[0]) <= 130
    )
    kinetic = [
        float(re.findall(r"[\d.]+", row(html, "Mean kinetic temperature"))[0]) for html in (about, exact)
    ]
    assert row(about, "Mean kinetic temperature").startswith("about ") and abs(kinetic[0] - kinetic[1]) < 0.05
    assert "“about”" in about and "“about”" not in exact


def test_a_restless_time_costs_no_more(kitchen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where limits were passed so often that looking into each time would take too long, the time beyond them
    is told as about, near the true one, and the report says that they are not listed."""
    exact = make(kitchen, order(form="html", group="Kitchen")).decode()
    monkeypatch.setattr("temphub_kernel.reports.content.MOST_READINGS", 1000)
    for most in (1000, 120_000):
        # Too little for any look at all; enough for one by the count, and not when each look is counted.
        monkeypatch.setattr("temphub_kernel.reports.together.MOST_THROUGH", most)
        about = make(kitchen, order(form="html", group="Kitchen")).decode()
        beyond = re.findall(r'<th scope="row">Time above 8 °C</th><td>about 1 h (\d\d) min', about)
        assert len(beyond) == 1 and 20 <= int(beyond[0]) <= 50
        assert "to list each time" in about and "to list each time" not in exact


def test_readings_of_several_probes_are_read_once(kitchen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings lie among each other, so one pass serves all that can be held, and each probe has what asking
    for it alone gives."""
    passes = []
    stream = Reader.stream
    monkeypatch.setattr(Reader, "stream", lambda *given, **more: passes.append(1) or stream(*given, **more))
    with Reader(kitchen) as reader:
        alone = {id_: reader.columns(T0, END, [id_], struck_out=True) for id_ in (FRIDGE, FREEZER)}
        for held, wanted in ((10**6, 1), (0, 2)):
            monkeypatch.setattr("temphub_kernel.reports.together.MOST_HELD", held)
            passes.clear()
            together = Together(reader, T0, END, list(alone), 10**6)
            for id_, columns in alone.items():
                found = together.take(id_)
                for name in ("taken_ms", "units", "raw", "quality", "boot", "seq"):
                    assert getattr(found, name).tolist() == getattr(columns, name).tolist(), name
            assert len(passes) == wanted


def test_a_probe_that_came_late_is_not_called_complete(kitchen: Path) -> None:
    """A month of which ten days were measured says so beside the completeness of these, in every language."""
    month = {"start": str(T0 - 20 * DAY_MS), "end": str(END), "zone": "Europe/Berlin", "form": "html"}
    for language, whole, since in (
        ("en", "Measured, of the whole period", r"99\.\d\d %, since 2026-10-21 00:00"),
        ("de", "Gemessen, vom ganzen Zeitraum", r"99,\d\d %, seit 21\.10\.2026 00:00"),
        ("fr", "Mesuré, sur toute la période", r"99,\d\d %, depuis le 21/10/2026 00:00"),
    ):
        told = make(kitchen, make_report(language=language, group="Kitchen", **month)).decode()
        assert re.search(rf"{whole}</th><td>33[.,]\d\d %", told) and re.search(since, told), language
    assert "since its first reading" not in make(kitchen, order(form="html", group="Kitchen")).decode()


def test_what_changes_meanwhile_changes_no_report(own_kitchen: Path) -> None:
    """A report is of one moment: what is struck out while it is made neither breaks it nor gets into half of
    it."""
    asked = order(form="html", probes=[FRIDGE, FREEZER])
    before = make(own_kitchen, asked, END)
    writer = Writer(own_kitchen)
    writer.start()
    try:
        told = make(own_kitchen, asked, END, lambda *_: strike_out(writer, FREEZER, T0, END, "doubtful"))
    finally:
        assert writer.stop(30)
    assert told == before and make(own_kitchen, asked, END) != before


def test_nothing_measured(kitchen: Path, tmp_path: Path) -> None:
    """A day before there was any reading is a report as well: it says that there is none."""
    text = text_of(make(kitchen, make_report(period="2026-10-01", zone="UTC", probes=[FRIDGE])), tmp_path)
    assert (
        "No reading of it in this time." in text
        and "No alarm in this time." in text
        and "No reading was beyond a limit." in text
    )


def test_a_probe_of_its_own_limits(kitchen: Path) -> None:
    """A limit that is asked for stands beside those of the rules, which hold for whom they name."""
    html = make(kitchen, order(form="html", probes=[FREEZER], limit_high_c="-17.2")).decode()  # type: ignore[arg-type]
    assert "Time above −17.2 °C" in html and "Time above 8 °C" not in html and "above −17.2 °C</td>" in html


def test_any_sign_can_be_set() -> None:
    """Whatever people type, no sign stops a PDF: each that is said to have a font has one, the others stand
    as their number."""
    signs = "".join(
        chr(code) for code in (*range(32, 0x530), *range(0x2000, 0x2300), 0xD800, 0xFFFE, 0x1F9CA)
    )
    blocks = [{"kind": "text", "text": signs}, {"kind": "facts", "rows": [[signs, signs]]}]
    told = {
        "language": "en",
        "paper": "a4",
        "title": "#x $y$ `z`",
        "pages": "{page} {pages}",
        "footer": signs,
        "blocks": blocks,
    }
    assert setter.pdf_of(told, "mark", 1_792_533_600_000) == setter._set(
        setter.plain(told), "mark", 1_792_533_600_000, "a-1a"
    )


def test_a_long_name_stays_on_the_page(tmp_path: Path) -> None:
    """A name of 64 letters without a space breaks within the page's width, a sum of the data does not."""
    total = "0123456789abcdef" * 4
    blocks = [{"kind": "facts", "rows": [["Probe", "W" * 64], ["Sum", total]]}]
    about = {"language": "en", "paper": "a4", "title": "", "pages": "", "footer": ""}
    made = setter.pdf_of({**about, "blocks": blocks}, "mark", 1_792_533_600_000)
    assert total in text_of(made, tmp_path)
    told = subprocess.run(
        ["pdftotext", "-bbox", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True
    )
    ends = [float(end) for end in re.findall(r'xMax="([\d.]+)"', told.stdout)]
    wide = re.search(r'page width="([\d.]+)"', told.stdout)
    assert wide and max(ends) <= float(wide[1]) - 50


def test_the_band_of_the_chart_has_the_extremes(kitchen: Path) -> None:
    """However long the time, no spike is lost in the chart: its highest step has the highest reading."""
    with Reader(kitchen) as reader:
        together = Together(reader, T0, END, [FRIDGE], 10**6)
        asked = measures.Asked(reader, together, FRIDGE, T0, END, ())
        band = measures._band(asked, asked.steps(T0, END, HOUR_MS))
        high = reader.figures(T0, END)[FRIDGE].high
    assert (
        band.high.max() == high
        and band.at_ms[band.high.argmax()] <= OPENED + 6_000_000
        and len(band.at_ms) <= 480
    )

"""What the page leaves on paper."""

import re
import subprocess

import pytest
from PIL import Image

from browser import reference
from support.waiting import wait_for

LONG = "Walk-in freezer Bratwurstverkaufsautomatenkühlzelle-Nordost"
PERIOD = r"TempHub 19 Nov 2026 13:\d\d to 20 Nov 2026 13:\d\d \(Europe/Berlin\) Temperature"
FILE = r"temperatures-2026-11-19-13\d\d-to-2026-11-20-13\d\d\.png"
NOT_ON_PAPER = (
    "Set limits",
    "Send",
    "Excel",
    "Limit",
    "Edit",
    "Recording",
    "Settings",
    "Check this hub",
    "24 h",
)


def words_of(path, order):
    """What a reader of PDF of others finds in it. order: -layout for row by row, -raw for cell by cell."""
    found = subprocess.run(["pdftotext", order, path, "-"], capture_output=True, text=True, check=True)
    return found.stdout.split()


def drawn(path):
    """(the sheets of paper, of the first one the columns that have a colour, as shares of its width)."""
    subprocess.run(["pdftoppm", "-r", "40", "-png", path, path.with_suffix("")], check=True)
    sheets = sorted(path.parent.glob(f"{path.stem}-*.png"))
    sheet = Image.open(sheets[0]).convert("HSV")
    saturated = sheet.getchannel("S").point(lambda level: 255 * (level > 120))
    box = saturated.crop((0, sheet.height // 10, sheet.width, sheet.height // 2)).getbbox()
    assert box and Image.open(sheets[0]).convert("L").getpixel((1, 1)) > 250
    return len(sheets), box[0] / sheet.width, box[2] / sheet.width


def printed(page, path):
    """(text of the sheet, text without any gap, what `drawn` says) of a page with the long name."""
    wait_for(lambda: LONG in page.locator(".th-stats").last.inner_text(), 20)
    title = page.title()
    page.pdf(path=path, format="A4")
    wait_for(lambda: page.title() == title and not page.locator(".th-period").count(), 10)
    return " ".join(words_of(path, "-layout")), "".join(words_of(path, "-raw")), drawn(path)


@pytest.mark.browser
def test_one_sheet(browser, tmp_path):
    """Printed from a phone in the dark or from a desk the page is one sheet of A4: title, the period with its
    year, the chart in its width, the table with whole names, and nothing to press. The screen is as before
    afterwards; the picture of the chart is named after the same period."""
    with reference.hub_at_noon(tmp_path) as hub:
        named = {"probe_id": "TempProbe-0A02", "alias": LONG}
        assert hub.ask("POST", "/api/describe", named)[0] == 200
        for name, least in (("phone", 0.6), ("desk", 0.9)):
            page = reference.open_page(browser, hub, name, "&theme=dark")
            text, letters, (sheets, left, right) = printed(page, tmp_path / f"{name}.pdf")
            assert re.match(PERIOD, text) and "Statistics Probe Readings Mean" in text
            assert "Printed on 20 November 2026 at 13:" in text
            # A name that takes several lines of its cell.
            assert LONG.replace(" ", "") in letters.partition("Statistics")[2]
            assert not [one for one in NOT_ON_PAPER if one in text]
            assert sheets == 1 and left > 0.04 and least < right < 0.97, (name, sheets, left, right)
            if name == "desk":
                with page.expect_download() as given:
                    page.get_by_role("button", name="Picture", exact=True).click()
                assert re.fullmatch(FILE, given.value.suggested_filename)
            page.context.close()

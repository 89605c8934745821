"""What somebody who runs a café does, on a phone with a finger."""

import pytest

from browser import looks, reference
from support.waiting import answer_of, box_of, wait_for
from temphub_kernel.core.clock import parse_time
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Writer

SCENE = looks.SCENES["three"]
BEGUN_MS, EVERY_MS = parse_time("2026-10-01T00:00:00+02:00"), 3_600_000
WARM_MS, WARM_C = parse_time("2026-11-11T15:00:00+01:00"), -7.25
WARMEST = "Freezer 1: −7.25 °C at 11 Nov 15:00:00"
# A phone's sheet of apps is not the browser's: what it would be given. A computer's Chromium on Linux has no
# such sheet.
SHEET = """() => { navigator.canShare = () => true;
navigator.share = async (what) => {
  const [file] = what.files, url = URL.createObjectURL(file), image = new Image();
  image.src = url;
  await image.decode();
  window.given = { ...what, files: [file.name, file.type, image.width, image.height] };
}; }"""
NO_SHEET = """() => { navigator.share = async () => { throw new DOMException('', 'NotAllowedError'); };
navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"""
SEEN = """one => {
  const { top, bottom } = one.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}"""
OPENED = '.th-name[aria-expanded="true"]'
# Whoever is marked, by name.
WATCH = """() => new MutationObserver(() => {
  for (const one of document.querySelectorAll('.th-moved .th-name')) window.marked.push(one.textContent);
}).observe(document.body, { attributes: true, childList: true, subtree: true })"""
# Wherever a path, or what a program says, may stand.
PLACES = ".th code, .th-problem, .th-outcome, .th-findings li, .th-hub-panel dd, .th-why, .th-ways li"
LONG = f"""document.querySelectorAll('{PLACES}')
  .forEach(one => {{ one.textContent = '/' + 'long-path'.repeat(22); }});
document.querySelectorAll('details').forEach(one => {{ one.open = true; }})"""


def fill(folder, now):
    """Seven weeks of readings, with one warm moment of the freezer on the Wednesday of the last week."""
    writer = Writer(folder / "temphub.sqlite3", gather_s=0)
    writer.start()
    for number in range(SCENE.count):
        rows = []
        for place, ms in enumerate(range(BEGUN_MS, now - looks.DAY_MS, EVERY_MS)):
            value = WARM_C if ms == WARM_MS and number == 0 else looks.celsius(SCENE, number, place * 60)
            rows.append(Row(looks.probe_id(number), "a0", place, ms, ms + 60, to_units(value), None))
        writer.store(rows)
    writer.stop(60)
    looks.fill(SCENE, folder, now)


class Finger:
    """Counts what is tapped."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, name, within=None, role="button"):
        """What has that name."""
        self.press((within or self.page).get_by_role(role, name=name, exact=True))

    def press(self, what):
        """The first of these."""
        self.taps += 1
        what.first.tap()

    def taken(self):
        """How many taps it took since this was asked last."""
        taps, self.taps = self.taps, 0
        return taps


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The hub of the café."""
    with reference.hub_at_noon(tmp_path_factory.mktemp("cafe"), fill) as hub:
        yield hub


@pytest.fixture
def finger(browser, hub):
    """On its page, on a phone."""
    looks.deliver(hub, SCENE)
    page = looks.open_look(browser, hub, "phone", has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 390, "height": 844})
    wait_for(lambda: page.locator("#rendered_cells .th-card").count() == 3, 20)
    yield Finger(page)
    page.context.close()


@pytest.mark.browser
def test_the_warmest_moment_of_last_week_is_found_and_handed_on(finger):
    """Last week is two taps, its warmest moment one, and handing that on two: as a picture that says it, with
    an address that shows it; where the phone cannot share, the same address is copied."""
    page = finger.page
    finger.tap("Dates")
    finger.tap("Last week")
    highest = page.locator(".th-statistics-panel tr", has_text="Freezer 1").locator(".th-jump-to").nth(1)
    wait_for(lambda: "−7.25" in highest.inner_text(), 20)
    finger.press(highest)
    tip = page.locator(".th-layer.th-on .th-tip")
    wait_for(lambda: tip.count() and "Freezer 1 −7.25" in tip.inner_text(), 20)
    assert finger.taken() == 3
    page.evaluate(SHEET)
    page.evaluate("document.documentElement.classList.add('th-shares')")
    finger.tap("Send")
    finger.tap("Share …")
    given = wait_for(lambda: page.evaluate("window.given"), 20)
    assert finger.taken() == 2
    name, kind, width, height = given["files"]
    assert name.startswith("temperatures-2026-11-11-") and kind == "image/png" and width > 600 < height
    said, what, address = given["text"].split("\n")
    assert said == WARMEST and "11 Nov 2026" in what
    page.evaluate(NO_SHEET)
    finger.tap("Share …")
    page.get_by_role("button", name="Copied", exact=True).wait_for()
    assert page.evaluate("window.copied") == address
    page.goto(address)
    wait_for(lambda: tip.count() and "Freezer 1 −7.25" in tip.inner_text(), 20)


@pytest.mark.browser
def test_the_table_is_one_tap_away(finger):
    """From beneath the chart a tap leads to the table, past what happened and the alarms: lowest, mean and
    highest of each probe stand beside each other there. What a finger can do with the chart is told of a
    finger."""
    page = finger.page
    hint = page.locator("#rendered_cells .th-hint")
    assert hint.inner_text().startswith("Two fingers zoom") and "Wheel" not in hint.inner_text()
    heading = page.locator("#rendered_cells #th-statistics")
    assert box_of(heading)["y"] > 2 * 844
    finger.tap("Table", role="link")
    wait_for(lambda: 0 <= box_of(heading)["y"] < 844 / 2, 10)
    cells = page.locator("#rendered_cells .th-statistics-panel tbody tr").first.locator("td")
    told = {cell.get_attribute("data-label"): box_of(cell) for cell in cells.all()}
    line = [told[name] for name in ("Min", "Mean", "Max")]
    assert len({box["y"] for box in line}) == 1 and sorted(line, key=lambda box: box["x"]) == line
    assert all(told[name]["y"] > line[0]["y"] + 20 for name in ("Readings", "σ", "Trend"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_a_form_that_is_opened_is_seen(finger):
    """*Send* with the dates open stands above them, on the screen."""
    page = finger.page
    finger.tap("Dates")
    page.locator(".th-dates").wait_for()
    finger.tap("Send")
    page.locator(".th-send").wait_for()
    # In one moment: the page goes there smoothly.
    boxes = "['.th-send', '.th-dates'].map(one => document.querySelector(one)?.getBoundingClientRect())"
    seen = f"(([one, other]) => one.top >= 0 && one.bottom <= 844 && one.top < other.top)({boxes})"
    wait_for(lambda: answer_of(page, seen), 10)


@pytest.mark.browser
def test_a_renamed_probe_is_followed_to_its_new_place(finger, hub):
    """By its new name it stands last: the page goes there with it, marks it for a moment, and the keyboard is
    on its name. One that stays where it is, or whose form is only shut, is not marked."""
    page, moved = finger.page, finger.page.locator("#rendered_cells .th-card.th-moved")
    form = page.locator(".th-place .th-editor")
    page.evaluate("window.marked = []")
    page.evaluate(WATCH)
    for name, new in (("Freezer 1", "Cold 1"), ("Cold 1", None), ("Cold 1", "Zander")):
        # What came of the last time is read until it is shut.
        if page.locator(f"#rendered_cells {OPENED}", has_text=name).count():
            finger.tap(name)
            page.wait_for_selector(f"#rendered_cells {OPENED}", state="detached")
        finger.tap(name)
        page.wait_for_selector(".th-place .th-editor input:focus")
        if new:
            page.keyboard.type(new)
            # The keyboard of a phone stands before the button.
            page.keyboard.press("Enter")
            page.get_by_role("button", name=new, exact=True).first.wait_for()
        else:
            form.get_by_role("button", name="Close", exact=True).tap()
        form.wait_for(state="detached")
    wait_for(lambda: page.evaluate("window.marked").count("Zander"), 20)
    assert page.evaluate("[...new Set(window.marked)]") == ["Zander"]
    card = page.locator("#rendered_cells .th-card", has_text="Zander")
    wait_for(lambda: card.evaluate(SEEN), 10)
    wait_for(lambda: page.evaluate("document.activeElement.textContent") == "Zander", 10)
    wait_for(lambda: not moved.count(), 10)
    named = {"probe_id": looks.probe_id(0), "alias": looks.called(0)}
    assert hub.ask("POST", "/api/describe", named)[0] == 200


@pytest.mark.browser
def test_a_probe_is_named_and_watched_and_october_is_printed(finger):
    """Naming a probe is two taps, its limits are two, with what came of them in sight, October is two and
    paper a third; nothing is wider than a phone, with a path of 200 signs in every panel as well."""
    page = finger.page
    finger.tap("Fridge 1")
    page.wait_for_selector(".th-place .th-editor input:focus")
    page.keyboard.type("Milk")
    finger.press(page.locator(".th-place .th-editor .th-primary"))
    named = page.locator("#rendered_cells .th-card", has_text="Milk")
    wait_for(lambda: named.count() == 1, 20)
    assert finger.taken() == 2
    finger.press(named.get_by_role("button", name="Set limits"))
    page.get_by_role("button", name="Switch on", exact=True).wait_for()
    finger.tap("Switch on")
    wait_for(lambda: "Limits:" in named.inner_text(), 20)
    assert finger.taken() == 2
    # What came of it is seen, and so is the form when it is for another one.
    done = page.get_by_role("button", name="Done", exact=True)
    wait_for(lambda: done.count() and done.evaluate(SEEN), 10)
    page.locator("#rendered_cells .th-card", has_text="Room 1").get_by_role("button", name="Set limits").tap()
    about = page.locator(".th-limits-form h2", has_text="Room 1")
    wait_for(lambda: about.count() and about.evaluate(SEEN), 10)
    finger.tap("Dates")
    finger.tap("October")
    wait_for(lambda: "1 Oct" in page.locator(".th-chart-panel h2").first.inner_text(), 20)
    page.evaluate("window.print = () => { window.printed = true; }")
    finger.tap("Print")
    assert page.evaluate("window.printed") and finger.taken() == 3
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(LONG)
        assert page.evaluate("document.querySelectorAll('.th code').length") >= 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width

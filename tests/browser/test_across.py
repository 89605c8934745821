"""What is seen of a wall screen from across the room."""

import re

import pytest

from browser import looks
from support.waiting import box_of, wait_for

SCENE = looks.SCENES["warm-of-twenty"]

GLYPH = """() => {
  const element = document.querySelector('.th-kiosk .th-alarm .th-problem');
  const { right } = element.getBoundingClientRect(), style = getComputedStyle(element);
  const pen = document.createElement('canvas').getContext('2d');
  const backed = (one) => getComputedStyle(one).backgroundColor;
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  let behind = element;
  while (backed(behind) === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  const high = pen.measureText('F').actualBoundingBoxAscent;
  return [element.innerText, high, right, style.color, backed(behind)];
}"""


def luminance(colour):
    """Relative luminance of `rgb(255, 255, 255)`, as WCAG 2.2 defines it."""
    red, green, blue = (
        int(one) / 255 for one in re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()
    )
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (red, green, blue)]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(*colours):
    """Of two colours, 1 to 21."""
    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


FOLD = "#rendered_cells .th-fold"
LINE = "#rendered_cells .th-line"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """One of twenty probes, of which a freezer gets too warm."""
    with looks.hub_of(SCENE, tmp_path_factory.mktemp("twenty")) as hub:
        yield hub


@pytest.fixture
def open_look(browser, hub):
    """Opens a page of it."""
    pages = []

    def open_(name):
        looks.deliver(hub, SCENE)
        pages.append(looks.open_look(browser, hub, name))
        return pages[-1]

    yield open_
    for page in pages:
        page.context.close()


@pytest.mark.browser
def test_a_freezer_in_trouble_is_named_across_the_room(open_look):
    """On a wall the name of what is wrong is so large that its capitals, as they are drawn, are 12 pixels
    high in a picture of 320, and stands out from what is behind it; its small card says whole where it
    goes."""
    page = open_look("wall")
    page.wait_for_selector(".th-kiosk .th-alarm .th-problem")
    told, capital, right, *colours = page.evaluate(GLYPH)
    width = looks.LOOKS["wall"][0]
    assert "Freezer 3 above" in told and right <= width
    assert capital * looks.FAR / width >= 12 and contrast(*colours) >= 4.5
    going = page.locator(".th-kiosk .th-card-alarm .th-going")
    assert going.inner_text().endswith("still rising")
    # In one moment: the next reading draws the card anew.
    beyond = (
        "one => one.getBoundingClientRect().right - one.closest('.th-card').getBoundingClientRect().right"
    )
    assert going.evaluate(beyond) <= 0


@pytest.mark.browser
def test_one_of_twenty_in_trouble_is_on_a_phone_s_first_screen(open_look):
    """With what is the matter, and in the narrowest phone's German, too; what can be done with the chart
    takes four lines there."""
    for name, told in (("phone", "still rising"), ("narrow", "steigt noch")):
        page = open_look(name)
        width = page.viewport_size["width"]
        page.set_viewport_size({"width": width, "height": 640})
        row = page.locator(LINE).first
        wait_for(
            lambda row=row, told=told: all(one in row.inner_text() for one in (told, "Freezer 3", "Yard")), 20
        )
        # What stands above it may still be drawn for the other size.
        wait_for(lambda row=row: (box := box_of(row))["y"] + box["height"] <= 640, 20)
    # In one moment: their places are looked at together.
    tools = page.locator(".th-chart-panel > .th-tools :is(button, a):visible")
    tops = "tools => tools.map(one => Math.round(one.getBoundingClientRect().y))"
    wait_for(lambda: len(found := tools.evaluate_all(tops)) == 10 and len(set(found)) <= 4, 20)


@pytest.mark.browser
def test_twenty_probes_are_searched_and_folded_by_the_keyboard(open_look):
    """Whoever types finds, Escape ends the search, and a group that the keyboard came to folds and opens
    again without the keyboard leaving it."""
    page = open_look("desk")
    count = page.locator(LINE).count
    wait_for(lambda: count() == 20, 20)
    page.keyboard.press("Tab")
    while "th-search" not in page.evaluate("document.activeElement.closest('.th-search')?.className ?? ''"):
        page.keyboard.press("Tab")
    page.keyboard.type("room 4")
    wait_for(lambda: count() == 1 and "Room 4" in page.locator(LINE).inner_text(), 20)
    page.keyboard.press("Escape")
    wait_for(lambda: count() == 20, 20)
    page.keyboard.press("Tab")
    # What is wrong is a group of its own.
    for expanded in ("false", "true"):
        wait_for(lambda: page.evaluate("document.activeElement.matches('.th-fold')"), 10)
        page.keyboard.press("Enter")
        first = page.locator(FOLD).first
        wait_for(lambda expanded=expanded, first=first: first.get_attribute("aria-expanded") == expanded, 20)
        wait_for(lambda: page.evaluate("document.activeElement.matches('.th-fold')"), 10)


@pytest.mark.browser
def test_the_longest_names_widen_no_page(open_look, hub):
    """A name and a group of 64 letters without a space stand on the narrowest phone, with the forms beneath
    the chart, a marked range, a probe's own place and an alarm's form open."""
    page, wide = open_look("phone"), "document.documentElement.scrollWidth"
    page.set_viewport_size({"width": 320, "height": 844})
    told = {"probe_id": looks.probe_id(SCENE.warm)}
    before = {"alias": looks.called(SCENE.warm), "group": looks.GROUPS[SCENE.warm]}
    assert hub.ask("POST", "/api/describe", {**told, "alias": "W" * 64, "group": "M" * 64})[0] == 200
    try:
        page.locator("#rendered_cells .th-chip", has_text="W" * 64).wait_for(timeout=20_000)
        page.locator("#rendered_cells .th-alarm", has_text="M" * 64).wait_for(timeout=20_000)
        assert page.evaluate(wide) <= 320
        for name in ("Dates", "Limit", "Note", "Send"):
            page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("button", name="Measure", exact=True).click()
        page.locator("#rendered_cells .th-measured tbody").wait_for(timeout=20_000)
        assert page.evaluate(wide) <= 320
        page.locator("#rendered_cells button.th-name", has_text="W" * 64).first.click()
        page.locator("#rendered_cells .th-editor").first.wait_for(timeout=20_000)
        assert page.evaluate(wide) <= 320
        page.locator("#rendered_cells .th-alarm .th-answer").first.click()
        page.locator("#rendered_cells .th-alarm-form h2", has_text="W" * 64).wait_for(timeout=20_000)
        assert page.evaluate(wide) <= 320
    finally:
        assert hub.ask("POST", "/api/describe", {**told, **before})[0] == 200

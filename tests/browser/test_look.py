"""The page still looks as in the pictures kept of it, and the comparison sees what somebody would who
looks."""

import pytest
from PIL import Image

from browser import reference
from support.accessible import serious
from support.likeness import compared
from support.waiting import wait_for
from temphub_kernel.core.clock import iso_utc

CARD = '#rendered_cells .th-card[data-probe="TempProbe-0A01"]'
# Letters stand a little elsewhere from one Chromium, or one computer's fonts, to the next.
OTHER_LETTERS = ".th { text-rendering: geometricPrecision; translate: 0.25px 0.25px; }"


EVERYTHING = (
    ".th-forms input:visible, .th-send:visible, .th-editor:visible, .th-measured tbody:visible, "
    ".th-findings:visible, details[open]"
)
CUT = """[...document.querySelectorAll('#rendered_cells .th-card')].filter(card =>
  card.querySelector('.th-unit').getBoundingClientRect().right
    > card.getBoundingClientRect().right - 4).length"""


# Of each field: what it is called, whether it has a frame, and whether a click in its middle meets it.
FIELDS = """[...document.querySelectorAll('#rendered_cells :is(input:not([type=checkbox]), select)')]
  .filter(field => field.offsetHeight).map(field => {
    field.scrollIntoView({ block: 'center', behavior: 'instant' });
    const { left, top, width, height } = field.getBoundingClientRect(), style = getComputedStyle(field);
    const name = field.labels?.[0]?.textContent || field.getAttribute('aria-label') || field.placeholder;
    const met = document.elementFromPoint(left + width / 2, top + height / 2);
    return [name, parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== 'none', met === field];
  })"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The hub that the pictures were taken from. It is noon for as long as its tests take, which wait for
    those of others."""
    with reference.hub_at_noon(tmp_path_factory.mktemp("noon"), slower=1000) as hub:
        yield hub


@pytest.fixture(scope="module")
def page(browser, hub):
    """Its page, opened as at a desk."""
    page = reference.open_page(browser, hub, "desk")
    yield page
    page.context.close()


def turned_to(page, name):
    """The same page made to look another way, by what its viewer does."""
    width, height, _ = reference.PICTURES[name]
    if page.locator(".th-kiosk").count():
        page.keyboard.press("Escape")
        page.wait_for_selector(".th-kiosk", state="detached")
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if name == "dark" else "light", reduced_motion="reduce")
    if name == "wall":
        page.get_by_role("button", name="Wall screen").click()
    return page


def kept(name):
    """The picture kept under a name."""
    return Image.open(reference.FOLDER / f"{name}.png")


@pytest.mark.browser
@pytest.mark.parametrize("name", reference.PICTURES)
def test_the_page_looks_as_it_did(page, hub, name):
    """At a desk, on a phone, in the dark and on a wall the page looks as in its picture, also with letters
    drawn a little differently, and no value reaches beyond its card; without one card, or without the chart,
    it would not."""
    reference.deliver(hub)
    turned_to(page, name)
    wait_for(lambda: compared(kept(name), reference.taken(page)).alike, 20)
    assert not page.evaluate(CUT)
    # By a style: the next reading draws a card anew.
    for what in (CARD, "#rendered_cells .th-chart"):
        hidden = page.add_style_tag(content=f"{what} {{ visibility: hidden !important; }}")
        without = compared(kept(name), reference.taken(page))
        hidden.evaluate("style => style.remove()")
        assert not without.alike, (what, without)
    letters = page.add_style_tag(content=OTHER_LETTERS)
    other = compared(kept(name), reference.taken(page))
    letters.evaluate("style => style.remove()")
    assert other.alike, other


@pytest.fixture
def open_everything(browser, hub):
    """A page with a marked range and a limit, and all panels open: dates, limit, note, what can be sent, a
    probe's settings, how to add one, the hub's check."""
    marked = "_".join(iso_utc(reference.NOON_MS - hours * 3_600_000) for hours in (6, 3))
    page = reference.open_page(browser, hub, "desk", f"&line=8&range={marked}")
    for name in ("Dates", "Limit", "Note", "Send"):
        page.get_by_role("button", name=name, exact=True).click()
    page.locator("#rendered_cells .th-card .th-name").first.click()
    page.get_by_role("button", name="Check this hub").click()
    page.wait_for_selector(".th-findings li:visible", timeout=60_000)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    wait_for(lambda: page.locator(EVERYTHING).count() >= 9, 10)
    yield page
    page.context.close()


@pytest.mark.browser
def test_nobody_is_kept_out(open_everything):
    """With every panel open a checker of accessibility finds nothing serious at a desk, in the dark and on a
    phone, nor on a wall; and nothing is wider than the screen."""
    page = open_everything
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        assert not serious(page), (width, theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(EVERYTHING).count() >= 9
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("button", name="Wall screen").click()
    page.wait_for_selector(".th-kiosk")
    assert not serious(page)


@pytest.mark.browser
def test_a_field_looks_like_one_and_is_reached_by_the_mouse(open_everything):
    """Whoever wants to type sees where, and a click there begins it."""
    fields = open_everything.evaluate(FIELDS)
    assert len(fields) >= 8 and [name for name, framed, reached in fields if not framed or not reached] == []


def test_another_theme_is_another_look():
    """The picture of the dark page is not taken for that of the light one."""
    assert compared(kept("desk"), kept("desk")) == (0, 0, 0)
    assert not compared(kept("desk"), kept("dark")).alike


def test_the_pictures_are_small():
    """All pictures together are no burden to a checkout, and each belongs to a look."""
    found = {path.stem: path.stat().st_size for path in reference.FOLDER.iterdir()}
    assert set(found) == set(reference.PICTURES) and sum(found.values()) < 300_000

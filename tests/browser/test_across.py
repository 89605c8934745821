"""What is seen of a wall screen from across the room."""

import re

import pytest

from browser import looks

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


@pytest.mark.browser
def test_a_freezer_in_trouble_is_named_across_the_room(browser, tmp_path):
    """On a wall the name of what is wrong is so large that its capitals, as they are drawn, are 12 pixels
    high in a picture of 320, and stands out from what is behind it."""
    scene = looks.SCENES["warm"]
    with looks.hub_of(scene, tmp_path) as hub:
        looks.deliver(hub, scene)
        page = looks.open_look(browser, hub, "wall")
        page.wait_for_selector(".th-kiosk .th-alarm .th-problem", timeout=30_000)
        told, capital, right, *colours = page.evaluate(GLYPH)
        width = looks.LOOKS["wall"][0]
        assert "Freezer 2 above" in told and right <= width
        assert capital * looks.FAR / width >= 12 and contrast(*colours) >= 4.5
        page.context.close()

"""What is seen of a wall screen from across the room."""

import pytest

from browser import looks

GLYPH = """() => {
  const element = document.querySelector('.th-kiosk .th-alarm .th-problem');
  const { right } = element.getBoundingClientRect();
  return [element.innerText, parseFloat(getComputedStyle(element).fontSize), right];
}"""
# Of the usual letters' size, how high a capital is at least.
CAPITAL = 0.68


@pytest.mark.browser
def test_a_freezer_in_trouble_is_named_across_the_room(browser, tmp_path):
    """On a wall the name of what is wrong is so large that its capitals are 12 pixels high in a picture of
    320."""
    scene = looks.SCENES["warm"]
    with looks.hub_of(scene, tmp_path) as hub:
        looks.deliver(hub, scene)
        page = looks.open_look(browser, hub, "wall")
        page.wait_for_selector(".th-kiosk .th-alarm .th-problem", timeout=30_000)
        told, size, right = page.evaluate(GLYPH)
        width = looks.LOOKS["wall"][0]
        assert "Freezer 2 above" in told and right <= width
        assert size * CAPITAL * looks.FAR / width >= 12
        page.context.close()

"""The page as a browser of another language shows it: nothing of it is left in English."""

import re
import time

import pytest

from support.accessible import serious
from support.waiting import wait_for
from temphub_kernel.language import texts_of

# What only English has: a leftover that no list of texts knows of is found by them.
ENGLISH = {
    "de": r"\b(the|and|of|with|readings?|probes?|from|this|show|hours?|days|not|now|it|at)\b",
    "fr": r"\b(the|and|with|readings?|probes?|from|this|show|hours?|days|now|it|at|of)\b",
}
# All that is read or read aloud, but for what people and the computer are called.
READ = """() => {
  const said = [document.title], root = document.querySelector("#rendered_cells");
  for (const one of root.querySelectorAll("*")) {
    if (!one.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true })) continue;
    if (one.closest("style, script, code, .th-told, .th-pulse, .th-qr a")) continue;
    for (const node of one.childNodes) if (node.nodeType === 3) said.push(node.textContent.trim());
    for (const name of ["title", "aria-label", "placeholder", "alt", "aria-valuetext"])
      said.push(one.getAttribute(name) || "");
  }
  return said.filter(Boolean);
}"""


def leaves(value):
    """Every text."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ():
        yield from leaves(one)


@pytest.fixture
def hub(start_temphub):
    """A hub with a probe that fails, one that is fine, and one whose limit is passed."""
    hub = start_temphub()
    now_ms = time.time_ns() // 1_000_000
    for place in range(40):
        for name, celsius in (("K-1", 4 + place / 20), ("K-2", -18.25)):
            reading = {"seq": place, "age_ms": (40 - place) * 2000, "temperature_c": celsius}
            hub.ask("POST", "/api/ingest", {"probe_id": name, "boot": "a1", "readings": [reading]})
    bad = {"seq": 1, "age_ms": 1, "temperature_c": None, "quality": "open"}
    hub.ask("POST", "/api/ingest", {"probe_id": "K-3", "boot": "a1", "readings": [bad]})
    rule = {"name": "K", "kind": "above", "limit_c": 5.5, "probes": ["K-1"], "delay_min": 0}
    assert hub.ask("POST", "/api/rules", {"rule": {**rule, "severity": "critical"}})[0] == 200
    hub.ask("POST", "/api/annotations", {"text": "xyz", "from_ms": now_ms - 30_000, "to_ms": now_ms - 20_000})
    return hub


@pytest.mark.browser
@pytest.mark.parametrize(("locale", "states"), [("de-DE", "Sensor gestört"), ("fr-FR", "Capteur en défaut")])
def test_a_browsers_language_leaves_no_english(hub, browser, locale, states):
    """Forms as well: a decimal comma, dates of the language, a page that a screen reader reads in it, and no
    serious fault of accessibility."""
    language = locale[:2]
    context = browser.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{hub.port}/")
    page.wait_for_selector(f"#rendered_cells:not(.waiting) .th-card :text('{states}')", timeout=60_000)

    def warm():
        hub.ask("POST", "/api/ingest", {"probe_id": "K-1", "temperature_c": 6.5})
        return page.locator(".th-alarm-banner .th-answer").count()

    wait_for(warm, 60, 0.5)
    assert page.locator("html").get_attribute("lang") == language
    page.locator(".th-alarm-banner .th-answer").click()
    page.wait_for_selector(".th-alarm-form button")
    for button in page.locator(".th-tools .widget-toggle-button").all():
        button.click()
    said = page.evaluate(READ)
    assert len(said) > 100 and any(re.search(r"\d,\d\d", one) for one in said)
    own = set(leaves(texts_of(language)))
    english = {
        text
        for part in ("page", "alarms", "probes", "frame")
        for text in leaves(texts_of("en")[part])
        if text not in own and len(text) > 2 and "{" not in text
    }
    left = english & set(said)
    assert left == set()
    odd = [one for one in said if re.search(ENGLISH[language], one, re.IGNORECASE)]
    assert not odd, "\n".join(odd)
    assert not serious(page)
    context.close()

"""What keeps somebody out of a page, by the rules of a checker that nobody here wrote."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def serious(page: Page) -> list[tuple[str, list[str], str]]:
    """(rule, where, the beginning of the element) of what a checker finds serious or worse."""
    found = [
        found
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    return [(one["id"], node["target"], node["html"][:120]) for one in found for node in one["nodes"][:4]]

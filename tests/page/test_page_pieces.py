"""Pieces of the page for an analyst's own notebook."""

from datetime import timedelta

import pytest
from bqplot import Figure
from ipywidgets import HTML

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.page import chosen
from temphub_kernel.page.choices.view import BY_KEY


def below(widget):
    return [widget, *(one for child in getattr(widget, "children", ()) for one in below(child))]


@pytest.mark.parametrize(
    ("part", "has", "lacks"),
    [("chart", Figure, "th-card"), ("cards", HTML, "th-stats"), ("stats", HTML, "th-card")],
)
def test_a_piece_works_alone(journal, open_dashboard, part, has, lacks):
    """Chart, cards and table each come without the rest of the page."""
    journal.reading("a", 20.0)
    shown = below(
        open_dashboard(journal.path, parts=(part,), view=chosen(window="1h", probes="a", unit="F")).widget
    )
    assert any(isinstance(one, has) for one in shown)
    told = "".join(one.value for one in shown if isinstance(one, HTML) and "<style>" not in one.value)
    assert lacks not in told and (part == "chart" or "68.00" in told)


def test_choices_are_checked_in_words():
    """A wrong choice is named with what may be given instead."""
    assert chosen().window == BY_KEY["5min"]
    assert chosen(start="2026-01-01", end="2026-01-08").window.span_ms == 7 * 86_400_000
    assert chosen(window=timedelta(days=2)).window.span_ms == 2 * 86_400_000
    assert chosen(window="1h30min").window.span_ms == 5_400_000
    assert abs(chosen(start="7d").window.span_ms - 7 * 86_400_000) < 60_000
    wrong = [{"end": "2026-01-01"}, {"limit": "8"}, {"window": "soon"}, {"unit": "K"}, {"start": "later"},
             {"start": "2026-02-01", "end": "2026-01-01"}, {"probes": ["../x"]},
             {"limit": float("nan")}, {"window": "1h", "start": "2026-01-01"}]  # fmt: skip
    for choices in wrong:
        with pytest.raises(TempHubError) as caught:
            chosen(**choices)
        assert caught.value.remedy.startswith("Give ")

"""The computer stays awake while the hub runs, where the system agrees."""

import logging
from pathlib import Path

import pytest

from support.waiting import wait_for
from temphub_kernel.hub import health
from temphub_kernel.hub.health import Awake, can_sleep


def test_it_is_kept_awake_until_the_hub_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system agrees the hub says so, and lets go at its stop."""
    # The library's own switch for machines without a desktop: its last method succeeds without asking the
    # system.
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")
    worker = Awake()
    worker.start()
    wait_for(lambda: worker.awake)
    assert worker.state().running and not worker.state().problem
    assert worker.stop() and not worker.awake


def test_where_the_system_does_not_agree_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A computer that can sleep and does not listen gets a warning in the log with what to do; the hub works
    on."""
    monkeypatch.setenv("WAKEPY_FORCE_FAILURE", "1")
    monkeypatch.setattr(health, "can_sleep", lambda: True)
    worker = Awake()
    with caplog.at_level(logging.WARNING):
        worker.start()
        wait_for(lambda: "Switch automatic sleep off" in caplog.text)
    assert worker.state().running and not worker.awake
    assert worker.stop()


def test_a_computer_without_a_sleep_mode_needs_no_warning(tmp_path: Path) -> None:
    """Servers and virtual machines have an empty list of sleep modes; when in doubt there may be one."""
    (tmp_path / "none").write_text("\n")
    (tmp_path / "some").write_text("freeze mem disk\n")
    assert (
        not can_sleep(tmp_path / "none") and can_sleep(tmp_path / "some") and can_sleep(tmp_path / "missing")
    )

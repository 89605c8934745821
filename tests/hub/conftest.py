"""A hub of this process, started as often as a test wants."""

import pytest

from temphub_kernel.core.settings import Settings
from temphub_kernel.hub.hub import RunningHub
from temphub_kernel.hub.lock import HubLock


@pytest.fixture
def make_running(data_dir, free_port):
    """Starts the hub of this process on the test's data folder, or another."""
    running = []

    def start(folder=data_dir, **more):
        names = {
            "DATA_DIR": str(folder),
            "PORT": str(free_port),
            "HOST": "127.0.0.1",
            "INTERFACES": "127.0.0.1",
            **more,
        }
        settings = Settings.from_environ(names)
        lock = HubLock(settings.data_dir)
        assert lock.take()
        running.append(RunningHub(settings, lock))
        running[-1].start()
        return running[-1]

    yield start
    for hub in running:
        hub.stop()

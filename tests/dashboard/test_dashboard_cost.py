"""What a page costs its kernel."""

import subprocess
import sys


def test_the_page_does_not_bring_in_what_its_kernel_cannot_afford():
    """Neither the hub's nor the analyst's libraries are loaded with the page."""
    unwanted = "('temphub_kernel.analysis', 'temphub_kernel.hub', 'tornado.web', 'zeroconf', 'requests')"
    script = f"import sys, temphub_kernel.dashboard; print([name for name in sys.modules if name.startswith({unwanted})])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"

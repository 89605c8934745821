"""Begins a kernel of ours, as `ipykernel_launcher` begins one of anybody's, without what such a kernel never
uses.

`python -m temphub_kernel.jupyter.launch -f FILE …`. Main thread.
"""

import sys
from pathlib import Path

from .later import spare_kernel


def main() -> None:
    """Be a kernel until somebody ends it."""
    # As there: what lies in the folder in which it is started takes no library's place.
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    spare_kernel()
    from ipykernel.kernelapp import IPKernelApp

    class OwnKernelApp(IPKernelApp):  # type: ignore[misc]  # its types do not hold under `strict`
        """Without a debugger at hand, which no cell of ours calls."""

        def init_pdb(self) -> None:
            """Leaves Python's own as it is."""

    OwnKernelApp.launch_instance()


if __name__ == "__main__":
    main()

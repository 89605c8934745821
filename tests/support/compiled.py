"""This Python's libraries and the program as users have them: compiled. Any thread."""

import compileall
import sys
import sysconfig

from temphub_kernel.core.files import PACKAGE


def compile_all() -> None:
    """Compile what is not. A Python that was told to write no bytecode, with libraries that came without, would read some thousand
    sources anew in each process: a hub starts three times as slowly then, and takes a tenth more memory."""
    if sys.dont_write_bytecode:
        for folder in {sysconfig.get_path(name) for name in ("purelib", "platlib")} | {str(PACKAGE)}:
            compileall.compile_dir(folder, quiet=2)

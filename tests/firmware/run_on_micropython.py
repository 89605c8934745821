"""Run by micropython: `micropython run_on_micropython.py FOLDER_OF_FIRMWARE TEST_FILE`. Prints 'N passed';
exit 1 when not all did.

Zero tests is a failure: a file that was not understood must not look like a file that passed.
"""

import sys


def _main(firmware, path):
    cut = path.rfind("/") + 1
    sys.path[:0] = [firmware, path[:cut]]
    module = __import__(path[cut:-3])
    names = sorted(name for name in dir(module) if name.startswith("test_"))
    failed = 0
    for name in names:
        try:
            getattr(module, name)()
        except Exception as error:
            failed += 1
            print("FAILED " + name)
            sys.print_exception(error)
    print(f"{len(names) - failed} passed")
    return 1 if failed or not names else 0


sys.exit(_main(sys.argv[1], sys.argv[2]))

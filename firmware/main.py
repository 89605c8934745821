"""Entry point of the probe: picks the port for this machine, once, and runs the probe on it."""

import sys

if sys.platform == "esp32":
    from ports import esp32 as port
else:
    from ports import pc as port

if __name__ == "__main__":
    port.main()

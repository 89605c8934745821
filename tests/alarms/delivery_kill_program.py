"""A hub's writer and what tells its alarms in a process of their own, to be killed. Usage: python
delivery_kill_program.py FOLDER"""

import sys
from pathlib import Path

from temphub_kernel.alarms.telling.channels import Channels
from temphub_kernel.alarms.telling.delivery import Delivery
from temphub_kernel.journal import Writer

folder = Path(sys.argv[1])
writer = Writer(folder / "temphub.sqlite3", gather_s=0)
writer.start()
worker = Delivery(writer.path, writer, Channels(folder), look_s=0.02)
worker.start()
worker.stopping.wait()

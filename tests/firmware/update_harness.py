"""For the tests of updates: a small firmware, a hub that serves it, a disk whose power is cut. Runs on both
interpreters."""

import hashlib
import json
import os
from binascii import hexlify

from boot_slots import Disk, Slots
from probe.update import Update
from probe_harness import HERE, Probe, net

PATH = "/api/firmware/manifest"
FILES = {
    "ports/__init__.py": b"",
    "ports/series/a.txt": b"1\n2\n",
    "probe/__init__.py": b'VERSION = "10.0"\n',
    "probe/app.py": bytes(range(256)) * 8,
}


def sha256(data):
    """Hex digest."""
    return hexlify(hashlib.sha256(data).digest()).decode()


def manifest(version="10.0", files=FILES):
    """As a hub makes it."""
    rows = [(name, len(files[name]), sha256(files[name])) for name in sorted(files)]
    whole = version + "\n" + "".join(f"{name} {size} {sha}\n" for name, size, sha in rows)
    listed = [{"name": name, "size": size, "sha256": sha} for name, size, sha in rows]
    return {"ok": True, "version": version, "sha256": sha256(whole.encode()), "files": listed}


def wire(told):
    """The bytes of a list, the files behind all else, as every hub writes them; MicroPython's own dicts have
    no order."""
    if not isinstance(told, dict):
        return json.dumps(told).encode()
    ahead = [
        json.dumps(key) + ": " + json.dumps(told[key]) for key in ("ok", "version", "sha256") if key in told
    ]
    return ("{" + ", ".join(ahead + ['"files": ' + json.dumps(told.get("files"))]) + "}").encode()


class PowerCut(Exception):
    """Nothing after this happens."""


class CutDisk(Disk):
    """After `steps` changes of the disk the power is gone. `steps` None: never; `done` counts."""

    def __init__(self, steps=None):
        super().__init__()
        self.steps = steps
        self.done = 0
        self.open = self._open
        self.flush = self._nothing
        for name in ("rename", "remove", "mkdir", "rmdir"):
            setattr(self, name, self._counted(getattr(self, name)))

    def _open(self, path, mode="r"):
        """A file whose every write is a step of its own."""
        file = open(path, mode)  # noqa: SIM115  the caller closes it
        if "w" in mode:
            try:
                self._step()
            except PowerCut:
                file.close()
                raise
            return _File(file, self._step)
        return file

    def _nothing(self, file):
        pass

    def _counted(self, work):
        def counted(*args):
            work(*args)
            self._step()

        return counted

    def _step(self):
        self.done += 1
        if self.steps is not None and self.done >= self.steps:
            raise PowerCut


class _File:
    def __init__(self, file, step):
        self._file = file
        self._step = step

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def write(self, data):
        # Half of it is on the disk when the power goes.
        half = len(data) // 2
        self._file.write(data[:half])
        self._step()
        self._file.write(data[half:])
        self._step()


class Store:
    """A hub on 127.0.0.1 that serves a manifest and its files for an `async with`; `served` counts by
    name."""

    def __init__(self, files=FILES, told=None):
        self.files = dict(files)
        self.told = told or manifest(files=files)
        self.served = []
        self.cut = None

    async def __aenter__(self):
        self._server, port = await net.start_server(self._serve, HERE, 0)
        self.url = f"http://{HERE}:{port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            head = (await reader.read(1024)).decode()
            target = head.split(" ")[1]
            name = target.split("?name=")[1] if "?name=" in target else "manifest"
            self.served.append(name)
            body = wire(self.told) if name == "manifest" else self.files.get(name)
            if body is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            else:
                sent = body[: len(body) // 2] if name == self.cut else body
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + sent)
            await writer.drain()
        except OSError:
            pass
        finally:
            await net.hang_up(writer)


class Tree:
    """A fresh folder for a `with`, removed with all that is in it."""

    def __enter__(self):
        base = os.getenv("TMPDIR") or os.getenv("TEMP") or "/tmp"
        self.path = base + "/update-test-" + "".join(f"{byte:02x}" for byte in os.urandom(6))
        os.mkdir(self.path)
        return self.path

    def __exit__(self, *_):
        _remove(self.path)


def _remove(path):
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            _remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)


def read(path):
    """The bytes of a file, None without it."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


class Board:
    """One start of a probe that can update itself: `slot` is what was chosen, `restarts` counts what it asked
    for."""

    def __init__(self, folder, url="http://127.0.0.1:1", disk=None):
        self.restarts = 0
        self.slots = Slots(folder, disk)
        self.slot = self.slots.choose()
        self.probe = Probe(folder, server_url=url, token="t")
        self.state = self.probe.state
        self.update = Update(self.state, net, self.slots, self._restart, self.probe.said.append, pause_s=0.01)

    def _restart(self):
        self.restarts += 1

    def whole(self, files=FILES):
        """The chosen slot holds exactly these files, or the flashed firmware was chosen."""
        return not self.slot or all(
            read(self.slots.path(self.slot) + "/" + name) == files[name] for name in files
        )

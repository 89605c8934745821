"""One update from the first byte to the switch; loaded for it, and given up after it. Sampling and delivery go on meanwhile."""

import json

from probe import update_fetch, update_manifest
from probe.update_files import SlotFiles


class Install:
    """`slots`: see boot_slots.py; `tell(state=…)` takes what /status shows of it; `sha256`: the manifest's, if the order names it."""

    def __init__(self, state, net, slots, tell, sha256=None):
        self._state = state
        self._net = net
        self._slots = slots
        self._tell = tell
        self._sha256 = sha256

    async def run(self, path):
        """Download, check, switch: the version that the next start tries, None when it runs already. An error leaves all as it was."""
        version, files = await self._manifest(path)
        if version == self._state.who()["version"]:
            self._tell(state="current", version=version)
            return None
        slot = self._slots.spare()
        place = SlotFiles(self._slots.disk, self._slots.path(slot))
        place.make_room(files)
        for done, (name, size, sha256) in enumerate(files):
            self._tell(state="downloading", version=version, done=done, of=len(files))
            if not await place.holds(name, size, sha256):
                await self._fetch(path, place, name, size)
        self._tell(state="checking", version=version)
        for name, size, sha256 in files:
            # Read back from the flash: what counts is what will be started.
            if not await place.holds(name, size, sha256):
                place.remove(name)
                raise ValueError(f"{name} is damaged")
        self._slots.try_next(slot, version)
        return version

    async def _manifest(self, path):
        raw = bytearray()
        settings = self._state.settings
        await update_fetch.fetch(self._net, settings.server_url, path, settings.token, raw.extend, update_manifest.MAX_MANIFEST)
        manifest = json.loads(raw)
        found = update_manifest.check(manifest)
        if self._sha256 and manifest["sha256"] != self._sha256:
            raise ValueError("it is not the firmware that the hub's order names")
        return found

    async def _fetch(self, path, place, name, size):
        settings = self._state.settings
        # Beside the manifest: /api/firmware/manifest -> /api/firmware/file?name=…
        beside = path.split("?")[0].rsplit("/", 1)[0] + "/file?name=" + name
        with place.writing(name) as file:
            await update_fetch.fetch(self._net, settings.server_url, beside, settings.token, file.write, size)

"""One update from the first byte to the switch; loaded for it, and given up after it. Sampling and delivery
go on meanwhile."""

import asyncio

from probe import update_fetch
from probe.rooms import give_up
from probe.update_files import LIST, SlotFiles

TRIES = 3


class Install:
    """`slots`: see boot_slots.py; `tell(state=…)` takes what /status shows of it; `sha256`: the manifest's,
    if the order names it."""

    def __init__(self, state, net, slots, tell, sha256=None):
        self._state = state
        self._net = net
        self._slots = slots
        self._tell = tell
        self._sha256 = sha256

    async def insist(self, path, pause_s):
        """`run`, three times if need be: its version, or None. What was told last says how it ended."""
        for attempt in range(TRIES):
            try:
                return await self.run(path)
            # What came whole is kept: the next attempt only fetches the rest.
            except (OSError, ValueError, MemoryError) as error:
                problem = f"The update did not come whole: {error}"[:200]
                self._tell(state="failed", problem=problem)
            if attempt + 1 < TRIES:
                await asyncio.sleep(pause_s)
        self._state.fault(problem + " Ask for it again from the hub.")

    async def run(self, path):
        """Download, check, switch: the version that the next start tries, None when it runs already. An error
        leaves all as it was."""
        slot = self._slots.spare()
        place = SlotFiles(self._slots.disk, self._slots.path(slot))
        version, count = await self._list(path, place)
        if version == self._state.who()["version"]:
            place.remove(LIST)
            self._tell(state="current", version=version)
            return None
        for done, (name, size, sha256) in enumerate(place.rows()):
            self._tell(state="downloading", version=version, done=done, of=count)
            if not await place.holds(name, size, sha256):
                await self._fetch(path, place, name, size)
        self._tell(state="checking", version=version)
        for name, size, sha256 in place.rows():
            # Read back from the flash: what counts is what will be started.
            if not await place.holds(name, size, sha256):
                place.remove(name)
                raise ValueError(f"{name} is damaged")
        place.remove(LIST)
        self._slots.try_next(slot, version)
        return version

    async def _list(self, path, place):
        """Bring the list of files onto the flash, checked, and make room for them: (version, how many)."""
        from probe import update_manifest

        # Needed here only; the files have its room then.
        give_up("probe.update_manifest")
        settings = self._state.settings
        with place.begin() as file:
            manifest = update_manifest.Manifest(lambda *row: file.write("{} {} {}\n".format(*row).encode()))
            await update_fetch.fetch(
                self._net,
                settings.server_url,
                path,
                settings.token,
                manifest.take,
                update_manifest.MAX_MANIFEST,
            )
        manifest.end()
        if self._sha256 and manifest.sha256 != self._sha256:
            raise ValueError("it is not the firmware that the hub's order names")
        if manifest.version != self._state.who()["version"]:
            from probe.update_room import make_room

            give_up("probe.update_room")
            make_room(place, manifest.names)
        return manifest.version, manifest.count

    async def _fetch(self, path, place, name, size):
        settings = self._state.settings
        # Beside the manifest: /api/firmware/manifest -> /api/firmware/file?name=…
        beside = path.split("?")[0].rsplit("/", 1)[0] + "/file?name=" + name
        with place.writing(name) as file:
            await update_fetch.fetch(self._net, settings.server_url, beside, settings.token, file.write, size)

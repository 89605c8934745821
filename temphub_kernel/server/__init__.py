"""The server process: Voilà on this computer only, the supervisor of the hub kernel, and the page template."""

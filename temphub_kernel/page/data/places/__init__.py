"""All places of an engine, as the page shows them: which probes there are, how each does, and their lines."""

"""Commands that ask or tell the running hub: `temphub probes`, `update`, `stop`, `calibrate`, `thermocouple`,
`strike-out`."""

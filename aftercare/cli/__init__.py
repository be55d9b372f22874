"""CLI: the `aftercare` command for the administrator: install, import, run, back up, verify."""

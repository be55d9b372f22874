"""Where an installation keeps its data."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def aftercare_home() -> Path:
    """Give AFTERCARE_HOME, by default a folder in the user's data directory."""
    return Path(os.environ.get("AFTERCARE_HOME") or platformdirs.user_data_path("aftercare"))

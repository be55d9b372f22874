"""What the measurements share: an installation of their own, percentiles, and the closing line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def options(description: str, **defaults: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", help="write every figure to this file")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


@contextmanager
def company() -> Iterator[str]:
    """Give the DATABASE_URL of a fresh company on the embedded server (or the server of DATABASE_URL)."""
    with tempfile.TemporaryDirectory(prefix="aftercare-bench-") as folder:
        os.environ["AFTERCARE_HOME"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftercare.config.settings")
        from aftercare.cli.starting import installation, now

        with installation():
            import random

            from aftercare.demo.founding import found_company

            found_company("appliance", at=now(), luck=random.Random(1), customers=20)
            yield os.environ["DATABASE_URL"]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def finish(name: str, figures: dict[str, Any], path: str | None) -> None:
    """Print the closing line, and write everything where asked."""
    if path:
        Path(path).write_text(json.dumps({"bench": name, **figures}, indent=1))
    shown = " ".join(
        f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}"
        for key, value in figures.items()
    )
    print(f"RESULT {shown}")

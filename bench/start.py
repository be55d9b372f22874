"""Starting `aftercare up` on an existing database, and the memory of all its processes at rest.

Keys: start_s (until /readyz answers, median), memory_mb (proportional set size of all processes together).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from statistics import median

from harness import company, finish, options


def main() -> None:
    chosen = options(__doc__ or "", rounds=5)
    with company():
        from tests.live import free_port

        starts, memory = [], 0.0
        for _round in range(chosen.rounds):
            done = subprocess.run(
                [sys.executable, "-m", "aftercare.cli.main", "up", "--port", str(free_port()), "--for", "5"],
                env=os.environ, capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            starts.append(float(re.search(r"\(([\d.]+) s to start", done.stdout)[1]))
            memory = float(re.search(r"at rest: (\d+) MB", done.stdout)[1])
    finish("start", {"start_s": median(starts), "memory_mb": memory}, chosen.json)


if __name__ == "__main__":
    main()

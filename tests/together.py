"""Several people acting at the same instant, each with a connection of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection

from aftercare.refusals import Refusal


def at_once(*acts: Callable[[], object]) -> list[bool]:
    """Run the acts side by side from one instant on; say of each whether it went through or was refused."""
    barrier, went, broken = Barrier(len(acts)), [False] * len(acts), []

    def run(n: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            act()
            went[n] = True
        except Refusal:
            pass
        except BaseException as error:  # noqa: BLE001 - given to the test below
            broken.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if broken:
        raise broken[0]
    return went

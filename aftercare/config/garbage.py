"""What a long-lived process holds for good is left out of the garbage collector's rounds."""

from __future__ import annotations

import gc


def settle() -> None:
    """Have what is held by now (code, packs, templates, addresses, people) not looked at any more: it is there to stay.

    A full round took a fifth of a second, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()

"""Refusals: how the product says no, always with what, where and what was expected.

Neighbours: everything above may raise one; doors turn it into a page or into RFC 9457 problem details.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, ExclusionViolation, SerializationFailure


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `where` (field path), `what` is wrong, what was `expected`."""

    where: str
    what: str
    expected: str = ""


@dataclass
class Refusal(Exception):
    """Something asked for that can't be done; `status` is the HTTP status a door answers with."""

    what: str
    problems: list[Problem] = field(default_factory=list)
    status: int = 409
    code: str = "refused"

    def __str__(self) -> str:
        parts = [str(self.what)]
        parts += [f"{p.where}: {p.what}" + (f" ({p.expected})" if p.expected else "") for p in self.problems]
        return "; ".join(parts)

    @property
    def reason(self) -> str:
        """The first thing that is wrong, in one line: for lists that say it beside each row."""
        return str(self.problems[0].what if self.problems and self.problems[0].what else self.what)


NUL = "\x00"


class Invalid(Refusal):
    """Input that breaks a rule of its form."""

    def __init__(
        self, what: str, problems: list[Problem] | None = None, *, where: str = "", expected: str = ""
    ) -> None:
        listed = problems or [Problem(where, what, expected)]
        super().__init__(what, listed, 422, "invalid")


class NotFound(Refusal):
    """Missing, or hidden from this reader: both look the same."""

    def __init__(self, what: str = "not found") -> None:
        super().__init__(what, [], 404, "not_found")


class Forbidden(Refusal):
    """A verb this reader's role does not have."""

    def __init__(self, what: str) -> None:
        super().__init__(what, [], 403, "forbidden")


class Conflict(Refusal):
    """The state of the thing does not allow the verb, or somebody else was first."""

    def __init__(self, what: str, *, where: str = "", expected: str = "", code: str = "conflict") -> None:
        super().__init__(what, [Problem(where, what, expected)] if where else [], 409, code)


class Stale(Refusal):
    """The reader saw an older version of what they are changing."""

    def __init__(self, what: str, problems: list[Problem] | None = None) -> None:
        super().__init__(what, problems or [], 412, "stale")


class TooMany(Refusal):
    """A limit on how often is reached."""

    def __init__(self, what: str, *, wait_for: int) -> None:
        super().__init__(what, [], 429, "too_many")
        self.wait_for = wait_for


def crossed(error: BaseException) -> Conflict | None:
    """Give the refusal for what the database refused because somebody else did something at the same moment; None for other errors.

    That is: two things that may not overlap (`ExclusionViolation`), two who waited for each other (`DeadlockDetected`), and what could
    not be put in one order (`SerializationFailure`). Nothing of it was kept.
    """
    if not isinstance(error.__cause__, (DeadlockDetected, ExclusionViolation, SerializationFailure)):
        return None
    return Conflict(
        _("somebody else changed the same at this moment; nothing was kept, please look and try again"),
        code="crossed",
    )

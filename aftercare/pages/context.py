"""What the shell of every page shows: the reader, the places they may go, and how much is waiting."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from aftercare.notices.selectors import unread_count
from aftercare.people.states import Role
from aftercare.sla.selectors import waiting_count

from .doors import actor


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give the shell's values; lazily, so that pages without a shell cost no query."""
    theme = request.COOKIES.get("theme", "")
    values: dict[str, Any] = {
        "theme": theme if theme in ("light", "dark") else "light",
        "language": getattr(request, "LANGUAGE_CODE", "zh-hans"),
        "lang_attribute": "en" if getattr(request, "LANGUAGE_CODE", "") == "en" else "zh-Hans",
        "public_url": settings.PUBLIC_URL,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        who = actor(request)
        values["who"] = who
        values["can"] = _Can(who)
        # what a role may see is the same for everybody who has it
        values["role_key"] = " ".join(sorted(user.roles))
        values["role_titles"] = [str(Role(role).label) for role in user.roles]
        values["alert_count"] = lambda: unread_count(who)
        values["waiting_count"] = lambda: waiting_count(who)
    return values


class _Can:
    """Lets templates write `{% if can.dispatch_work_order %}`."""

    def __init__(self, who: Any) -> None:
        self.who = who

    def __getitem__(self, verb: str) -> bool:
        return bool(self.who.can(verb))

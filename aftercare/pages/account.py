"""Sign-in: accounts are made by an administrator, never by signing up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from aftercare.people.selectors import actor_for, staff_by_key


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by staff number; who a session belongs to is asked in every request, with a query that is compiled once."""

    def get_user(self, user_id: int) -> Any:
        found = staff_by_key(int(user_id))
        return found if found and self.user_can_authenticate(found) else None


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Local accounts by staff number, without sign-up and without mail."""

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in; a phone on the road stays signed in for a shift, through restarts and hours without a network."""
        super().login(request, user)
        request.session["on_the_road"] = actor_for(user).own_only

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_user_search_fields(self) -> list[str]:
        return ["number"]

    def clean_username(self, username: str, shallow: bool = False) -> str:
        return username.strip().upper()

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: lost passwords are set anew by the administrator."""

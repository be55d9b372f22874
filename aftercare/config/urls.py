"""All addresses."""

from __future__ import annotations

from django.urls import include, path

from aftercare.api.main import api
from aftercare.pages.urls import urlpatterns as pages

handler404 = "aftercare.pages.errors.not_found"
handler500 = "aftercare.pages.errors.server_error"
handler400 = "aftercare.pages.errors.bad_request"

urlpatterns = [
    *pages,
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
]

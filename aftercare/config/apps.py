"""Load every domain's reactions once Django is ready."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps


class ConfigApp(AppConfig):
    name = "aftercare.config"
    label = "config"

    def ready(self) -> None:
        for app in apps.get_app_configs():
            if app.name.startswith("aftercare.") and find_spec(f"{app.name}.reactions"):
                import_module(f"{app.name}.reactions")

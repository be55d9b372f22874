"""Load every domain's reactions once Django is ready."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

DOMAINS = (
    "ledger", "privacy", "files", "people", "policies", "customers", "products", "sla", "parts", "triage", "knowledge", "intake",
    "workorders", "visits", "dispatch", "followup", "supervision", "quality", "complaints", "notices",
)  # fmt: skip


class ConfigApp(AppConfig):
    name = "aftercare.config"
    label = "config"

    def ready(self) -> None:
        for domain in DOMAINS:
            if find_spec(f"aftercare.{domain}.reactions"):
                import_module(f"aftercare.{domain}.reactions")

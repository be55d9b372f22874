"""The kinds of units and the roles (checklist M119)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    HEADQUARTERS = "headquarters", _("Headquarters")
    REGION = "region", _("Region")
    STORE = "store", _("Store")
    DEPARTMENT = "department", _("Department")
    PROVIDER = "provider", _("Service provider")


class Role(TextChoices):
    AGENT = "agent", _("Agent")
    ENGINEER = "engineer", _("Engineer")
    DISPATCHER = "dispatcher", _("Dispatcher")
    SUPERVISOR = "supervisor", _("Supervisor")
    STORE_MANAGER = "store_manager", _("Store manager")
    REGIONAL = "regional", _("Regional supervisor")
    MANAGER = "manager", _("After-sales manager")
    HEADQUARTERS = "headquarters", _("Headquarters service")
    EXECUTIVE = "executive", _("General manager's office")
    ANALYST = "analyst", _("Data analyst")
    SUPPLIER = "supplier", _("Supplier")
    PROVIDER = "provider", _("Service provider")
    LEGAL = "legal", _("Legal department")
    PURCHASING = "purchasing", _("Purchasing")
    QUALITY = "quality", _("Quality control")
    NIGHT = "night", _("Night team")
    ADMINISTRATOR = "administrator", _("Administrator")

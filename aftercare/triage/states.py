"""Life cycle of a trained model."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ModelState(TextChoices):
    CANDIDATE = "candidate", _("Trained, not in use")
    ACTIVE = "active", _("In use")
    RETIRED = "retired", _("Taken back")


MODEL_MOVES = {
    "candidate": frozenset({"active", "retired"}),
    "active": frozenset({"retired"}),
    "retired": frozenset({"active"}),
}

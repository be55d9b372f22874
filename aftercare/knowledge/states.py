"""Life cycles of an article and of a question without an answer."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ArticleState(TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Withdrawn")


class QuestionState(TextChoices):
    OPEN = "open", _("Not answered yet")
    ANSWERED = "answered", _("Answered")
    DISMISSED = "dismissed", _("Not ours to answer")


class ArticleKind(TextChoices):
    FAQ = "faq", _("Question and answer")
    CASE = "case", _("Typical case")
    SCRIPT = "script", _("Script")
    VIDEO = "video", _("Video")
    GUIDE = "guide", _("Guide in steps")


class Audience(TextChoices):
    """Who may read an article; each also sees what is meant for those before it."""

    PUBLIC = "public", _("Everybody, customers too")
    STAFF = "staff", _("Desk and engineers")
    DESK = "desk", _("The desk")
    LEADERS = "leaders", _("Leaders")


ARTICLE_MOVES = {
    "draft": frozenset({"published", "retired"}),
    "published": frozenset({"retired"}),
    "retired": frozenset({"published"}),
}
QUESTION_MOVES = {
    "open": frozenset({"answered", "dismissed"}),
    "answered": frozenset({"open"}),
    "dismissed": frozenset({"open"}),
}

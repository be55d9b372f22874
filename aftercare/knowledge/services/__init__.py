"""Writes of knowledge."""

from .asking import ask_question, dismiss_question, note_help, settle_question
from .filling import fill_anew, fill_cluster
from .importing import Outcome, import_articles
from .writing import (
    Labels,
    add_wording,
    drop_wording,
    publish_article,
    relabel_article,
    retire_article,
    review_article,
    revise_article,
    write_article,
)

__all__ = [
    "Labels", "Outcome",
    "add_wording", "ask_question", "dismiss_question", "drop_wording", "fill_anew", "fill_cluster", "import_articles", "note_help", "publish_article",
    "relabel_article", "retire_article", "review_article", "revise_article", "settle_question", "write_article",
]  # fmt: skip

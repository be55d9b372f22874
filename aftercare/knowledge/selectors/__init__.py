"""Reads of knowledge."""

from .answering import Answer, answers_for, often_helped, published_for
from .keeping import (
    Coverage,
    article_for,
    articles_for,
    counts_for,
    coverage_for,
    drafted_from,
    question_for,
    questions_for,
    version_of,
)
from .library import documents, forget_library, library_size
from .seeking import Seeker, customer_seeker, seeker_of

__all__ = [
    "Answer", "Coverage", "Seeker", "answers_for", "article_for", "articles_for", "counts_for", "coverage_for", "customer_seeker", "documents", "drafted_from",
    "forget_library", "library_size", "often_helped", "published_for", "question_for", "questions_for", "seeker_of",
    "version_of",
]  # fmt: skip

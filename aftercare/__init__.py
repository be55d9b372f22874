"""Aftercare: everything between a customer's "it is broken" and the month's statistics."""

__version__ = "0.1.0"

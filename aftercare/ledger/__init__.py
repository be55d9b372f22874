"""Ledger: facts, moves of states, numbers of forms, and the delivery of facts to those who react.

A fact says who did what to which thing, when, with which values. It is at once the timeline, the audit trail, the
outbox that feeds reactions, the source of every statistic and, sealed, the tamper-evident record.
States: none of its own. Neighbours: every domain above records facts here; nothing else keeps a second history.
See docs/why/ledger.md.
"""

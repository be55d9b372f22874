"""Follow-up: ask the customer after the service (SA-CS-005), and make good what went wrong.

States of a survey: due → answered | unreachable. States of a recovery: open → taken → answered → closed.
Neighbours: workorders below; notices sends the link, analytics counts.
"""

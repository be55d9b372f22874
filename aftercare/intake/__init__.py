"""Intake: the customer's words become a request (SA-CR-001).

States of a request: open → answered | closed | cancelled | merged; answered, closed and merged can be opened again.
Neighbours: customers, products and policies below; workorders reacts to `request.received`.
Raw input is kept before it is parsed; what can't be taken waits in a visible queue with the reason.
"""

"""Dispatch, instant mode: who gets a work order, why, and why not the others.

States of an offer: offered → accepted | refused | expired | withdrawn. When nobody can take an order it waits in the
dispatcher's queue with what would have to give. Neighbours: workorders and visits below.
See docs/why/dispatch.md; the day plan comes later (DISPATCH.md).
"""

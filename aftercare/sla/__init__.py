"""SLA: the clocks that run beside every stage of the road.

The active pack says which facts start, stop, pause, resume and cancel each clock. A clock is a reading of those facts:
it is derived again from them whenever one arrives, so the order of arrival does not matter.
States: running · paused · met · missed · cancelled. Neighbours: none above is known here; facts say everything.
See docs/why/sla.md.
"""

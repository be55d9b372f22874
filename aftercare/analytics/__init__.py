"""Analytics: the measures of SA-DA-006, each defined once, each number linked to its rows.

Averages are sums divided by counts of system records, never estimates. See docs/reference/measures.md.
Neighbours: reads the rows of every domain below; writes nothing.
"""

"""People: the tree of units, staff with roles, certificates, shifts and leave, API clients, and who may do what.

States: none. Neighbours: every domain above asks `require` for the verb and `units_in_scope` for the rows.
"""

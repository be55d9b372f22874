"""Customers: who they are (encrypted), how they are found, and the signed links they come by.

States: none. Neighbours: intake receives for them; portal pages open with a link of theirs.
"""

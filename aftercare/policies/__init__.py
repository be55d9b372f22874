"""Policies: every number, rule and text of the business as data, in packs of TOML files, versioned when activated.

States: a version is immutable; one is active for the company, and a unit may have one of its own.
Neighbours: every domain above asks `policy_for` and stamps the version on what it decides. See docs/how-to/policy-pack.md.
"""

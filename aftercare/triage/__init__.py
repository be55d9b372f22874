"""Triage: what a customer's words mean, with the words that decided.

A text is folded to one form (rules/normalising), the terms of the pack's dictionary and the values in it are found
(rules/finding, rules/values), and every field is read from them and from the company's own model, if it has one
(rules/reading, rules/linear). A model is trained on the agents' corrections (rules/learning), compared, and takes over or not.

Neighbours: policies gives dictionary and thresholds; intake reads what comes in and keeps corrections.
"""

"""Knowledge: what helped before, written down once and found in an instant (M14, M77, M93–M97).

An article is a question with its answer, a typical case, a script, a video or a guide in steps. It is drafted, published
and looked at again every so often; every version is kept. Each process holds an index of what is published (rules/index),
made anew from the database when something changed; what helped somebody is remembered with their own words for it.
A question that nothing answered is kept until somebody writes the answer.

Neighbours: policies says which words mean the same; triage folds texts and knows the customers' words for a fault.
"""

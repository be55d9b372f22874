"""Drafting: summaries and replies by a language model behind an OpenAI-compatible address. Off unless an administrator says so.

Two switches: the address in the environment, and what may leave the house in the pack (`drafting.toml: allowed`). What leaves holds
no names, numbers or addresses, leaves a fact, and comes back as a text that a person reads before anything happens with it.

Neighbours: intake gives the story of a request, knowledge the answers a reply may rest on.
"""

"""Complaints nobody made: signs in what customers do that they are not content (M20), looked at by a person.

What happens to a customer's requests and orders is counted, and the pack's rules say which counts are signs. A review is
opened, once; whoever looks at it makes it a complaint or says why it is none.

Neighbours: intake gives requests and takes the complaint; shops tell what happens to orders through the API.
"""

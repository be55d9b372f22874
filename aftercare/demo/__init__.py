"""Demo: a made-up company and a service day, run through the same services that the doors call.

Nobody in it is real. Neighbours: every domain below; nothing depends on it.
"""

"""What open pages are told while they are open: server-sent events over LISTEN/NOTIFY."""

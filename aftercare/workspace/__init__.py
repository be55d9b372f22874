"""What people arrange for their own work: saved views of lists, and texts they write again and again.

Neighbours: people below; pages above. Nothing here decides anything about a case.
"""

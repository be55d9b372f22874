"""Products: models sold, the pieces customers own, and their warranty, which is computed and never typed.

Neighbours: intake asks for a customer's pieces; visits asks whether a part is covered.
"""

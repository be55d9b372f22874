"""Parts: the public price list, and what each unit has in stock.

Neighbours: visits takes parts from stock and quotes their prices (M54, M60).
"""

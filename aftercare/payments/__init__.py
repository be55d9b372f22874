"""Payments: what a customer owes for a visit, paid online through a provider, and what became of it (M60).

States: open → paid, or settled (paid at the door), or dropped (the visit was broken off). Money that was told of is never
refused: when it comes twice, late or in another amount, the payment is doubted and a person looks at it.
Providers (`providers`): `sandbox` moves no money; a gateway of the company's own speaks signed JSON over HTTP.

Neighbours: visits below says what is owed and how it was paid; notices above sends the customer a link and a receipt.
"""

"""Privacy: personal data encrypted at rest, found by a keyed hash, masked wherever it is shown.

AES-256-GCM with a key ring kept outside the database; a blind index (HMAC-SHA256) of the normalised value finds it.
Neighbours: people, customers, intake, workorders and notices keep their personal fields with it.
"""

"""Files: photos, short videos, voice notes and signatures, stored by content hash outside the database.

The type is sniffed, the size limited, images re-encoded without their location; a file is served only through its
owner's page, as an attachment or a safe image. Neighbours: intake, visits.
"""

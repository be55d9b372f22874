"""Supervision: papers that a case owes, grades of complaints, and who has the authority to decide."""

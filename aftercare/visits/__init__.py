"""Visits: appointments (SA-AP-003) and what happens on site or by video (SA-OS-004).

States of an appointment: proposed → booked → kept, or cancelled. States of a visit: travelling → on_site → diagnosed →
quoted → agreed → repaired → tested → finished, or abandoned.
Neighbours: workorders and parts below; dispatch above proposes slots once an engineer has accepted.
"""

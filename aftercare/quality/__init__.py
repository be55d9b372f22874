"""Quality: repairs of one model with one symptom that grow faster than they should (M108), and what is done about them.

Groups are counted from requests and tested against their own past and against other models of the category; false alarms
are kept to a share (rules). A suspected defect is confirmed or dismissed by a person; confirmed, a quick repair guide is
drafted from what the engineers found, and every case of that model with that symptom says so.

Neighbours: intake gives requests and what was read of them, visits the causes found, knowledge keeps the guide.
"""

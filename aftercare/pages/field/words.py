"""What the phone's script says, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as n_

STEP_TITLES = {
    "depart": n_("Depart"), "arrive": n_("Arrived"), "diagnose": n_("Diagnosis"), "quote": n_("Quote"), "requote": n_("Change the quote"), "consent": n_("Consent"),
    "repair": n_("Repair"), "test": n_("Test"), "sign": n_("Signatures"), "photo": n_("Photo"), "late": n_("Late"),
    "abandon": n_("Break off"), "ask_part": n_("Have a part brought"), "convert": n_("Make it a visit"),
}  # fmt: skip


def words() -> dict[str, str]:
    """Give the sentences of the script by name; `{n}`, `{what}` and `{code}` are filled there."""
    return {
        "kept": _("{what}: kept here, not sent yet"), "wrong": _("{n} need you"), "away": _("Offline, {n} to send"),
        "away_all": _("Offline, day kept"), "sending": _("Sending {n}…"), "signed_out": _("Sign in to send"),
        "sign_in": _("Sign in"), "sign_in_again": _("You were signed out. What you did is kept here and sent once you sign in."),
        "kept_here": _("Kept on the phone and sent by itself when there is a network; go on working."),
        "all_sent": _("Everything is sent."), "nothing": _("What you do without a network is kept here."),
        "sent": _("sent"), "known": _("was done already"), "refused": _("not taken"), "held": _("kept aside"),
        "mend": _("Mend it"), "drop": _("Drop it"), "seen": _("Seen"), "offer": _("offer"), "pays": _("Customer pays"),
        "quote": _("Quote"), "photo": _("Photo"), "no_picture": _("this picture can't be read"),
        "no_value": _("no value"), "not_passed": _("the value does not pass"),
        "needs_network": _("this needs a network: the free times come from the server"),
        "no_room": _("the phone could not keep this; free some space and try again"),
        "unsent": _("{n} actions were not sent yet. Signing out deletes them."),
        "scan": _("Scan"), "no_camera": _("the camera is not allowed"), "no_part": _("No part {code} in the price list"),
    }  # fmt: skip

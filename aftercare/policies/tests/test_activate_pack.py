"""An activated version is immutable, alone in force, and stamped on what it decided."""

from __future__ import annotations

from aftercare.ledger.models import Fact
from aftercare.people.rules import MACHINE
from aftercare.policies.models import PolicyVersion
from aftercare.policies.selectors import policy_for, policy_version
from aftercare.policies.services import activate_pack
from tests.cast import MORNING


def test_a_new_version_takes_over_and_the_old_one_stays(cast):
    old = policy_for()
    before = cast.request()
    version = activate_pack("retail", by=MACHINE, at=MORNING)
    after = cast.request(phone="13900001111")
    assert (before.policy_id, after.policy_id) == (old.id, version.pk)
    assert policy_version(old.id).name == "appliance"
    assert PolicyVersion.objects.filter(active=True).count() == 1
    assert Fact.objects.filter(name="policy.activated").count() == 2


def test_the_same_content_again_changes_nothing(cast):
    again = activate_pack("appliance", by=MACHINE, at=MORNING)
    assert again.number == policy_for().number
    assert PolicyVersion.objects.count() == 1


def test_a_unit_may_have_a_pack_of_its_own(cast):
    activate_pack("pet-shop", by=MACHINE, at=MORNING, unit=cast.other_store)
    assert policy_for(cast.other_store.pk).name == "pet-shop"
    assert policy_for(cast.store.pk).name == "appliance"

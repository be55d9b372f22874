"""The short verbs of the `aftercare` command."""

from __future__ import annotations

import argparse
import csv
import getpass
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.progress import Progress

from aftercare.refusals import Invalid, NotFound

from .starting import bring_up_to_date, installation, now, say


def migrate(options: argparse.Namespace) -> int:
    with installation(migrate=False):
        say("migrated" if bring_up_to_date() else "nothing to do")
    return 0


def _import(options: argparse.Namespace) -> int:
    """Import a file: rows are kept, then taken in; refused rows keep their reason; the same file again goes on."""
    with installation():
        from aftercare.intake.rules import parse_mapping
        from aftercare.intake.selectors import job_counts
        from aftercare.intake.services import process_rows, start_import
        from aftercare.people.rules import MACHINE

        path, map_path = Path(options.file), Path(options.map)
        for wanted in (path, map_path):
            if not wanted.is_file():
                raise Invalid(f"there is no file {wanted}", where=str(wanted))
        mapping = parse_mapping(map_path.read_text(encoding="utf-8"), where=map_path.name)
        job, resumed = start_import(path, mapping, unit=_unit(options.unit), by=MACHINE, at=now())
        if resumed:
            say(f"going on with this file: {job_counts(job)}")
        with Progress() as bar:
            task = bar.add_task("dry run" if options.dry_run else "import", total=job_counts(job)["waiting"])
            for done in process_rows(job, by=MACHINE, at=now(), dry_run=options.dry_run):
                bar.update(task, advance=done)
        rows = job.rows.exclude(problems=[]).order_by("line")
        reasons: Counter[str] = Counter(f"{p['where']}: {p['what']}" for raw in rows for p in raw.problems)
        counts = job_counts(job)
        wrong = rows.count()
        say(
            f"{job.total} rows: taken in {counts['accepted']}, {'would be refused' if options.dry_run else 'refused'} {wrong}"
        )
        for reason, count in reasons.most_common(12):
            say(f"  {count:>6}  {reason[:100]}")
        if options.errors:
            with Path(options.errors).open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(["line", "reason"])
                writer.writerows(
                    [raw.line, "; ".join(f"{p['where']}: {p['what']}" for p in raw.problems)]
                    for raw in rows.iterator()
                )
    return 0


globals()["import"] = _import


def report(options: argparse.Namespace) -> int:
    """Print SA-DA-006 of a month, or write it as CSV or XLSX."""
    with installation():
        from aftercare.analytics.exporting import as_csv, as_xlsx, report_table
        from aftercare.analytics.selectors import month_of, monthly_report
        from aftercare.people.rules import MACHINE

        found = monthly_report(
            MACHINE, month_of(options.month), unit_id=_unit(options.unit).pk if options.unit else None
        )
        table = report_table(found)
        if options.out:
            out = Path(options.out)
            out.write_bytes(
                as_xlsx(table, f"SA-DA-006 {options.month}") if out.suffix == ".xlsx" else as_csv(table)
            )
            return 0
        for row in table:
            say("  ".join(f"{'' if cell is None else cell!s:<18}" for cell in row))
    return 0


def user(options: argparse.Namespace) -> int:
    """Add a member of staff, set a password, or list them."""
    with installation():
        from aftercare.people.rules import MACHINE
        from aftercare.people.selectors import root_unit, staff_for, staff_numbered
        from aftercare.people.services import add_staff, add_unit, set_password

        if options.what == "list":
            for staff in staff_for(MACHINE):
                say(f"{staff.number:<14}{staff.name_masked:<6}{','.join(staff.roles):<30}{staff.unit.name}")
            return 0
        if options.what == "password":
            known = staff_numbered(options.number)
            if known is None:
                raise NotFound(f"there is no staff number {options.number}")
            set_password(known, _password(), by=MACHINE, at=now())
            say("password set; every session of this person has ended")
            return 0
        unit = _unit(options.unit) if root_unit() else None
        if unit is None:
            unit = add_unit(
                kind="headquarters", name=options.company or "Aftercare", parent=None, by=MACHINE, at=now()
            )
        staff = add_staff(
            number=options.number,
            name=options.name,
            unit=unit,
            roles=options.role,
            password=_password(),
            phone=options.phone,
            email=options.email,
            by=MACHINE,
            at=now(),
        )
        say(
            f"added {staff.number}; sign in at /accounts/login/ and switch on a one-time code at /accounts/2fa/"
        )
    return 0


def policy(options: argparse.Namespace) -> int:
    """Activate, check or list policy packs."""
    from aftercare.policies.rules.loading import PACKS, load_pack, pack_names

    folder = Path(options.folder) if getattr(options, "folder", None) else PACKS
    if options.what == "check":
        _setup_translation()
        _content, pack = load_pack(options.pack, options.overlay, folder)
        say(
            f"{options.pack}: {len(pack.clocks.clocks)} clocks, {len(pack.urgency.rules)} urgency rules: no mistake found"
        )
        return 0
    with installation():
        from aftercare.people.rules import MACHINE
        from aftercare.policies.selectors import policy_versions
        from aftercare.policies.services import activate_pack

        if options.what == "list":
            say("packs: " + ", ".join(pack_names()))
            for version in policy_versions(MACHINE):
                say(
                    f"v{version.number:<4}{version.pack:<12}{'+'.join(version.overlays):<12}{'in force' if version.active else ''}"
                )
            return 0
        version = activate_pack(options.pack, overlays=options.overlay, by=MACHINE, at=now(), folder=folder)
        say(f"in force: {version.pack} v{version.number}")
    return 0


def ledger(options: argparse.Namespace) -> int:
    """Verify seals, show how far consumers are behind, or retry parked facts."""
    with installation():
        from aftercare.ledger.selectors import fact_count, parked_facts, seal_count
        from aftercare.ledger.services import backlog, broken_seal, retry_parked

        if options.what == "lag":
            for name, count in backlog().items():
                say(f"{name:<14}{count}")
        elif options.what == "parked":
            if options.retry:
                say(f"{retry_parked(at=now(), also_given_up=True)} went through")
            for parked in parked_facts():
                say(
                    f"{parked.consumer:<12}{parked.fact.name:<26}{parked.attempts} tries  {parked.error.strip().splitlines()[-1][:80]}"
                )
        else:
            broken = broken_seal()
            if broken:
                say(
                    f"seal {broken.pk} does not fit: a fact between {broken.first_fact_id} and {broken.last_fact_id} was changed"
                )
                return 1
            say(f"{seal_count()} seals hold over {fact_count()} facts")
    return 0


def client(options: argparse.Namespace) -> int:
    """Add or list API clients."""
    with installation():
        from aftercare.people.rules import MACHINE
        from aftercare.people.selectors import clients
        from aftercare.people.services import create_client

        if options.what == "list":
            for row in clients():
                say(
                    f"{row.name:<20}{row.key_hint:<12}{row.unit.name:<14}{','.join(row.verbs)}{'' if row.active else '  (off)'}"
                )
            return 0
        _row, key = create_client(
            name=options.name, unit=_unit(options.unit), verbs=options.verbs, by=MACHINE, at=now()
        )
        say(key)
        say("keep it: it can't be shown again")
    return 0


def webhook(options: argparse.Namespace) -> int:
    """Add or list webhooks."""
    with installation():
        from aftercare.notices.selectors import deliveries, endpoints
        from aftercare.notices.services import add_endpoint
        from aftercare.people.rules import MACHINE

        if options.what == "list":
            for row in endpoints(MACHINE):
                say(f"{row.pk:<4}{row.url:<50}{','.join(row.events)}{'' if row.active else '  (off)'}")
            for delivery in deliveries(MACHINE)[:20]:
                say(f"  {delivery.fact.name:<28}{delivery.state:<10}{delivery.status or delivery.error}")
            return 0
        _row, secret = add_endpoint(
            url=options.url, events=options.events, unit=_unit(None), by=MACHINE, at=now()
        )
        say(secret)
        say("keep it: it can't be shown again")
    return 0


def keys(options: argparse.Namespace) -> int:
    """Add an encryption key and write all personal data anew with it."""
    if os.environ.get("AFTERCARE_KEYS"):
        raise Invalid(
            "the keys come from AFTERCARE_KEYS",
            where="AFTERCARE_KEYS",
            expected="put the new key first there, then run this again without it",
        )
    with installation():
        from aftercare.config.home import aftercare_home
        from aftercare.privacy.keyring import add_key
        from aftercare.privacy.services import reencrypt_all

        name = add_key(aftercare_home())
        say(f"new key {name}; restart the running processes, then old data follow:")
        say(f"{reencrypt_all()} rows written anew")
    return 0


def backup(options: argparse.Namespace) -> int:
    from .keeping import write_backup

    with installation():
        write_backup(Path(options.file), with_keys=not options.without_keys)
        say(f"written: {options.file}")
    return 0


def restore(options: argparse.Namespace) -> int:
    from .keeping import read_backup

    read_backup(Path(options.file))
    say("restored")
    return 0


def privacy(options: argparse.Namespace) -> int:
    """Count whom a retention of so many months would forget."""
    if not 1 <= options.months <= 600:
        raise Invalid("this is no retention", where="--months", expected="1 to 600")
    with installation():
        from aftercare.intake.services import customers_due
        from aftercare.people.rules import MACHINE
        from aftercare.people.selectors import units_for

        counts = {
            unit.name: customers_due([unit.pk], months=options.months, at=now()).count()
            for unit in units_for(MACHINE)
        }
        for name, count in counts.items():
            if count:
                say(f"  {name:<20}{count:>8}")
        say(f"{sum(counts.values())} customers had their last case more than {options.months} months ago; nothing was changed")  # fmt: skip
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Say what is wrong with this installation, and how to mend it; 1 when something is."""
    from .doctor import examine

    found = examine()
    for good, what, mend in found:
        say(f"{'ok  ' if good else 'BAD '} {what}" + ("" if good else f"\n       → {mend}"))
    return 0 if all(good for good, _what, _mend in found) else 1


def _unit(name: str | None) -> Any:
    from aftercare.people.selectors import root_unit, unit_named

    unit = unit_named(name) if name else root_unit()
    if unit is None:
        raise Invalid(f"there is no unit {name!r}" if name else "there is no company yet", where="--unit",
                      expected="a unit's name; or first: aftercare user add GL2024001 --role administrator …")  # fmt: skip
    return unit


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise Invalid("the two passwords differ", where="password")
    return first


def _setup_translation() -> None:
    from django.conf import settings

    if not settings.configured:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftercare.config.settings")
        from aftercare.config.home import aftercare_home
        from aftercare.privacy.keyring import create_keys

        create_keys(aftercare_home())

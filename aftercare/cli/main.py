"""The `aftercare` command: its verbs and their options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from aftercare import __version__

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; refusals are printed with what, where and what was expected, and exit with 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftercare.config.settings")
    os.environ.setdefault("PYTHONWARNINGS", "ignore::RuntimeWarning")
    options = parser().parse_args(argv)
    from aftercare.refusals import Refusal

    from . import clocks, commands, knowing, planning, reading, running

    verb = options.verb.replace("-", "_")
    command: Command = next(
        getattr(m, verb) for m in (running, clocks, commands, planning, reading, knowing) if hasattr(m, verb)
    )
    try:
        return command(options)
    except Refusal as refusal:
        print(f"aftercare: {refusal.what}", file=sys.stderr)
        for problem in refusal.problems:
            expected = f" (expected: {problem.expected})" if problem.expected else ""
            print(f"  {problem.where}: {problem.what}{expected}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="aftercare", description="After-sales service platform")
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(dest="verb", required=True)

    up = verbs.add_parser("up", help="start the embedded database, the web pages and the worker")
    up.add_argument("--host", default="127.0.0.1")
    up.add_argument("--port", type=int, default=8000)
    up.add_argument("--workers", type=int, default=2, help="web processes")
    up.add_argument(
        "--for", dest="seconds", type=float, default=0, help="stop by itself after so many seconds"
    )

    worker = verbs.add_parser("worker", help="run only a worker, for more than one machine")
    worker.add_argument("--once", action="store_true", help="deliver what waits, then stop")

    demo = verbs.add_parser("demo", help="found a made-up company and live a service day")
    demo.add_argument("--pack", choices=("appliance", "retail", "pet-shop"), default="appliance")
    demo.add_argument("--requests", type=int, default=300)
    demo.add_argument(
        "--once", action="store_true", help="print the summary and stop, instead of serving the pages"
    )
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument(
        "--for", dest="seconds", type=float, default=0, help="serve for so many seconds, then stop"
    )
    demo.add_argument(
        "--bulk", type=int, default=0, help="add so many stored requests, fast, for measurements"
    )

    imports = verbs.add_parser("import", help="import requests from a file").add_subparsers(
        dest="what", required=True
    )
    requests = imports.add_parser("requests")
    requests.add_argument("file")
    requests.add_argument("--map", required=True, help="mapping file (TOML)")
    requests.add_argument("--unit", help="name of the unit they belong to; default: the headquarters")
    requests.add_argument("--dry-run", action="store_true")
    requests.add_argument("--errors", help="write refused rows with their reasons to this CSV file")

    report = verbs.add_parser("report", help="print the month's statistics (SA-DA-006)")
    report.add_argument("month", help="2024-05")
    report.add_argument("--unit")
    report.add_argument("--out", help="write CSV or XLSX to this file")

    user = verbs.add_parser("user", help="members of staff").add_subparsers(dest="what", required=True)
    add = user.add_parser("add", help="add one; the first must be an administrator")
    add.add_argument("number")
    add.add_argument("--name", required=True)
    add.add_argument("--role", action="append", required=True)
    add.add_argument("--unit")
    add.add_argument("--phone", default="", help="for warnings by SMS")
    add.add_argument("--email", default="", help="for warnings by mail")
    add.add_argument("--company", help="name of the company, when this is the first account")
    password = user.add_parser("password")
    password.add_argument("number")
    user.add_parser("list")

    policy = verbs.add_parser("policy", help="policy packs").add_subparsers(dest="what", required=True)
    activate = policy.add_parser("activate")
    activate.add_argument("pack")
    activate.add_argument("--overlay", action="append", default=[])
    activate.add_argument("--folder", help="folder with packs of your own")
    check = policy.add_parser("check")
    check.add_argument("pack")
    check.add_argument("--overlay", action="append", default=[])
    check.add_argument("--folder")
    policy.add_parser("list")

    ledger = verbs.add_parser("ledger", help="facts").add_subparsers(dest="what", required=True)
    ledger.add_parser("verify", help="check every seal")
    ledger.add_parser("lag", help="facts that wait, by consumer")
    parked = ledger.add_parser("parked", help="facts whose reaction failed")
    parked.add_argument("--retry", action="store_true")

    client = verbs.add_parser("client", help="API keys").add_subparsers(dest="what", required=True)
    new = client.add_parser("add")
    new.add_argument("name")
    new.add_argument("--verb", dest="verbs", action="append", required=True)
    new.add_argument("--unit")
    client.add_parser("list")

    webhook = verbs.add_parser("webhook", help="outgoing webhooks").add_subparsers(dest="what", required=True)
    hook = webhook.add_parser("add")
    hook.add_argument("url")
    hook.add_argument("--event", dest="events", action="append", required=True)
    webhook.add_parser("list")

    keys = verbs.add_parser("keys", help="encryption keys").add_subparsers(dest="what", required=True)
    keys.add_parser("rotate", help="add a key and write all personal data anew with it")

    sla = verbs.add_parser("sla", help="clocks").add_subparsers(dest="what", required=True)
    replay = sla.add_parser("replay", help="recorded facts under another policy")
    replay.add_argument(
        "--policy", required=True, help="a pack, or a TOML file laid over the policy in force"
    )
    replay.add_argument("--from", dest="start", required=True, help="first day, 2026-10-01")
    replay.add_argument("--to", dest="end", required=True, help="day after the last, 2026-11-01")
    explain = sla.add_parser("explain")
    explain.add_argument("number")

    plan = verbs.add_parser("plan", help="plans of a day").add_subparsers(dest="what", required=True)
    plan.add_parser("list", help="list the latest twenty")
    plan.add_parser("replay", help="make one again from what was stored").add_argument("number")

    triage = verbs.add_parser("triage", help="reading: models trained on corrections").add_subparsers(
        dest="what", required=True
    )
    triage.add_parser("read", help="read a text and say why").add_argument("text")
    triage.add_parser("train", help="train a model on what was confirmed and corrected")
    triage.add_parser("models", help="list the models")
    triage.add_parser("use", help="put a model in use").add_argument("number", type=int)
    back = triage.add_parser("back", help="take a model out of use")
    back.add_argument("number", type=int)
    back.add_argument("--because", required=True)

    knowledge = verbs.add_parser(
        "knowledge", help="articles: find one, take in a file of questions and answers"
    ).add_subparsers(dest="what", required=True)
    knowledge.add_parser("find", help="answer a question and say why").add_argument("words")
    load = knowledge.add_parser("import", help="take in a file (.md, .docx, .csv)")
    load.add_argument("file")
    load.add_argument("--audience", default="desk", help="public, staff, desk or leaders")
    load.add_argument("--publish", action="store_true", help="publish at once")
    knowledge.add_parser("size", help="say how many articles the index holds, and how large it is")

    privacy = verbs.add_parser("privacy", help="personal data").add_subparsers(dest="what", required=True)
    due = privacy.add_parser(
        "due", help="count whom a retention of so many months would forget; nothing is changed"
    )
    due.add_argument("--months", type=int, required=True)

    backup = verbs.add_parser("backup", help="write database, files and keys to one archive")
    backup.add_argument("file")
    backup.add_argument("--without-keys", action="store_true")
    restore = verbs.add_parser("restore", help="bring an archive back into an empty installation")
    restore.add_argument("file")
    verbs.add_parser("migrate", help="bring the database to this version")
    verbs.add_parser("doctor", help="say what is wrong with this installation, and how to mend it")
    return top


if __name__ == "__main__":
    raise SystemExit(main())

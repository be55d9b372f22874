"""What the palette can do: go to a place or begin something, found by its words, by pinyin or by first letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as n_

from aftercare.people.rules import Actor


@dataclass(frozen=True)
class Command:
    """One thing the palette offers: its title, the page, who may, its keys, and its icon."""

    title: str
    page: str
    verb: str = "read_request"
    keys: str = ""
    icon: str = "ti:arrow-right"
    query: str = ""


COMMANDS = (
    Command(n_("Receive a request"), "new_request", "receive_request", "N", "ti:plus"),
    Command(n_("Work"), "home", keys="G H", icon="ti:inbox"),
    Command(n_("Requests"), "request_list", keys="G R", icon="ti:message-2"),
    Command(n_("My requests"), "request_list", icon="ti:message-2", query="?owner=me&sort=due"),
    Command(n_("Requests nobody answers for"), "request_list", icon="ti:message-2", query="?owner=none&sort=due"),
    Command(n_("Orders"), "work_order_list", "read_work_order", "G W", "ti:clipboard-text"),
    Command(n_("Deadlines"), "board", "read_board", "G D", "ti:urgent"),
    Command(n_("Stores on the map"), "stores_map", "read_board", "G M", "ti:map-pin"),
    Command(n_("When and where it is late"), "late", "read_board", icon="ti:urgent"),
    Command(n_("Papers"), "papers_page", "read_paper", icon="ti:file-text"),
    Command(n_("Dispatch"), "dispatch_page", "read_dispatch", "G B", "ti:timeline"),
    Command(n_("Day plan"), "dispatch_day", "read_dispatch", icon="ti:timeline"),
    Command(n_("Part transfers"), "transfers_page", "arrange_parts", icon="ti:package"),
    Command(n_("Know-how"), "knowledge_page", "read_knowledge", "G K", "ti:book"),
    Command(n_("Write an article"), "article_new", "write_knowledge", icon="ti:book"),
    Command(n_("Payments"), "payments_page", "read_payment", icon="ti:receipt-yen"),
    Command(n_("Follow-up"), "followup_page", "read_survey", "G S", "ti:star"),
    Command(n_("Warnings and news"), "alerts_page", "read_alerts", icon="ti:bell"),
    Command(n_("Texts you write again and again"), "texts_page", "arrange_workspace", "G T", "ti:message-2"),
    Command(n_("Monthly report"), "report_page", "read_report", icon="ti:chart-dots"),
    Command(n_("Import"), "import_page", "import_requests", icon="ti:table-import"),
    Command(n_("People and units"), "people_page", "read_people", icon="ti:users"),
    Command(n_("Who works when"), "rota_page", "read_people", icon="ti:calendar"),
    Command(n_("Complaints nobody made"), "reviews_page", "decide_review", icon="ti:ear"),
    Command(n_("Defects"), "defects_page", "read_defect", icon="ti:bug"),
    Command(n_("Reading"), "readings", "read_triage", icon="ti:wand"),
    Command(n_("Connections"), "connections_page", "manage_clients", icon="ti:plug"),
    Command(n_("Audit"), "audit_page", "read_ledger", icon="ti:list-search"),
    Command(n_("Policy"), "policy_page", "read_policy", icon="ti:adjustments-horizontal"),
    Command(n_("What if"), "replay_page", "read_report", icon="ti:history"),
)  # fmt: skip


def commands_for(who: Actor, text: str, *, most: int = 6) -> list[dict[str, str]]:
    """Give the commands of this reader that fit what was typed; nothing typed: the first of them."""
    wanted = "".join(text.lower().split())
    found = []
    for command in COMMANDS:
        if who.can(command.verb) and (
            not wanted or any(wanted in way for way in _ways(command.title, get_language() or "zh"))
        ):
            found.append({
                "title": _(command.title), "address": reverse(command.page) + command.query, "keys": command.keys,
                "icon": command.icon.removeprefix("ti:"),
            })  # fmt: skip
    return found[:most]


@lru_cache(maxsize=512)
def _ways(title: str, language: str) -> tuple[str, ...]:
    """Give what a command can be found by: its words in the reader's language and in English, pinyin, first letters."""
    from pypinyin import Style, lazy_pinyin

    shown = _(title)
    whole = "".join(lazy_pinyin(shown)).lower()
    first = "".join(lazy_pinyin(shown, style=Style.FIRST_LETTER)).lower()
    return ("".join(shown.lower().split()), "".join(title.lower().split()), whole, first)

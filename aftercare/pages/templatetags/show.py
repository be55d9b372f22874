"""How things are shown: icons, clocks, urgency, money, times, and texts of the pack in the reader's language."""

from __future__ import annotations

import html
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django import template
from django.db.models import Model
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as n_

from aftercare.people.states import Role
from aftercare.policies.selectors import policy_for

register = template.Library()


def escape(text: object) -> str:
    """Escape a text for HTML, as Django's does, which takes twice as long to ask whether it is a translation still to be made."""
    return html.escape(str(text))


URGENCY_BARS = {"normal": 1, "urgent": 3, "critical": 4}
STATE_SIGNS = {
    "pending": "todo", "booked": "booked", "in_service": "doing", "completed": "done", "cancelled": "cancel",
    "open": "todo", "answered": "done", "closed": "done", "due": "todo", "unreachable": "cancel", "taken": "doing",
    "proposed": "todo", "kept": "done", "travelling": "doing", "on_site": "doing", "finished": "done",
    "abandoned": "cancel", "asked": "todo", "sent": "doing", "arrived": "done", "refused": "cancel", "filed": "doing", "withdrawn": "cancel", "merged": "cancel",
    "paid": "done", "settled": "done", "done": "done", "dropped": "cancel", "draft": "todo", "published": "done", "retired": "cancel",
    "suspected": "todo", "confirmed": "doing", "remedied": "done", "dismissed": "cancel",
}  # fmt: skip


FIELD_TITLES = {
    "name": n_("Name"), "phone": n_("Phone"), "email": n_("E-mail"), "address": n_("Address"), "lat": n_("Latitude"),
    "lon": n_("Longitude"), "product_model": n_("Product model"), "serial": n_("Serial"), "purchased_on": n_("Bought on"),
    "category": n_("Category"), "kind": n_("Kind"), "description": n_("What happens"), "urgency": n_("Urgency"),
    "emotion": n_("Emotion"), "remark": n_("Remark"), "external_ref": n_("Their number"), "received_at": n_("Received"),
    "responded_at": n_("Responded"), "closed_at": n_("Closed"),
}  # fmt: skip


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Show one icon of the sprite."""
    return _drawn(name)


@cache
def _drawn(name: str) -> SafeString:
    return format_html(
        '<svg class="ti" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.simple_tag
def address(page: str, number: str) -> SafeString:
    """Give the address of a page that ends in a number, as `{% url %}` does; for lists, where that takes a tenth of the time."""
    return SafeString(f"{_begin_of(page)}{quote(number)}")


@cache
def _begin_of(page: str) -> str:
    begin, end = reverse(page, args=["N"]).rsplit("N", 1)
    assert end == "", f"the address of {page} does not end in its number"
    return begin


@register.simple_tag
def clock_chip(clock: Any, solid: bool = False) -> SafeString:
    """Show a clock: shape, word and time; the page only counts the seconds left."""
    if clock is None:
        return SafeString("")
    now = timezone.now()
    sign = clock.sign(now)
    left = int((clock.due_at - now).total_seconds())
    if clock.state == "paused":
        text = _("paused %(span)s") % {"span": span(now - (clock.paused_at or now))}
        return format_html('<span class="clk" data-s="hold">{}</span>', text)
    if clock.state in ("met", "missed"):
        took = span((clock.ended_at or now) - clock.started_at)
        if clock.state == "met":
            return format_html('<span class="clk" data-s="met">{}</span>', took)
        return format_html('<span class="clk" data-s="over">{}</span>', _("late by %(span)s") % {
            "span": span((clock.ended_at or now) - clock.due_at)})  # fmt: skip
    if left <= 0:
        text = _("overdue %(span)s") % {"span": span(timedelta(seconds=-left))}
        return format_html(
            '<span class="clk{}" data-s="over">{}</span>', " solid" if left < -7200 else "", text
        )
    if left < 3600:
        text = _("left %(minutes)02d:%(seconds)02d") % {"minutes": left // 60, "seconds": left % 60}
        return format_html(
            '<span class="clk" data-s="{}" data-due="{}" data-left="{}" data-late="{}">{}</span>',
            sign, left, _("left %s"), _("overdue %s"), text,
        )  # fmt: skip
    return format_html(
        '<span class="clk" data-s="{}">{}</span>', sign, _("by %(at)s") % {"at": due_text(clock.due_at)}
    )


@register.simple_tag
def urgency_mark(code: str) -> SafeString:
    """Show an urgency: one bar, three bars, a solid square."""
    return _urgency(URGENCY_BARS.get(code, 1), pack_title("urgencies", code))


@cache
def _urgency(bars: int, title: str) -> SafeString:
    inner = SafeString("") if bars == 4 else SafeString("<i></i><i></i><i></i>")
    return format_html(
        '<span class="urg" data-u="{}" role="img" aria-label="{}">{}</span>', bars, title, inner
    )


@register.simple_tag
def state_mark(row: Any) -> SafeString:
    """Show a state: a circle that fills, and its word."""
    return _state(STATE_SIGNS.get(row.state, "doing"), _label(type(row), row.state))


def _label(model: type[Model], state: str) -> str:
    return str(_labels(model).get(state, state))


@cache
def _labels(model: type[Model]) -> dict[Any, Any]:
    """Give the words for the states of a model, which Django gathers anew, with all their translations, each time it is asked for one."""
    return dict(model._meta.get_field("state").flatchoices)  # type: ignore[union-attr]


@cache
def _state(sign: str, words: str) -> SafeString:
    return format_html('<span class="st" data-s="{}">{}</span>', sign, words)


def shortened(text: str, most: int) -> str:
    """Cut a text to so many characters, the last of them an ellipsis; for lists, where Django's way takes a tenth of the time."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@register.simple_tag
def pack_title(group: str, code: str) -> str:
    """Give the title of a choice of the pack's forms in the reader's language."""
    if not code:
        return "—"
    forms = policy_for().pack.forms
    found = next((row for row in getattr(forms, group) if row.code == code), None)
    return found.title[get_language() or "zh"] if found else code


@register.filter
def category_title(code: str) -> str:
    """Name a category in the reader's language; one the pack does not name stays its code."""
    title = policy_for().pack.forms.category_titles.get(code)
    return title[get_language() or "zh"] if title else code


def certificate_titles(unit_id: int | None = None) -> dict[str, str]:
    """Name the certificates in the reader's language, as the policy of a unit does."""
    language = get_language() or "zh"
    return {
        code: text[language] for code, text in policy_for(unit_id).pack.dispatch.certificate_titles.items()
    }


@register.filter
def in_language(text: Any) -> str:
    """Give a text of the pack in the reader's language."""
    if text is None:
        return ""
    if isinstance(text, dict):
        return str(text.get("en" if (get_language() or "").startswith("en") else "zh", ""))
    return str(text[get_language() or "zh"]) if hasattr(text, "zh") else str(text)


@register.filter
def clock_title(clock: Any) -> str:
    return str(clock.title(get_language() or "zh"))


@register.filter
def clock_step(clock: Any) -> str:
    return str(clock.step(get_language() or "zh"))


@register.filter
def alert_title(alert: Any) -> str:
    return str(alert.title(get_language() or "zh"))


@register.filter
def span_of(seconds: int) -> str:
    return span(timedelta(seconds=seconds))


@register.filter
def clock_used(clock: Any) -> int:
    return int(clock.used(timezone.now()))


@register.filter
def clock_sign(clock: Any) -> str:
    return str(clock.sign(timezone.now()))


@register.filter
def yuan(fen: int | None) -> str:
    """Show fen as yuan with two decimals."""
    return "—" if fen is None else f"{fen / 100:,.2f}"


@register.filter
def yuan_plain(fen: int | None) -> str:
    """Show fen as yuan for an input: no grouping."""
    return "" if not fen else f"{fen / 100:.2f}"


@register.filter
def iso_minute(text: str) -> str:
    """Show an instant that is kept as text in JSON."""
    return local_minute(datetime.fromisoformat(text))


@register.filter
def role_title(role: str) -> str:
    return str(Role(role).label) if role in Role.values else role


@register.filter
def field_title(field: str) -> str:
    """Name a field of SA-CR-001 as the form does; anything else stays as it is."""
    return _(FIELD_TITLES[field]) if field in FIELD_TITLES else field


@register.filter
def date_form(form: str) -> str:
    """Write a date format for people: `%d/%m/%Y` is day/month/year."""
    words = {
        "%Y": _("year"),
        "%m": _("month"),
        "%d": _("day"),
        "%H": "hh",
        "%M": "mm",
        "%S": "ss",
        "%f": "µs",
    }
    for code, word in words.items():
        form = form.replace(code, word)
    return form


@register.filter
def percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.0f} %"


@register.filter
def counted(number: int) -> str:
    """Write a count that stops at a thousand."""
    return "999+" if number >= 1000 else str(number)


@register.filter
def local_time(at: datetime | None) -> str:
    """Show an instant as HH:MM of the business zone; with the day when it is not today."""
    if at is None:
        return "—"
    local, today = _local(at), _local(timezone.now()).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"


@register.filter
def local_minute(at: datetime | None) -> str:
    return f"{_local(at):%Y-%m-%d %H:%M}" if at else "—"


@register.filter
def iso_day(day: date | None) -> str:
    return f"{day:%Y-%m-%d}" if day else "—"


@register.filter
def local_clock(at: datetime | None) -> str:
    return f"{_local(at):%H:%M}" if at else "—"


@register.filter
def window(pair: Any) -> str:
    """Show a window of two instants: today 14:00–16:00."""
    starts, ends = pair
    if starts is None or ends is None:
        return _("to be fixed")
    return " ".join(_day_and_hours(starts, ends))


def _day_and_hours(starts: datetime, ends: datetime) -> tuple[str, str]:
    a, b = _local(starts), _local(ends)
    return day_text(a), f"{a:%H:%M}–{b:%H:%M}"


@register.simple_tag
def window_of(starts: datetime, ends: datetime) -> str:
    """Show a window given as two instants."""
    return window((starts, ends))


@register.filter
def order_window(order: Any) -> str:
    return window((order.window_starts_at, order.window_ends_at))


@register.filter
def order_window_large(order: Any) -> str:
    """Show the window of an order in a heading: between day and hours the line may break, within the hours not."""
    starts, ends = order.window_starts_at, order.window_ends_at
    if starts is None or ends is None:
        return window((starts, ends))
    return format_html('{} <span class="nowrap">{}</span>', *_day_and_hours(starts, ends))


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """Give the current query string with some values changed (empty ones dropped)."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag
def marked(text: str, words: list[str]) -> SafeString:
    """Mark the words that decided."""
    parts: list[tuple[SafeString, str]] = []
    rest = text
    for word in words or []:
        before, found, rest = rest.partition(word)
        if not found:
            rest = before
            continue
        parts.append((format_html("{}<em>{}</em>", before, found), ""))
    return format_html("{}{}", format_html_join("", "{}{}", parts), rest)


@register.simple_tag
def found_in(text: str, asked: str) -> SafeString:
    """Show a text from shortly before the first of the words asked for, with those words marked; from its begin if it has none."""
    small = text.lower()
    places = sorted((small.find(word), len(word)) for word in asked.lower().split() if word in small)
    if not places or len(small) != len(text):
        return format_html("{}", text[:40])
    begin = max(places[0][0] - 4, 0)
    words = [text[at : at + long] for at, long in places]
    return format_html("{}{}", "…" if begin else "", marked(text[begin : begin + 60], words))


def due_text(at: datetime) -> str:
    local = _local(at)
    return (
        f"{local:%H:%M}"
        if local.date() == _local(timezone.now()).date()
        else f"{day_text(local)} {local:%H:%M}"
    )


def day_text(local: datetime) -> str:
    match (local.date() - _local(timezone.now()).date()).days:
        case 0:
            return _("today")
        case 1:
            return _("tomorrow")
        case 2:
            return _("the day after tomorrow")
    return f"{local:%m-%d}"


@register.filter
def local_day(at: datetime) -> str:
    """Show the day of an instant: tomorrow, 12-24."""
    return day_text(_local(at))


def span(length: timedelta) -> str:
    """Show a length of time in its two largest units."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 86400:
        hours, minutes = seconds // 3600, seconds % 3600 // 60
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes} if minutes else _("%(h)d h") % {"h": hours}
    return _("%(n)d d") % {"n": seconds // 86400}


register.filter("span", span)


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("Asia/Shanghai"))


@register.filter
def unlocalized(number: float) -> str:
    """Give a number as attributes want it, whatever the reader's language."""
    return f"{number:g}" if abs(number) < 1e5 else f"{number:.2f}"


@register.filter
def minus(number: int, other: int) -> str:
    """Give a difference with its sign."""
    return signed(number - other, 0)


@register.filter
def signed(change: float, digits: int) -> str:
    """Give a change with its sign and so many digits."""
    return f"{change:+.{digits}f}".replace("-", "−") if change else f"{0:.{digits}f}"


@register.simple_tag
def titled(titles: dict[str, Any], code: str) -> str:
    """Give the title of a code in the reader's language, or the code."""
    return in_language(titles.get(code)) or code


@register.filter
def chance(value: float) -> str:
    """Show a probability: in percent, or as less than one in ten thousand."""
    return f"{100 * value:.2g} %" if value >= 0.0001 else "< 0.01 %"


@register.filter
def markdown(text: str) -> SafeString:
    """Show a text written in Markdown: headings, lists, tables and links; HTML in it is shown, not obeyed, and pictures are left out."""
    return SafeString(_markdown().render(text or ""))


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")

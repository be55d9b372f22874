"""What of a pack is edited in tables, what a draft changes, and how two contents differ; no database here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aftercare.refusals import Invalid

from .loading import merged
from .messages import TEXTS, TITLES, holes_of
from .schema import Pack

SECTIONS = ("dispatch", "appointment", "visit", "survey", "links", "quality", "retention")
SPANS = ("by_urgency", "by_kind", "by_category")
Content = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One value of a pack that stands in a table: its path (`clocks.clocks[plan].by_urgency.urgent`) and how it is written."""

    path: str
    label: str
    value: str
    long: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a table: a thing of the pack with its values."""

    title: dict[str, str]
    code: str
    cells: list[Cell]


def clock_rows(content: Content) -> list[Row]:
    """Give the clocks with every span that may be set: in general, and by urgency, kind and category."""
    rows = []
    for clock in content["clocks"]["clocks"]:
        path = f"clocks.clocks[{clock['code']}]"
        cells = [Cell(f"{path}.for", "", clock["for"])] if "for" in clock else []
        cells += [
            Cell(f"{path}.{by}.{code}", code, str(span))
            for by in SPANS
            for code, span in clock.get(by, {}).items()
        ]
        if clock.get("warn_at"):
            cells.append(Cell(f"{path}.warn_at", "%", ", ".join(str(p) for p in clock["warn_at"])))
        rows.append(Row(clock["title"], clock["code"], cells))
    return rows


def ladder_rows(content: Content) -> list[Row]:
    """Give the levels of the ladder and the longest pauses."""
    levels = content["governance"]["overdue_warnings"]
    pauses = content["clocks"]["pause_reasons"]
    return [
        *(Row(row["title"], row["code"], [Cell(f"governance.overdue_warnings[{row['code']}].after", "+", row["after"])]) for row in levels),
        *(Row(row["title"], row["code"], [Cell(f"clocks.pause_reasons[{row['code']}].at_most", "≤", row["at_most"])]) for row in pauses),
    ]  # fmt: skip


def text_rows(content: Content) -> list[Row]:
    """Give the texts that customers receive, in both languages."""
    return [
        Row(
            {"zh": TITLES[code][0], "en": TITLES[code][1]},
            " ".join(f"{{{hole}}}" for hole in sorted(holes_of(code))),
            [Cell(f"messages.texts.{code}.{language}", language, text, long=True) for language, text in _texts(content, code)],
        )
        for code in TEXTS
    ]  # fmt: skip


def _texts(content: Content, code: str) -> list[tuple[str, str]]:
    own = content.get("messages", {}).get("texts", {}).get(code, {})
    return [
        (language, str(own.get(language, text)))
        for language, text in zip(("zh", "en"), TEXTS[code], strict=True)
    ]


def number_rows(content: Content) -> list[tuple[str, list[Cell]]]:
    """Give the plain values of the other files, file by file, in the order in which the schema has them."""
    return [
        (section, [Cell(f"{section}.{name}", name, _written(value)) for name, value in _plain(content, section)])
        for section in SECTIONS
    ]  # fmt: skip


def changes_of(content: Content, posted: Mapping[str, str]) -> Content:
    """Give what the posted cells change in a content, to be laid over it. Paths it does not know are ignored."""
    changes: Content = {}
    for path, before in _cells(content):
        written = posted.get(path)
        if written is None or written.strip() == _written(before):
            continue
        changes = merged(changes, _laid(path, _typed(written.strip(), before, path)))
    return changes


def read_toml(text: str) -> Content:
    """Read the part of a draft that is written as TOML, laid over everything else. Refuses what is no TOML, with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"TOML: {error}", where="toml", expected="[survey]\nlow_score = 3") from error


def drafted(content: Content, changes: Content, toml: str) -> Content:
    """Give the content that a draft makes: the base, what tables changed, and the TOML above both."""
    return merged(merged(content, changes), read_toml(toml))


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Give every path at which two contents differ, with the value before and after (empty: not there); of a dictionary, the words."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif _coded(old) and _coded(new):
        before, after = ({row["code"]: row for row in rows} for rows in (old, new))
        for code in dict.fromkeys([*before, *after]):
            if before.get(code) != after.get(code):
                yield from differences(before.get(code), after.get(code), f"{path}[{code}]")
    elif isinstance(old, str) and isinstance(new, str) and ".terms." in path:
        gone, come = _words(old), _words(new)
        yield path, ", ".join(w for w in gone if w not in come), ", ".join(w for w in come if w not in gone)
    else:
        yield path, _short(old), _short(new)


def _words(line: str) -> list[str]:
    """Give everything that a line of the dictionary names: of two lines only what differs is worth reading."""
    return [word.strip() for part in line.split("|") for word in part.split(",") if word.strip()]


def _cells(content: Content) -> Iterator[tuple[str, Any]]:
    for clock in content["clocks"]["clocks"]:
        path = f"clocks.clocks[{clock['code']}]"
        if "for" in clock:
            yield f"{path}.for", clock["for"]
        for by in SPANS:
            for code, span in clock.get(by, {}).items():
                yield f"{path}.{by}.{code}", span
        if clock.get("warn_at"):
            yield f"{path}.warn_at", clock["warn_at"]
    for row in content["governance"]["overdue_warnings"]:
        yield f"governance.overdue_warnings[{row['code']}].after", row["after"]
    for row in content["clocks"]["pause_reasons"]:
        yield f"clocks.pause_reasons[{row['code']}].at_most", row["at_most"]
    for code in TEXTS:
        for language, text in _texts(content, code):
            yield f"messages.texts.{code}.{language}", text
    for section in SECTIONS:
        for name, value in _plain(content, section):
            yield f"{section}.{name}", value


def _plain(content: Content, section: str) -> list[tuple[str, Any]]:
    part: Any = Pack.model_fields[section].annotation
    order = {name: n for n, name in enumerate(part.model_fields)}
    plain = [
        (name, value)
        for name, value in content.get(section, {}).items()
        if isinstance(value, int | float | str) and not isinstance(value, bool)
    ]
    return sorted(plain, key=lambda pair: order.get(pair[0], len(order)))


def _typed(text: str, before: Any, path: str) -> Any:
    """Read what was written as the kind of value that stood there; a span or a text stays as it was written."""
    try:
        if isinstance(before, list):
            return [int(part) for part in text.replace("，", ",").split(",") if part.strip()]
        if isinstance(before, int):
            return int(text)
        return float(text) if isinstance(before, float) else text
    except ValueError:
        raise Invalid(
            f"{path}: is {text[:40]!r}",
            where=path,
            expected="50, 80" if isinstance(before, list) else _written(before),
        ) from None


def _laid(path: str, value: Any) -> Content:
    """Give a content in which only this path stands: tables by name, rows of lists by code."""
    for step in reversed(path.split(".")):
        name, _sep, code = step.rstrip("]").partition("[")
        value = {name: [{"code": code, **value}]} if code else {name: value}
    return value  # type: ignore[no-any-return]


def _written(value: Any) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _coded(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, dict) and "code" in row for row in value)
    )


def _short(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return text if len(text) <= 160 else f"{text[:159]}…"

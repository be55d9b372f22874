"""Read questions and answers from Markdown, Word and CSV files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from aftercare.refusals import Invalid

LARGEST = 20 * 2**20
TITLES = {
    "title": ("question", "title", "问题", "标准问题", "标题", "问"), "body": ("answer", "body", "text", "答案", "回答", "内容", "答"),
    "wordings": ("wordings", "similar", "相似问法", "相似问题", "问法"), "categories": ("categories", "category", "品类", "类别"),
    "models": ("models", "model", "型号", "机型"), "kind": ("kind", "类型"), "audience": ("audience", "可见", "可见范围"),
}  # fmt: skip
_SPLIT = re.compile(r"\s*[|；;\n]\s*")


class Imported(NamedTuple):
    """One entry of a file, and the row, paragraph or line it stands at."""

    where: str
    title: str
    body: str
    wordings: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    kind: str = ""
    audience: str = ""


def entries_of(name: str, content: bytes) -> list[Imported]:
    """Give the entries of a file by its name's ending: .md, .docx, .csv. Refuses others, empty ones and those that can't be read.

    Markdown and Word: every heading with text below it is a question. CSV and tables of Word: by the titles of their columns.
    """
    if not content:
        raise Invalid(_("the file is empty"), where="file", expected=".md, .docx, .csv")
    if len(content) > LARGEST:
        raise Invalid(
            _("the file is too large"),
            where="file",
            expected=_("at most %(mb)d MB") % {"mb": LARGEST // 2**20},
        )
    match name.lower().rpartition(".")[2]:
        case "md" | "markdown" | "txt":
            found = list(_of_headings(_marked_lines(_text(content))))
        case "docx":
            found = _of_word(content)
        case "csv":
            found = list(_of_table(_rows(_text(content))))
        case _:
            raise Invalid(_("this type of file is not taken"), where="file", expected=".md, .docx, .csv")
    if not found:
        raise Invalid(
            _("no questions were found"), where="file",
            expected=_("headings with text below them, or columns “question” and “answer”"),
        )  # fmt: skip
    return found


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(_("the text can't be read"), where="file", expected="UTF-8, GB18030")


def _marked_lines(text: str) -> Iterator[tuple[str, bool, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        heading = None if fenced else re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        yield _("line %(n)s") % {"n": number}, bool(heading), heading.group(1) if heading else line


def _of_headings(lines: Iterable[tuple[str, bool, str]]) -> Iterator[Imported]:
    """Take (where, is a heading, text): a heading and the text below it, up to the next, are an entry."""
    title, at, body = "", "", []
    for where, is_heading, text in (*lines, ("", True, "")):
        if not is_heading:
            body.append(text)
            continue
        if title and "".join(body).strip():
            yield Imported(at, title, "\n".join(body).strip())
        title, at, body = text.strip(), where, []


def _rows(text: str) -> Iterator[tuple[str, list[str]]]:
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:4000], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(io.StringIO(text), dialect)
    try:
        for row in reader:
            yield _("row %(n)s") % {"n": reader.line_num}, row
    except csv.Error as error:
        raise Invalid(
            _("the table can't be read: %(problem)s") % {"problem": error},
            where=_("row %(n)s") % {"n": reader.line_num},
            expected="CSV",
        ) from error


def _of_table(rows: Iterable[tuple[str, list[str]]]) -> Iterator[Imported]:
    columns: dict[str, int] | None = None
    for where, row in rows:
        cells = [cell.strip() for cell in row]
        if columns is None:
            columns = _columns(cells)
            continue
        if any(cells):
            said = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
            many = {
                name: tuple(filter(None, _SPLIT.split(said.get(name, ""))))
                for name in ("wordings", "categories", "models")
            }
            yield Imported(
                where,
                said["title"],
                said["body"],
                **many,
                kind=said.get("kind", ""),
                audience=said.get("audience", ""),
            )


def _columns(cells: list[str]) -> dict[str, int]:
    named = {cell.lower(): at for at, cell in enumerate(cells)}
    found = {
        name: named[title] for name, titles in TITLES.items() for title in reversed(titles) if title in named
    }
    if "title" not in found or "body" not in found:
        raise Invalid(
            _("the columns are not known: %(cells)s") % {"cells": ", ".join(cells)[:120]}, where=_("row %(n)s") % {"n": 1},
            expected=_("columns “question” and “answer”"),
        )  # fmt: skip
    return found


def _of_word(content: bytes) -> list[Imported]:
    import zipfile

    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > 10 * LARGEST:
                raise Invalid(
                    _("the file is too large"),
                    where="file",
                    expected=_("at most %(mb)d MB") % {"mb": 10 * LARGEST // 2**20},
                )
        document = Document(io.BytesIO(content))
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError) as error:
        raise Invalid(_("the document can't be read"), where="file", expected="Word (.docx)") from error
    lines = [
        (_("paragraph %(n)s") % {"n": number}, bool(re.match(r"(?:heading|title|标题)", (one.style.name if one.style else "") or "", re.IGNORECASE)), one.text)
        for number, one in enumerate(document.paragraphs, 1)
    ]  # fmt: skip
    found = list(_of_headings(lines))
    for number, table in enumerate(document.tables, 1):
        rows = [
            (_("table %(t)s, row %(n)s") % {"t": number, "n": at}, [cell.text for cell in row.cells])
            for at, row in enumerate(table.rows, 1)
        ]
        try:
            found += _of_table(rows)
        except Invalid:  # a table of something else
            continue
    return found

"""A live installation in processes of its own, and a real Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.kept import MIGRATIONS, ROOT, copy_kept
from tests.live import Installation, make_empty, new_installation
from tests.look import SIZES

ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


FOUND = """
from datetime import datetime, UTC; from tests.cast import found, PASSWORD
found(datetime.now(UTC), password=PASSWORD, shift_hours=24)
from aftercare.intake.services import add_report_point; from aftercare.people.rules import MACHINE
from aftercare.people.models import Unit
print(add_report_point(unit_id=Unit.objects.get(name='云溪店').pk, by=MACHINE).code)
"""
SOURCES = (*sorted(ROOT.glob("aftercare/**/*.py")), *sorted(ROOT.glob("aftercare/**/*.toml")), ROOT / "tests" / "cast.py", *MIGRATIONS)  # fmt: skip


def make_founded(home: Path) -> None:
    """Make an installation in which the cast has been founded; its QR code is in the file `point`."""
    copy_kept("empty", home, make_empty, files=MIGRATIONS)
    code = Installation(home).python(FOUND)
    (home / "point").write_text(code)


@pytest.fixture(scope="module")
def installation():
    with new_installation(make_founded, files=SOURCES, minutes=30) as made:
        made.point = (made.home / "point").read_text()
        made.start()
        yield made


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # the browser's own loop makes Django believe that it is called from asynchronous code
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        running = player.chromium.launch(executable_path=chromium, args=ARGS)
        yield running
        running.close()


@pytest.fixture
def page_for(browser, installation):
    """Give a function that opens a page: signed in by number, on a desk or a phone or of a width, in a language and a theme."""
    from tests.cast import PASSWORD

    opened, errors = [], []

    def open_page(
        number: str = "", *, phone: bool = False, language: str = "zh-hans", theme: str = "", width: int = 0
    ):
        width = width or (390 if phone else 1440)
        size = {"width": width, "height": SIZES[width]}
        context = browser.new_context(viewport=size, locale="zh-CN", has_touch=phone)
        chosen = {"language": language, "theme": theme}
        context.add_cookies(
            [{"name": n, "value": v, "url": installation.url} for n, v in chosen.items() if v]
        )
        context.set_default_timeout(30000)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: (
                errors.append(m.text)
                if m.type == "error" and "422" not in m.text and "412" not in m.text
                else None
            ),
        )
        opened.append(context)
        if number:
            page.goto(f"{installation.url}/accounts/login/")
            page.fill("#id_login", number)
            page.fill("#id_password", PASSWORD)
            page.click("button.btn-primary")
            page.wait_for_url(lambda url: "login" not in url)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert errors == []

"""Look at a page as its reader does: what was transferred, what axe finds, what runs off the side; and a picture of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TIMELINE = 'class="jb"'  # visits are as long and stand where they are in time: an essential presentation (WCAG 2.5.8)
SIZES = {1440: 900, 768: 1024, 390: 844}

# who reads which pages; {number}, {order}, {article}, … are filled by whoever looks
DESK = {
    "KF2024001": (
        "/", "/requests", "/work-orders", "/intake", "/requests/{number}", "/work-orders/{order}", "/knowledge", "/texts", "/alerts", "/follow-up",
        "/transfers", "/gallery",
    ),
    "ZG2024001": (
        "/", "/board", "/board/stores", "/board/late", "/papers", "/report", "/people", "/people/week", "/policy", "/policy/replay", "/import", "/readings",
        "/defects", "/reviews", "/dispatch", "/dispatch/day",
    ),
    "GL2024001": ("/connections", "/audit", "/policy/draft", "/policy/dictionary"),
}  # fmt: skip
FIELD = {"GY2024001": ("/today", "/today/van", "/today/find")}


@dataclass
class Seen:
    """What a look at one page found: kilobytes transferred but for kept assets, axe's violations, pixels off the side."""

    address: str
    kilobytes: float = 0.0
    violations: list[str] = field(default_factory=list)
    off_side: int = 0
    errors: list[str] = field(default_factory=list)


ICONS_MISSING = """async () => {
  const [files, names] = [0, 1].map((n) => [...document.querySelectorAll("use[href*='icons.svg#']")].map((use) => use.getAttribute("href").split("#")[n]));
  const sprite = names.length ? await (await fetch(files[0])).text() : "";
  return [...new Set(names)].filter((name) => !sprite.includes(`id="${name}"`));
}"""

UNCUT = """() => [...document.querySelectorAll(".one")]
  .filter((text) => text.getClientRects().length && getComputedStyle(text).display === "inline")
  .map((text) => text.textContent.trim().slice(0, 20))"""


def look_at(page: Any, address: str, *, picture: Path | None = None, axe: bool = True) -> Seen:
    """Open a page and look at it; assets under /static/ and /vendor/ are kept by the browser and count for nothing."""
    seen, sizes = Seen(re.sub(r"^https?://[^/]+", "", address)), []

    def note(response: Any) -> None:
        stream = "event-stream" in response.headers.get("content-type", "")
        if "/static/" not in response.url and response.url.startswith("http") and not stream:
            sizes.append(response)  # what never ends has no size

    page.on("response", note)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.goto(address)
    page.wait_for_load_state("load")
    page.wait_for_timeout(250)
    page.remove_listener("response", note)
    seen.kilobytes = sum(_size(response) for response in sizes) / 1000
    seen.off_side = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    seen.errors += [f"there is no icon {name}" for name in page.evaluate(ICONS_MISSING)]
    seen.errors += [f"runs on where it should be cut: {text}" for text in page.evaluate(UNCUT)]
    if axe:
        seen.violations = violations_of(page)
    if picture:
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(picture))
    return seen


def violations_of(page: Any) -> list[str]:
    """Give what axe finds wrong: rule, the place, and why."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(r => r.violations)",
        RULES,
    )
    return [
        f"{rule['id']}: {node['target'][0]} – {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"][:4]
        if not (rule["id"] == "target-size" and TIMELINE in node["html"])
    ]


def _size(response: Any) -> int:
    return int(response.request.sizes()["responseBodySize"]) if response.status == 200 else 0

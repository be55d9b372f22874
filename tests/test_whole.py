"""What must be true of the whole tree: catalogues complete, documents drawn from the code, rules pure."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "aftercare"


def script(name: str):
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "bin" / name))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_every_message_has_its_chinese_text():
    messages = script("messages")
    assert messages.untranslated() == []
    assert messages.unused() == []


@pytest.mark.parametrize("name", ["states", "measures", "facts", "clocks"])
def test_reference_pages_are_drawn_from_the_code(name):
    reference = script("reference")
    assert (ROOT / "docs" / "reference" / f"{name}.md").read_text() == reference.PAGES[name]()


def test_rules_and_states_touch_no_database():
    for path in PACKAGE.rglob("*.py"):
        if path.stem not in ("rules", "states") and "rules" not in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.db"):
                assert node.module == "django.db.models" and {n.name for n in node.names} == {
                    "TextChoices"
                }, path


def test_our_class_names_are_not_tablers_layout_names():
    used = (PACKAGE / "pages" / "static" / "css" / "aftercare.css").read_text()
    assert ".one" in used and "body one" not in "".join(p.read_text() for p in PACKAGE.rglob("*.html"))


def test_locks_name_no_host():
    for path in [*ROOT.glob("requirements/*.lock"), ROOT / "package-lock.json", ROOT / ".npmrc"]:
        text = path.read_text()
        assert "--index-url" not in text
        assert '"resolved"' not in text
        assert "--hash=sha256" in text or path.suffix != ".lock"

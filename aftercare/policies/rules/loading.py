"""Read a pack's files, with what it extends, and lay overlays over it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aftercare.refusals import Invalid

from .schema import Pack, parse_pack

PACKS = Path(__file__).parent.parent / "packs"


def pack_names(folder: Path = PACKS) -> list[str]:
    """List the packs that can be activated (`foundation` is only extended)."""
    return sorted(p.parent.name for p in folder.glob("*/pack.toml") if p.parent.name != "foundation")


def read_pack(name: str, folder: Path = PACKS) -> dict[str, Any]:
    """Read the files of one pack, merged over the pack it extends; refuse a missing pack or a broken file."""
    root = folder / name
    if not (root / "pack.toml").is_file():
        raise Invalid(f"no policy pack {name!r}", where="pack", expected=", ".join(pack_names(folder)))
    content: dict[str, Any] = {}
    for path in sorted(root.glob("*.toml")):
        try:
            content[path.stem] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid(
                f"{name}/{path.name}: {error}", where=f"{name}/{path.name}", expected="TOML"
            ) from error
    for other in content["pack"].get("terms_of", ()):
        content["terms"] = merged(_terms_of(other, folder), content.get("terms", {}))
    parent = content["pack"].get("extends", "")
    if not parent:
        return content
    inherited = read_pack(parent, folder if (folder / parent).is_dir() else PACKS)
    inherited.pop("pack", None)
    return merged(inherited, content)


def _terms_of(name: str, folder: Path) -> dict[str, Any]:
    """Read the dictionary of another pack, for one whose customers speak of the same things."""
    path = (folder if (folder / name).is_dir() else PACKS) / name / "terms.toml"
    if not path.is_file():
        raise Invalid(
            f"no dictionary of {name!r}", where="pack.toml: terms_of", expected="a pack with a terms.toml"
        )
    return tomllib.loads(path.read_text(encoding="utf-8"))


def merged(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Lay `upper` over `lower`: tables key by key, lists of coded rows row by row, everything else replaced."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = merged(below, value)
        elif _is_coded(value) and _is_coded(below):
            rows = {row["code"]: row for row in below or ()}
            for row in value:
                rows[row["code"]] = merged(rows.get(row["code"], {}), row)
            result[key] = list(rows.values())
        else:
            result[key] = value
    return result


def load_pack(name: str, overlays: Iterable[str] = (), folder: Path = PACKS) -> tuple[dict[str, Any], Pack]:
    """Read, merge and validate a pack with its overlays; give the raw content and the parsed pack."""
    content = read_pack(name, folder)
    where = name
    for overlay in overlays:
        above = read_pack(overlay, folder)
        if not above.get("pack", {}).get("overlay"):
            raise Invalid(
                f"{overlay} is not an overlay", where=f"{overlay}/pack.toml: overlay", expected="true"
            )
        above.pop("pack")
        content = merged(content, above)
        where = f"{where}+{overlay}"
    return content, parse_pack(content, where=where)


def _is_coded(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, dict) and "code" in row for row in value)
    )

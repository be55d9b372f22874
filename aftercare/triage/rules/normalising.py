"""One form for every way of writing: half width, simplified, lower case; never longer or shorter, so that places stay."""

from __future__ import annotations

from functools import cache, lru_cache

HAN = range(0x4E00, 0xA000)


def folded(text: str) -> str:
    """Fold a text, character by character: `ＡＢＣ電冰箱` becomes `abc电冰箱`. The length stays."""
    plain = text.translate(_table()).lower()
    return (
        plain if len(plain) == len(text) else "".join(_lower(letter) for letter in text.translate(_table()))
    )


@lru_cache(maxsize=8192)
def syllable(letter: str) -> str:
    """Give how a Chinese character is mostly spoken, without its tone; nothing for any other."""
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(letter)[0]) if ord(letter) in HAN else ""


def syllables(text: str) -> list[str]:
    return [syllable(letter) for letter in text]


def spoken(word: str) -> tuple[str, ...]:
    """Give how a word is spoken as a whole: 空调 is kong tiao, though 调 alone is mostly diao."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(word))


def is_han(letter: str) -> bool:
    return ord(letter) in HAN


@cache
def _table() -> dict[int, str]:
    """Full width to half width, and traditional characters to simplified by OpenCC's table of single characters."""
    from opencc import OpenCC

    wide = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
    letters = [chr(code) for code in HAN]
    simple = OpenCC("t2s").convert("\n".join(letters)).split("\n")
    return wide | {ord(a): b for a, b in zip(letters, simple, strict=True) if a != b and len(b) == 1}


def _lower(letter: str) -> str:
    small = letter.lower()
    return small if len(small) == 1 else letter

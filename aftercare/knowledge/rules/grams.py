"""Cut texts into what is searched: characters, pairs of them, how they sound, their first letters, and words and codes whole."""

from __future__ import annotations

import re
import zlib
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from aftercare.triage.rules import folded

# Families of tokens; a token is its family and 33 bits of what it says.
LETTER, PAIR, SOUND, INITIALS, WORD = range(5)
BITS = 33
END = "\x00"  # between texts
# Characters of everyday words that are read in two ways, and the way the tables do not give.
OTHERWISE = {
    "调": "tiao", "重": "chong", "长": "chang", "行": "hang", "还": "huan", "传": "zhuan", "弹": "tan", "降": "xiang", "便": "pian",
    "差": "chai", "率": "shuai", "没": "mo", "系": "ji", "觉": "jiao", "卡": "qia", "壳": "qiao", "薄": "bo", "露": "lou", "血": "xie",
    "会": "kuai", "给": "ji", "强": "jiang", "角": "jue", "都": "du",
}  # fmt: skip
_PRIME = 8_589_934_583  # the largest below 2**33
_WORDS = re.compile(r"[a-z0-9à-ÿ]+(?:[-./][a-z0-9]+)*")
_PARTS = re.compile(r"[-./]")


def joined(texts: list[str], same: dict[str, str] | None = None) -> str:
    """Fold texts to one form, put what means the same into the same words, and join them."""
    raw = END.join(texts)
    if raw.count(END) >= max(1, len(texts)):
        raw = END.join(text.replace(END, " ") for text in texts)
    codes = np.frombuffer(raw.encode("utf-32-le", "replace"), dtype=np.uint32)
    table = _folding()
    text: str = (
        np.where(codes < len(table), table[np.minimum(codes, len(table) - 1)], codes)
        .tobytes()
        .decode("utf-32-le")
    )
    if same:
        text = _any_of(tuple(same)).sub(lambda found: same[found.group()], text)
    return text


class Cut(NamedTuple):
    """What a text is searched by: its tokens, for each the number of the text it stands in, and the Latin words and codes."""

    tokens: Any
    where: Any
    words: list[str]


def tokens_of(text: str, *, heard: bool = True) -> Cut:
    """Cut a text made by `joined`; the words are given whole and in parts, in their order, each once.

    `heard` adds pairs of syllables (what a pinyin keyboard mistypes sounds the same) and two or three first letters.
    """
    codes = _codes(text)
    place = np.cumsum(codes == 0)
    letter = _is_gram(codes)
    found, where = [_token(LETTER, codes[letter])], [place[letter]]
    either = letter | _is_latin(codes)  # pos机 is pos, 机, and s机
    pair = either[:-1] & either[1:] & (letter[:-1] | letter[1:])
    found.append(_token(PAIR, ((codes[:-1] << 21) | codes[1:])[pair] % _PRIME))
    where.append(place[:-1][pair])
    if heard:
        for spoken, other in _heard(codes):
            two = (spoken[:-1] > 0) & (other[1:] > 0)
            found.append(_token(SOUND, (spoken[:-1] * 512 + other[1:])[two]))
            where.append(place[:-1][two])
        spoken = _sounds()[0][0][_plane(codes)]
        initial = np.where(spoken > 0, _sounds()[1][spoken], 0)
        two = (spoken[:-1] > 0) & (spoken[1:] > 0)
        found.append(_token(INITIALS, (initial[:-1] * 27 + initial[1:])[two]))
        where.append(place[:-1][two])
        three = two[:-1] & two[1:]
        found.append(_token(INITIALS, ((initial[:-2] * 27 + initial[1:-1]) * 27 + initial[2:])[three]))
        where.append(place[:-2][three])
    runs, at = _runs(text, codes)
    forms = {run: words_in(run) for run in dict.fromkeys(runs)}
    known = {run: [word_token(word) for word in words] for run, words in forms.items()}
    found.append(np.array([token for run in runs for token in known[run]], dtype=np.int64))
    where.append(np.repeat(place[at], [len(known[run]) for run in runs]))
    words = list(dict.fromkeys(word for said in forms.values() for word in said))
    return Cut(np.concatenate(found), np.concatenate(where), words)


def sounds_in(text: str) -> list[tuple[int, int]]:
    """Give every pair of Chinese characters with how it sounds, as tokens: what was mistyped may be found by its sound."""
    codes = _codes(text)
    found: dict[tuple[int, int], None] = {}
    for spoken, other in _heard(codes):
        both = (spoken[:-1] > 0) & (other[1:] > 0)
        pairs = _token(PAIR, ((codes[:-1] << 21) | codes[1:])[both] % _PRIME)
        sounds = _token(SOUND, (spoken[:-1] * 512 + other[1:])[both])
        found.update(dict.fromkeys(zip(pairs.tolist(), sounds.tolist(), strict=True)))
    return list(found)


def words_in(text: str) -> list[str]:
    """Give the Latin words and codes of a folded text in their order, whole and in parts, each once."""
    return list(dict.fromkeys(form for word in _WORDS.findall(text) for form in forms_of(word)))


def forms_of(word: str) -> list[str]:
    """A code is found whole, whatever stands between its parts, and by its parts: bcd-535w is bcd535w, bcd and 535w."""
    parts = _PARTS.split(word)
    return [word] if len(parts) == 1 else ["".join(parts), *(part for part in parts if len(part) > 1)]


def word_token(word: str) -> int:
    return (WORD << BITS) | zlib.crc32(word.encode())


def family(token: Any) -> Any:
    return token >> BITS


def spelt(word: str) -> list[int]:
    """Give the tokens a word of Latin letters stands for if it is pinyin (`bingxiang`) or first letters (`bxbzl`); none if neither."""
    syllables = _cut_pinyin(word)
    if syllables:
        numbers = [_numbers()[one] for one in syllables]
        return [(SOUND << BITS) | (a * 512 + b) for a, b in pairwise(numbers)]
    if not 2 <= len(word) <= 8 or not word.isascii() or not word.isalpha():
        return []
    at = [ord(letter) - 96 for letter in word]
    if len(at) == 2:
        return [(INITIALS << BITS) | (at[0] * 27 + at[1])]
    return [(INITIALS << BITS) | ((a * 27 + b) * 27 + c) for a, b, c in zip(at, at[1:], at[2:], strict=False)]


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)))


def _codes(text: str) -> Any:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)


def _runs(text: str, codes: Any) -> tuple[list[str], Any]:
    """Give the parts of a text that words and codes may be found in, and where they begin: Latin letters, digits, hyphens, dots."""
    within: Any = np.zeros(len(codes) + 2, dtype=bool)
    within[1:-1] = _is_latin(codes) | ((codes >= 0xE0) & (codes <= 0xFF)) | ((codes >= 45) & (codes <= 47))
    edges = np.flatnonzero(within[1:] != within[:-1])
    starts, ends = edges[::2], edges[1::2]
    return [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)], starts


def _token(kind: int, value: Any) -> Any:
    return (kind << BITS) | value


def _is_gram(codes: Any) -> Any:
    """Letters of scripts written without spaces, and all other letters that are no Latin words."""
    table = _gram_table()
    wide = (codes >= 0x20000) & (codes < 0x40000)
    return np.where(codes < len(table), table[np.minimum(codes, len(table) - 1)], wide)


def _is_latin(codes: Any) -> Any:
    return ((codes >= 97) & (codes <= 122)) | ((codes >= 48) & (codes <= 57))


@cache
def _folding() -> Any:
    """The form of every letter of the basic plane: half width, simplified, lower case (triage's folding as a table)."""
    plane = "".join(chr(code) if not 0xD800 <= code < 0xE000 else "?" for code in range(0x10000))
    return np.frombuffer(folded(plane).encode("utf-32-le"), dtype=np.uint32)


@cache
def _gram_table() -> Any:
    table = np.array([chr(code).isalnum() for code in range(0x10000)])
    table[:0x100] = False
    return table


@cache
def _numbers() -> dict[str, int]:
    """Number the syllables there are, from 1."""
    return {sound: number for number, sound in enumerate(sorted(set(_readings().values())), 1)}


def _heard(codes: Any) -> list[tuple[Any, Any]]:
    """Give how characters sound, as pairs of a first and a second character, in every way the common ones are read."""
    (mostly, otherwise), _first = _sounds()
    at = _plane(codes)
    one, two = mostly[at], otherwise[at]
    ways = [(one, one)]
    if two.any():
        ways += [(one, two), (two, one)]
    return ways


def _plane(codes: Any) -> Any:
    """Give codes as places in the tables; what lies beyond them is place 0, which has no sound."""
    return np.where(codes < 0xA000, codes, 0)


@cache
def _sounds() -> tuple[tuple[Any, Any], Any]:
    """Give the number of the syllable of every character (0: none), mostly and otherwise, and the first letter of every syllable."""
    numbers = _numbers()
    mostly: Any = np.zeros(0xA000, dtype=np.int64)
    otherwise: Any = np.zeros(0xA000, dtype=np.int64)
    for code, sound in _readings().items():
        mostly[code] = numbers[sound]
    for letter, sound in OTHERWISE.items():
        otherwise[ord(letter)] = numbers[sound]
    first: Any = np.zeros(len(numbers) + 1, dtype=np.int64)
    for sound, number in numbers.items():
        first[number] = ord(sound[0]) - 96
    return (mostly, otherwise), first


@cache
def _readings() -> dict[int, str]:
    """Give the first reading of every character without its tone."""
    import unicodedata

    from pypinyin.pinyin_dict import pinyin_dict

    def plain(reading: str) -> str:
        bare = unicodedata.normalize("NFD", reading.partition(",")[0].replace("ü", "v"))
        return "".join(letter for letter in bare if letter.isascii() and letter.isalpha())

    known = {code: plain(reading) for code, reading in pinyin_dict.items() if 0x4E00 <= code < 0xA000}
    return {code: sound for code, sound in known.items() if sound}


def _cut_pinyin(word: str) -> list[str]:
    """Cut a word into two syllables or more, the longest first; nothing where that does not come out even."""
    known = _numbers()
    if not 3 <= len(word) <= 40:
        return []
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before, one = best[start], word[start:end]
            if (
                before is not None
                and one in known
                and (best[end] is None or len(best[end] or ()) > len(before) + 1)
            ):
                best[end] = [*before, one]
    cut = best[len(word)] or []
    return cut if len(cut) > 1 and all(len(one) > 1 or one in "aeo" for one in cut) else []

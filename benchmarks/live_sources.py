"""Made-up source files for the benchmarks of live updating: the same for the same seed, none like another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

NOUNS = (
    "anchor archive beacon bucket bundle carrier channel cluster courier cursor depot digest engine envelope "
    "filter folder gateway harbour journal kernel ledger locker marker mirror module packet parcel pointer "
    "portal quota record region relay request router sample schema segment sensor session shelf signal socket "
    "source stage stamp storage stream switch ticket token tracker vessel volume warehouse window worker zone"
).split()
VERBS = (
    "accept allocate append balance build cancel check claim collect compare compress confirm deliver drain "
    "encode expand fetch flush gather inspect join label limit locate merge notify open pack parse prepare "
    "publish read rebuild refresh reject release remove replace reserve resolve restore route scan "
    "schedule select send settle sort split store submit trace validate verify weigh wrap write"
).split()

PYTHON_FUNCTION = '''def {verb}_{noun}_{number}({second}, {third}=None, limit={limit}):
    """{Verb} every {noun} of a {second} that the {third} does not {verb2} by itself."""
    found = []
    for {noun} in {second}.{noun}s:
        if {noun}.{third} is None or {noun}.size > limit:
            continue
        if {third} is not None:
            {noun} = {third}.{verb2}({noun}, limit=limit + {number})
        found.append({verb3}_{noun}({noun}, {limit}))
    return found


'''
TYPESCRIPT_FUNCTION = """export function {verb}{Noun}{number}({second}: {Second}, {third}?: {Third}, limit = {limit}) {{
  // {Verb} every {noun} of a {second} that the {third} does not {verb2} by itself.
  const found: {Noun}[] = [];
  for (const {noun} of {second}.{noun}s) {{
    if ({noun}.{third} === undefined || {noun}.size > limit) {{
      continue;
    }}
    found.push({third} ? {third}.{verb2}({noun}, limit + {number}) : {verb3}{Noun}({noun}, {limit}));
  }}
  return found;
}}

"""
TEMPLATES: Mapping[str, str] = {".py": PYTHON_FUNCTION, ".ts": TYPESCRIPT_FUNCTION}
COMMENTS: Mapping[str, str] = {".py": "#", ".ts": "//"}
"""What begins a comment, by the ending of the file's name."""


def functions(ending: str, seed: int, count: int) -> str:
    """A file of so many functions, 12 lines each, of which each becomes a chunk of its own."""
    chance = random.Random(seed)
    return "".join(_function(ending, chance) for _ in range(count))


def lines_of_code(ending: str, seed: int, lines: int) -> str:
    """A file of exactly so many lines: functions, and comments where those do not come out."""
    whole = functions(ending, seed, lines // TEMPLATES[ending].count("\n"))
    missing = lines - whole.count("\n")
    return whole + f"{COMMENTS[ending]} the end\n" * missing


def write_sources(folder: Path, files: int, functions_each: int, seed: int = 0) -> None:
    """A tree of Python and TypeScript files, 50 to a folder; one that is there already is left as it is."""
    for number, path in enumerate(source_paths(folder, files)):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(functions(path.suffix, seed + number, functions_each), encoding="utf-8")


def source_paths(folder: Path, files: int) -> Iterator[Path]:
    """Where `write_sources` puts them."""
    endings = tuple(TEMPLATES)
    for number in range(files):
        part = folder / f"area_{number // 2_500}" / f"part_{number // 50}"
        yield part / f"{NOUNS[number % len(NOUNS)]}_{number}{endings[number % len(endings)]}"


class Words:
    """Words that no file has: nobody writes q or z behind these syllables, and none comes twice."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._given: set[str] = set()

    def new(self) -> str:
        """A word of nine letters."""
        while True:
            pairs = (self._chance.choice("kvmrdtlp") + self._chance.choice("aeiou") for _ in range(4))
            word = "".join(pairs) + self._chance.choice("qz")
            if self.is_new(word):
                return word

    def is_new(self, word: str) -> bool:
        """Whether a word was not given before; it counts as given from now on."""
        if word in self._given:
            return False
        self._given.add(word)
        return True


def _function(ending: str, chance: random.Random) -> str:
    noun, second, third = chance.sample(NOUNS, 3)
    verb, verb2, verb3 = chance.sample(VERBS, 3)
    return TEMPLATES[ending].format(
        noun=noun,
        second=second,
        third=third,
        Noun=noun.title(),
        Second=second.title(),
        Third=third.title(),
        verb=verb,
        Verb=verb.title(),
        verb2=verb2,
        verb3=verb3,
        number=chance.randrange(1_000_000),
        limit=chance.randrange(2, 1_000),
    )

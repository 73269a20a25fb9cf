"""A document in an editor: its lines, its version, and edits at random places as an editor sends them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live_server import LiveServer
from benchmarks.live_sources import COMMENTS, Words

LETTERS = "qxzj"
"""What a single keystroke types into a word; few words have one."""
WORD = re.compile(r"(?<![A-Za-z])[a-z]{5,}(?![a-z])")
LONGEST_LINE = 160
TRIES = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """What was typed: the word that is new by it, and the line (0-based) where it stands now."""

    word: str
    line: int


class Document:
    """An open document; what is typed goes to the server at once."""

    def __init__(self, server: LiveServer, path: Path, chance: random.Random, words: Words) -> None:
        self.path = path
        self._server = server
        self._chance = chance
        self._words = words
        self._lines = path.read_text(encoding="utf-8").split("\n")
        self._version = 1
        server.opened(path, self.text, self._version)

    @property
    def text(self) -> str:
        """As it is on the screen."""
        return "\n".join(self._lines)

    def type_word(self) -> Edit:
        """A new word in a comment at the end of a random line; a comment that grows too long is typed over."""
        line = self._some_line()
        before = self._lines[line]
        start = before.find(f"  {COMMENTS[self.path.suffix]} ") if len(before) > LONGEST_LINE else len(before)
        word = self._words.new()
        self._replace(line, start, len(before), f"  {COMMENTS[self.path.suffix]} {word}")
        return Edit(word, line)

    def type_letter(self) -> Edit:
        """One letter into a random word, which makes a new word of it; a word where none can be made."""
        for _ in range(TRIES):
            line = self._some_line()
            found = list(WORD.finditer(self._lines[line]))
            if not found:
                continue
            chosen, letter = self._chance.choice(found), self._chance.choice(LETTERS)
            at = self._chance.randrange(chosen.start() + 1, chosen.end())
            word = self._lines[line][chosen.start() : at] + letter + self._lines[line][at : chosen.end()]
            if self._words.is_new(word):
                self._replace(line, at, at, letter)
                return Edit(word, line)
        return self.type_word()

    def save(self) -> None:
        """Write the file and tell, in this order, as editors do."""
        self.path.write_text(self.text, encoding="utf-8", newline="")
        self._server.saved(self.path, self.text)

    def _some_line(self) -> int:
        return self._chance.choice([row for row, line in enumerate(self._lines) if line.strip()])

    def _replace(self, line: int, start: int, end: int, text: str) -> None:
        before = self._lines[line]
        self._lines[line] = before[:start] + text + before[end:]
        self._version += 1
        extent = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        self._server.changed(self.path, self._version, {"range": extent, "text": text})

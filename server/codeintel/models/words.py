"""Token ids by word: a memory that spares tokenizing a word again and again; vectors are static's task.

Code repeats itself: 2 MB of it had 7,300 distinct words. Tokenizing only those took 80 ms on one thread,
where the tokenizer took 190 ms on two; a second encoding of similar text takes half of the 80.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from threading import Lock

from tokenizers import Tokenizer

# What str.split splits at, so that offsets and ids agree on what a word is.
WORD = re.compile(r"\S+")
# The memory is dropped beyond this many characters of words: about 200,000 words, 40 MB.
CACHE_CHARACTERS = 2_000_000


class WordTokens:
    """Token ids of texts whose words are tokenized independently of each other, as BERT's tokenizer does."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._ids: dict[str, list[int]] = {}
        self._characters = 0
        self._lock = Lock()

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The first `max_tokens` token ids of each text, without special tokens."""
        split = [text.split() for text in texts]
        with self._lock:
            # not `set - keys`: that walks all that is remembered, 14 ms once it is much
            self._learn({word for word in chain.from_iterable(split) if word not in self._ids})
            known = self._ids.__getitem__
            found = [list(chain.from_iterable(map(known, words)))[: self._max_tokens] for words in split]
            if self._characters > CACHE_CHARACTERS:
                self._ids.clear()
                self._characters = 0
        return found

    def offsets(self, text: str) -> list[tuple[int, int, int]]:
        """(id, start, end) of the same tokens; start and end are characters of `text`."""
        words = list(WORD.finditer(text))
        encodings = self._tokenizer.encode_batch([word.group() for word in words], add_special_tokens=False)
        return [
            (token, word.start() + start, word.start() + end)
            for word, encoding in zip(words, encodings, strict=True)
            for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
        ][: self._max_tokens]

    def _learn(self, new: set[str]) -> None:
        words = list(new)
        encodings = self._tokenizer.encode_batch_fast(words, add_special_tokens=False)
        self._ids.update(zip(words, (encoding.ids for encoding in encodings), strict=True))
        self._characters += sum(map(len, words))


class TextTokens:
    """The same surface for tokenizers whose words depend on the white space before them (byte-level BPE)."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(max_tokens)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The first `max_tokens` token ids of each text, without special tokens."""
        return [one.ids for one in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def offsets(self, text: str) -> list[tuple[int, int, int]]:
        """(id, start, end) of the same tokens; start and end are characters of `text`."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [(token, *span) for token, span in zip(encoding.ids, encoding.offsets, strict=True)]


def token_source(tokenizer: Tokenizer, max_tokens: int) -> WordTokens | TextTokens:
    """The faster of the two that is right for `tokenizer`."""
    independent = type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"
    return (WordTokens if independent else TextTokens)(tokenizer, max_tokens)

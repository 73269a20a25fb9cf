"""What names of one document mean in the others of its project, with the rows of all of them at hand.

For scip_fast.py, which tells by it how much of what rows alone get wrong is a matter of other files. The product
follows names when it is asked (search/navigation.py) and stores nothing of this.

A document's own rows guess at what other files define: is this name a class, does that module define it or pass it
on? With the rows of all documents at hand, guesses are confirmed or corrected: through imports to where a name is
defined, along base classes to where a member is, and at last by a name that only one class has.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from codeintel.analysis.columns import Columns
from codeintel.analysis.scip import standard_library
from codeintel.analysis.scip.rows import DEFINITION
from codeintel.analysis.scip.symbols import (
    MODULE_NAME,
    Descriptor,
    Suffix,
    Symbol,
    escaped,
    is_local,
    norm,
    parse,
)

MAX_STEPS = 16
"""Imports and base classes that are followed for one name (guess: real chains are shorter, cycles are cut)."""


class Links:
    """The definitions, imports and base classes of a project's documents."""

    def __init__(self) -> None:
        self._defined: set[str] = set()
        self._by_owner: dict[tuple[str, str], str] = {}
        self._imports: dict[str, dict[str, str]] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self._holders: dict[str, list[str]] = {}
        self._known: dict[str, str | None] = {}

    def add(self, occurrences: Columns, symbols: Columns) -> None:
        """Take in one document's rows; all are taken in before the first question."""
        for symbol, relationships in zip(symbols["symbol"], symbols["relationships"], strict=True):
            self._add_definition(symbol, relationships or ())
        module = next((symbol for symbol in symbols["symbol"] if symbol.endswith(f"/{MODULE_NAME}:")), None)
        if module is not None:
            self._add_imports(module.removesuffix(f"{MODULE_NAME}:"), occurrences)

    def resolved(self, symbol: str) -> str | None:
        """The symbol of the definition that a symbol means; None where the project has none."""
        if symbol not in self._known:
            self._known[symbol] = None  # what leads back here leads nowhere
            self._known[symbol] = self._resolve(symbol)
        return self._known[symbol]

    def linked(self, occurrences: Columns) -> Columns:
        """The rows of one document with every inferred symbol that can be confirmed ('fast') or guessed better."""
        rows = list(zip(occurrences["symbol"], occurrences["name"], occurrences["origin"], strict=True))
        classes = {
            self.resolved(symbol) or symbol for symbol in set(occurrences["symbol"]) if symbol.endswith("#")
        }
        answers = [
            self._link(symbol, name, classes) if origin == "inferred" else (symbol, origin)
            for symbol, name, origin in rows
        ]
        symbols = [symbol for symbol, _ in answers]
        return {
            **occurrences,
            "symbol": symbols,
            "symbol_norm": [norm(symbol) for symbol in symbols],
            "origin": [origin for _, origin in answers],
        }

    def _link(self, symbol: str, name: str, classes: AbstractSet[str]) -> tuple[str, str]:
        if not is_local(symbol):
            found = self.resolved(symbol)
            if found is not None:
                return found, "fast"
            if standard_library.is_symbol(symbol) and not self._holders.get(name):
                return symbol, "inferred"
        return self._by_name(name, classes, is_unknown=is_local(symbol)) or symbol, "inferred"

    def _add_definition(self, symbol: str, relationships: Sequence[dict[str, Any]]) -> None:
        parsed = parse(symbol)
        if parsed is None or not parsed.descriptors:
            return
        self._defined.add(symbol)
        owner, last = _split(parsed)
        self._by_owner.setdefault((owner, last.name), symbol)
        if last.suffix is Suffix.TYPE:
            self._bases[symbol] = tuple(base["symbol"] for base in relationships if base["is_implementation"])
        if owner.endswith("#") and last.suffix in {Suffix.METHOD, Suffix.TERM}:
            self._holders.setdefault(last.name, []).append(owner)

    def _add_imports(self, module: str, occurrences: Columns) -> None:
        names = self._imports.setdefault(module, {})
        for symbol, name, roles in zip(
            occurrences["symbol"], occurrences["name"], occurrences["roles"], strict=True
        ):
            if not roles & DEFINITION and not is_local(symbol) and not symbol.startswith(module) and name:
                names.setdefault(name, symbol)

    def _resolve(self, symbol: str) -> str | None:
        if symbol in self._defined:
            return symbol
        parsed = parse(symbol)
        if parsed is None or len(parsed.descriptors) < 2:
            return None
        owner, last = _split(parsed)
        if last.suffix is Suffix.PARAMETER:
            return self._parameter(owner, last.name)
        if owner.endswith("/"):
            return self._of_module(parsed, owner, last.name)
        holder = self.resolved(owner) if owner.endswith("#") else None
        return self._member(holder, last.name) if holder is not None else None

    def _of_module(self, parsed: Symbol, owner: str, name: str) -> str | None:
        found = self._by_owner.get((owner, name))
        if found is not None:
            return found
        imported = self._imports.get(owner, {}).get(name)
        if imported is not None:
            return imported if standard_library.is_symbol(imported) else self.resolved(imported)
        module = Descriptor(f"{parsed.descriptors[0].name}.{name}", Suffix.NAMESPACE)
        inner = str(replace(parsed, descriptors=(module, Descriptor(MODULE_NAME, Suffix.META))))
        return inner if inner in self._defined else None

    def _parameter(self, function: str, name: str) -> str | None:
        found = self.resolved(function)
        if found is None and function.endswith(f"#{MODULE_NAME}()."):
            found = self.resolved(function.removesuffix(f"{MODULE_NAME}()."))
        if found is not None and found.endswith("#"):
            initialiser = self._member(found, MODULE_NAME)
            found = initialiser or found
        if found is None:
            return None
        suffixes = [f"({name})", f"{escaped(name)}."] if found.endswith("#") else [f"({name})"]
        return next((found + suffix for suffix in suffixes if found + suffix in self._defined), None)

    def _member(self, holder: str, name: str) -> str | None:
        """A member of a class or of the classes it derives from, nearest first."""
        waiting, seen = [holder], set[str]()
        while waiting and len(seen) < MAX_STEPS:
            here = waiting.pop(0)
            if here in seen:
                continue
            seen.add(here)
            found = self._by_owner.get((here, name)) or standard_library.member(here, name)
            if found is not None:
                return found
            waiting += [self.resolved(base) or base for base in self._bases.get(here, ())]
        return None

    def _by_name(self, name: str, classes: AbstractSet[str], is_unknown: bool) -> str | None:
        """The member that a name most likely means: the only one of a class that the document mentions, else, where
        nothing else is known, the only one at all. Of a member that is overridden, the first counts.
        """
        holders = self._holders.get(name, [])
        mentioned = [holder for holder in holders if holder in classes]
        for candidates in (mentioned, holders) if is_unknown else (mentioned,):
            if 0 < len(candidates) <= MAX_STEPS:
                roots = {holder for holder in candidates if not self._has_ancestor_in(holder, candidates)}
                if len(roots) == 1:
                    return self._by_owner[roots.pop(), name]
        return None

    def _has_ancestor_in(self, holder: str, others: Sequence[str]) -> bool:
        waiting, seen = list(self._bases.get(holder, ())), set[str]()
        while waiting and len(seen) < MAX_STEPS:
            here = self.resolved(base := waiting.pop()) or base
            if here in others and here != holder:
                return True
            if here not in seen:
                seen.add(here)
                waiting += self._bases.get(here, ())
        return False


def _split(parsed: Symbol) -> tuple[str, Descriptor]:
    """What holds the symbol, and its last descriptor; a name that stands twice counts once."""
    *outer, last = parsed.descriptors
    if outer and outer[-1] == last:
        outer.pop()
    return str(replace(parsed, descriptors=tuple(outer))) if outer else "", last

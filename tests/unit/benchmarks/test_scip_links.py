"""What names mean in other files of a project, once all of its rows are there."""

from __future__ import annotations

from benchmarks.scip_links import Links

from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of

FILES = {
    "shop/__init__.py": "from .cart import Cart\nfrom .prices import *\n",
    "shop/base.py": "class Base:\n    @property\n    def total(self): ...\n    def save(self, path): ...\n",
    "shop/cart.py": "from .base import Base\nclass Cart(Base):\n    def __init__(self, size): ...\n",
    "shop/other.py": "class Other:\n    def save(self): ...\n    def rare(self): ...\n",
    "shop/app.py": (
        "from shop import Cart, missing\nfrom shop.prices import Price\n"
        "cart = Cart(size=1)\ncart.total\ncart.save(path=2)\nunknown().rare()\nunknown().save()\nmissing.x\n"
    ),
}


def linked(uri: str) -> dict[str, tuple[str, str]]:
    """By `line name`: the symbol, without its package, and the origin."""
    rows = {path: occurrences_of(path, text, language_of(path), "shop") for path, text in FILES.items()}
    links = Links()
    for occurrences, symbols in rows.values():
        links.add(occurrences, symbols)
    found = links.linked(rows[uri][0])
    return {
        f"{line + 1} {name}": (symbol if symbol.startswith("local") else symbol.split(" ", 4)[-1], origin)
        for line, name, symbol, origin in zip(
            found["start_line"], found["name"], found["symbol"], found["origin"], strict=True
        )
    }


def test_a_name_is_followed_through_the_package_that_passes_it_on() -> None:
    rows = linked("shop/app.py")
    assert rows["1 Cart"] == rows["3 Cart"] == ("`shop.cart`/Cart#", "fast")


def test_a_member_is_found_along_the_base_classes_with_its_real_kind() -> None:
    assert linked("shop/app.py")["4 total"] == ("`shop.base`/Base#total().", "fast")


def test_keywords_are_those_of_the_function_that_is_meant() -> None:
    assert linked("shop/app.py")["3 size"] == ("`shop.cart`/Cart#__init__().(size)", "fast")


def test_an_unknown_owner_leaves_the_only_class_that_has_such_a_member() -> None:
    assert linked("shop/app.py")["6 rare"] == ("`shop.other`/Other#rare().", "inferred")


def test_of_several_classes_none_is_chosen_unless_the_document_mentions_it() -> None:
    symbol, origin = linked("shop/app.py")["7 save"]
    assert symbol.startswith("local")
    assert origin == "inferred"


def test_what_nobody_defines_stays_as_it_was() -> None:
    rows = linked("shop/app.py")
    assert rows["2 Price"] == ("`shop.prices`/Price#", "inferred")
    assert rows["1 missing"][1] == "inferred"


def test_rows_that_were_sure_are_not_touched() -> None:
    rows = linked("shop/cart.py")
    assert rows["2 Cart"] == ("`shop.cart`/Cart#", "fast")


def test_classes_that_derive_from_each_other_end() -> None:
    text = "class A(B): ...\nclass B(A): ...\nA().x\nfrom a import y\ny.z\n"
    occurrences, symbols = occurrences_of("a.py", text, language_of("a.py"), "a")
    links = Links()
    links.add(occurrences, symbols)
    assert len(links.linked(occurrences)["symbol"]) == len(occurrences["symbol"])

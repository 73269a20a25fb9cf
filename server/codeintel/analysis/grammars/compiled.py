"""The grammar tables of Go, Rust, C, C++, Swift, Haskell and Zig."""

from codeintel.analysis import kinds
from codeintel.analysis.dialects import c_family, c_macros, compiled
from codeintel.analysis.grammars.common import COMMENTS, FUNCTION, TYPE
from codeintel.analysis.naming import first_of, fixed, named, namespace, typed
from codeintel.analysis.syntax import DefinitionFinder, Language, Syntax

GO = Language(
    "go",
    extensions=(".go",),
    syntax=Syntax(
        "tree_sitter_go",
        definitions={
            "function_declaration": FUNCTION,
            "method_declaration": compiled.go_method,
            "type_declaration": compiled.go_type,
            "const_declaration": compiled.go_values,
            "var_declaration": compiled.go_values,
        },
        leading=COMMENTS,
        imports=frozenset({"package_clause", "import_declaration"}),
    ),
)

RUST = Language(
    "rust",
    extensions=(".rs",),
    syntax=Syntax(
        "tree_sitter_rust",
        definitions={
            "function_item": FUNCTION,
            "function_signature_item": FUNCTION,
            "struct_item": named(kinds.STRUCT),
            "union_item": named(kinds.STRUCT),
            "enum_item": named(kinds.ENUM),
            "trait_item": typed(kinds.TRAIT),
            "impl_item": compiled.rust_impl,
            "mod_item": namespace(),
            "const_item": named(kinds.CONSTANT),
            "static_item": named(kinds.CONSTANT),
            "type_item": TYPE,
            "associated_type": TYPE,
            "macro_definition": named(kinds.MACRO),
            "macro_invocation": compiled.rust_macro_call,
        },
        leading=COMMENTS | {"attribute_item", "inner_attribute_item"},
        imports=frozenset({"use_declaration", "extern_crate_declaration"}),
        wrappers=frozenset({"expression_statement"}),
        transparent=frozenset({"foreign_mod_item"}),
        bodies=frozenset({"declaration_list"}),
    ),
)

_C_DEFINITIONS: dict[str, DefinitionFinder] = {
    "function_definition": first_of(c_family.c_function, c_family.c_declaration),
    "declaration": c_family.c_declaration,
    "type_definition": c_family.c_typedef,
    "struct_specifier": c_family.c_type,
    "union_specifier": c_family.c_type,
    "enum_specifier": c_family.c_type,
    "preproc_def": named(kinds.MACRO),
    "preproc_function_def": named(kinds.MACRO),
}

_PREPROCESSOR = frozenset(
    {
        "preproc_ifdef",
        "preproc_if",
        "preproc_else",
        "preproc_elif",
        "preproc_elifdef",
        "linkage_specification",
    }
)

C = Language(
    "c",
    extensions=(".c", ".h"),
    syntax=Syntax(
        "tree_sitter_c",
        definitions=_C_DEFINITIONS,
        leading=COMMENTS,
        imports=frozenset({"preproc_include"}),
        transparent=_PREPROCESSOR,
        bodies=frozenset({"declaration_list", "field_declaration_list"}),
        prepare=c_macros.without_macros,
    ),
)

CPP = Language(
    "cpp",
    extensions=(
        ".cc",
        ".cpp",
        ".cxx",
        ".c++",
        ".hpp",
        ".hh",
        ".hxx",
        ".h++",
        ".ipp",
        ".inl",
        ".tpp",
        ".cu",
        ".cuh",
    ),
    syntax=Syntax(
        "tree_sitter_cpp",
        definitions={
            **_C_DEFINITIONS,
            "class_specifier": c_family.c_type,
            "field_declaration": c_family.c_member,
            "alias_declaration": TYPE,
            "concept_definition": TYPE,
            "namespace_definition": namespace(),
        },
        leading=COMMENTS,
        imports=frozenset({"preproc_include", "using_declaration"}),
        wrappers=frozenset({"template_declaration"}),
        transparent=_PREPROCESSOR,
        bodies=frozenset({"declaration_list", "field_declaration_list"}),
        prepare=c_macros.without_macros,
    ),
)

SWIFT = Language(
    "swift",
    extensions=(".swift",),
    shebangs=("swift",),
    syntax=Syntax(
        "tree_sitter_swift",
        definitions={
            "class_declaration": compiled.swift_type,
            "protocol_declaration": typed(kinds.INTERFACE),
            "function_declaration": FUNCTION,
            "protocol_function_declaration": FUNCTION,
            "init_declaration": fixed(kinds.METHOD, "init"),
            "deinit_declaration": fixed(kinds.METHOD, "deinit"),
            "subscript_declaration": fixed(kinds.METHOD, "subscript"),
            "property_declaration": compiled.swift_property,
            "protocol_property_declaration": compiled.swift_property,
            "typealias_declaration": TYPE,
            "associatedtype_declaration": TYPE,
            "macro_declaration": named(kinds.MACRO),
        },
        leading=COMMENTS | {"directive"},
        imports=frozenset({"import_declaration"}),
        bodies=frozenset({"class_body", "enum_class_body", "protocol_body"}),
    ),
)

HASKELL = Language(
    "haskell",
    extensions=(".hs", ".lhs", ".hsc"),
    shebangs=("runhaskell", "stack"),
    syntax=Syntax(
        "tree_sitter_haskell",
        definitions={
            "header": compiled.haskell_module,
            "signature": compiled.haskell_binding,
            "function": compiled.haskell_binding,
            "bind": compiled.haskell_binding,
            "data_type": TYPE,
            "newtype": TYPE,
            "type_synonym": TYPE,
            "type_family": TYPE,
            "data_family": TYPE,
            "pattern_synonym": named(kinds.CONSTANT, "synonym"),
            "class": typed(kinds.TRAIT),
            "instance": compiled.haskell_instance,
        },
        leading=COMMENTS | {"haddock", "pragma"},
        imports=frozenset({"import"}),
        transparent=frozenset({"cpp"}),
        bodies=frozenset({"imports", "declarations", "class_declarations", "instance_declarations"}),
        clauses=True,
    ),
)

ZIG = Language(
    "zig",
    extensions=(".zig", ".zon"),
    syntax=Syntax(
        "tree_sitter_zig",
        definitions={
            "function_declaration": FUNCTION,
            "variable_declaration": compiled.zig_variable,
            "test_declaration": compiled.zig_test,
        },
        leading=COMMENTS,
        bodies=frozenset(
            {"struct_declaration", "union_declaration", "enum_declaration", "opaque_declaration"}
        ),
    ),
)

"""The languages that have a grammar, one table entry each; languages known by name only are in languages.py.

To add one: its wheel in pyproject.toml, an entry here, a row in tests/unit/analysis/test_outlines.py.
"""

from codeintel.analysis import kinds
from codeintel.analysis.dialects import c_family, c_macros, compiled, dynamic, kotlin_guards, script
from codeintel.analysis.naming import anonymous, declared, first_of, fixed, named, namespace, typed
from codeintel.analysis.syntax import DefinitionFinder, Language, Syntax

_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment"})
_FUNCTION = named(kinds.FUNCTION)
_METHOD = named(kinds.METHOD)
_TYPE = named(kinds.TYPE)
_IMPORT = anonymous(kinds.IMPORT)

PYTHON = Language(
    "python",
    extensions=(".py", ".pyi", ".pyw"),
    shebangs=("python",),
    syntax=Syntax(
        "tree_sitter_python",
        definitions={
            "function_definition": _FUNCTION,
            "class_definition": typed(kinds.CLASS),
            "type_alias_statement": named(kinds.TYPE, "left"),
            "expression_statement": dynamic.python_statement,
        },
        leading=_COMMENTS,
        imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
        wrappers=frozenset({"decorated_definition"}),
        transparent=frozenset(
            {"if_statement", "else_clause", "elif_clause", "try_statement", "except_clause", "finally_clause"}
        ),
        bodies=frozenset({"block"}),
        clauses=True,
    ),
)

_SCRIPT_DEFINITIONS: dict[str, DefinitionFinder] = {
    "function_declaration": _FUNCTION,
    "generator_function_declaration": _FUNCTION,
    "class_declaration": typed(kinds.CLASS),
    "method_definition": _METHOD,
    "field_definition": script.script_member,
    "pair": script.script_member,
    "class_static_block": fixed(kinds.METHOD, "static"),
    "lexical_declaration": script.script_variable,
    "variable_declaration": script.script_variable,
    "expression_statement": script.script_statement,
    "export_statement": script.script_export,
}
_SCRIPT_WRAPPERS = frozenset({"export_statement", "expression_statement", "ambient_declaration"})

JAVASCRIPT = Language(
    "javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    shebangs=("node",),
    syntax=Syntax(
        "tree_sitter_javascript",
        definitions=_SCRIPT_DEFINITIONS,
        leading=_COMMENTS | {"decorator"},
        imports=frozenset({"import_statement"}),
        wrappers=_SCRIPT_WRAPPERS,
        bodies=frozenset({"class_body"}),
    ),
)


def _typescript(function: str) -> Syntax:
    return Syntax(
        "tree_sitter_typescript",
        definitions={
            **_SCRIPT_DEFINITIONS,
            "abstract_class_declaration": typed(kinds.CLASS),
            "interface_declaration": named(kinds.INTERFACE),
            "enum_declaration": named(kinds.ENUM),
            "type_alias_declaration": _TYPE,
            "public_field_definition": script.script_member,
            "abstract_method_signature": _METHOD,
            "method_signature": _METHOD,
            "function_signature": _FUNCTION,
            "internal_module": namespace(),
            "module": namespace(),
        },
        leading=_COMMENTS | {"decorator"},
        imports=frozenset({"import_statement"}),
        wrappers=_SCRIPT_WRAPPERS,
        bodies=frozenset({"class_body", "statement_block"}),
        clauses=True,
        function=function,
    )


TYPESCRIPT = Language(
    "typescript",
    extensions=(".ts", ".mts", ".cts"),
    shebangs=("deno", "ts-node", "tsx", "bun"),
    syntax=_typescript("language_typescript"),
)
TSX = Language("tsx", extensions=(".tsx",), syntax=_typescript("language_tsx"))

GO = Language(
    "go",
    extensions=(".go",),
    syntax=Syntax(
        "tree_sitter_go",
        definitions={
            "function_declaration": _FUNCTION,
            "method_declaration": compiled.go_method,
            "type_declaration": compiled.go_type,
            "const_declaration": compiled.go_values,
            "var_declaration": compiled.go_values,
        },
        leading=_COMMENTS,
        imports=frozenset({"package_clause", "import_declaration"}),
    ),
)

JAVA = Language(
    "java",
    extensions=(".java",),
    syntax=Syntax(
        "tree_sitter_java",
        definitions={
            "class_declaration": typed(kinds.CLASS),
            "record_declaration": typed(kinds.CLASS),
            "interface_declaration": typed(kinds.INTERFACE),
            "annotation_type_declaration": typed(kinds.INTERFACE),
            "enum_declaration": typed(kinds.ENUM),
            "method_declaration": _METHOD,
            "constructor_declaration": _METHOD,
            "compact_constructor_declaration": _METHOD,
            "annotation_type_element_declaration": _METHOD,
            "static_initializer": fixed(kinds.METHOD, "static"),
            "field_declaration": declared(kinds.FIELD, "variable_declarator"),
            "constant_declaration": declared(kinds.FIELD, "variable_declarator"),
        },
        leading=_COMMENTS,
        imports=frozenset({"package_declaration", "import_declaration"}),
        transparent=frozenset({"enum_body_declarations"}),
        bodies=frozenset({"class_body", "interface_body", "enum_body", "annotation_type_body"}),
    ),
)

PHP = Language(
    "php",
    extensions=(".php", ".phtml", ".inc"),
    shebangs=("php",),
    syntax=Syntax(
        "tree_sitter_php",
        definitions={
            "function_definition": _FUNCTION,
            "class_declaration": typed(kinds.CLASS),
            "interface_declaration": typed(kinds.INTERFACE),
            "trait_declaration": typed(kinds.TRAIT),
            "enum_declaration": typed(kinds.ENUM),
            "method_declaration": _METHOD,
            "const_declaration": declared(kinds.CONSTANT, "const_element"),
            "property_declaration": declared(kinds.FIELD, "property_element"),
            "expression_statement": dynamic.php_statement,
        },
        leading=_COMMENTS | {"attribute_list"},
        imports=frozenset({"php_tag", "declare_statement", "namespace_use_declaration"}),
        transparent=frozenset({"namespace_definition", "if_statement"}),
        bodies=frozenset({"declaration_list", "enum_declaration_list", "compound_statement"}),
        function="language_php",
    ),
)

RUBY = Language(
    "ruby",
    extensions=(".rb", ".rake", ".gemspec", ".ru"),
    filenames=("Rakefile", "Gemfile", "Guardfile", "Vagrantfile"),
    shebangs=("ruby",),
    syntax=Syntax(
        "tree_sitter_ruby",
        definitions={
            "class": typed(kinds.CLASS),
            "module": typed(kinds.MODULE),
            "method": _FUNCTION,
            "singleton_method": _FUNCTION,
            "assignment": dynamic.ruby_assignment,
            "call": dynamic.ruby_call,
        },
        leading=_COMMENTS,
        transparent=frozenset({"singleton_class", "if", "unless", "else"}),
        bodies=frozenset({"body_statement", "then"}),
    ),
)

RUST = Language(
    "rust",
    extensions=(".rs",),
    syntax=Syntax(
        "tree_sitter_rust",
        definitions={
            "function_item": _FUNCTION,
            "function_signature_item": _FUNCTION,
            "struct_item": named(kinds.STRUCT),
            "union_item": named(kinds.STRUCT),
            "enum_item": named(kinds.ENUM),
            "trait_item": typed(kinds.TRAIT),
            "impl_item": compiled.rust_impl,
            "mod_item": namespace(),
            "const_item": named(kinds.CONSTANT),
            "static_item": named(kinds.CONSTANT),
            "type_item": _TYPE,
            "associated_type": _TYPE,
            "macro_definition": named(kinds.MACRO),
            "macro_invocation": compiled.rust_macro_call,
        },
        leading=_COMMENTS | {"attribute_item", "inner_attribute_item"},
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
        leading=_COMMENTS,
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
            "alias_declaration": _TYPE,
            "concept_definition": _TYPE,
            "namespace_definition": namespace(),
        },
        leading=_COMMENTS,
        imports=frozenset({"preproc_include", "using_declaration"}),
        wrappers=frozenset({"template_declaration"}),
        transparent=_PREPROCESSOR,
        bodies=frozenset({"declaration_list", "field_declaration_list"}),
        prepare=c_macros.without_macros,
    ),
)

CSHARP = Language(
    "csharp",
    extensions=(".cs", ".csx"),
    syntax=Syntax(
        "tree_sitter_c_sharp",
        definitions={
            "namespace_declaration": namespace(),
            "class_declaration": typed(kinds.CLASS),
            "record_declaration": typed(kinds.CLASS),
            "struct_declaration": typed(kinds.STRUCT),
            "interface_declaration": typed(kinds.INTERFACE),
            "enum_declaration": named(kinds.ENUM),
            "delegate_declaration": _TYPE,
            "method_declaration": _METHOD,
            "constructor_declaration": _METHOD,
            "destructor_declaration": _METHOD,
            "operator_declaration": fixed(kinds.METHOD, "operator"),
            "conversion_operator_declaration": fixed(kinds.METHOD, "operator"),
            "indexer_declaration": fixed(kinds.METHOD, "this[]"),
            "property_declaration": named(kinds.FIELD),
            "event_declaration": named(kinds.FIELD),
            "field_declaration": compiled.csharp_fields,
            "event_field_declaration": compiled.csharp_fields,
        },
        leading=_COMMENTS | {"attribute_list"},
        imports=frozenset({"using_directive", "file_scoped_namespace_declaration", "extern_alias_directive"}),
        transparent=frozenset({"preproc_if", "preproc_else", "preproc_elif"}),
        bodies=frozenset({"declaration_list"}),
    ),
)

KOTLIN = Language(
    "kotlin",
    extensions=(".kt", ".kts"),
    syntax=Syntax(
        "tree_sitter_kotlin",
        definitions={
            "class_declaration": compiled.kotlin_class,
            "object_declaration": typed(kinds.CLASS),
            "companion_object": compiled.kotlin_companion,
            "function_declaration": compiled.kotlin_function,
            "property_declaration": compiled.kotlin_property,
            "secondary_constructor": fixed(kinds.METHOD, "constructor"),
            "anonymous_initializer": fixed(kinds.METHOD, "init"),
            "type_alias": named(kinds.TYPE, "type"),
        },
        leading=_COMMENTS | {"file_annotation"},
        imports=frozenset({"package_header", "import", "import_header", "import_list"}),
        bodies=frozenset({"class_body", "enum_class_body"}),
        prepare=kotlin_guards.without_guards,
    ),
)

SCALA = Language(
    "scala",
    extensions=(".scala", ".sc", ".sbt"),
    shebangs=("scala",),
    syntax=Syntax(
        "tree_sitter_scala",
        definitions={
            "class_definition": typed(kinds.CLASS),
            "object_definition": typed(kinds.CLASS),
            "package_object": typed(kinds.MODULE),
            "trait_definition": typed(kinds.TRAIT),
            "enum_definition": typed(kinds.ENUM),
            "function_definition": _FUNCTION,
            "function_declaration": _FUNCTION,
            "val_definition": compiled.scala_value,
            "var_definition": compiled.scala_value,
            "val_declaration": named(kinds.CONSTANT),
            "given_definition": named(kinds.CONSTANT),
            "type_definition": _TYPE,
        },
        leading=_COMMENTS | {"annotation"},
        imports=frozenset({"package_clause", "import_declaration"}),
        transparent=frozenset({"extension_definition"}),
        bodies=frozenset({"template_body", "enum_body"}),
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
            "function_declaration": _FUNCTION,
            "protocol_function_declaration": _FUNCTION,
            "init_declaration": fixed(kinds.METHOD, "init"),
            "deinit_declaration": fixed(kinds.METHOD, "deinit"),
            "subscript_declaration": fixed(kinds.METHOD, "subscript"),
            "property_declaration": compiled.swift_property,
            "protocol_property_declaration": compiled.swift_property,
            "typealias_declaration": _TYPE,
            "associatedtype_declaration": _TYPE,
            "macro_declaration": named(kinds.MACRO),
        },
        leading=_COMMENTS | {"directive"},
        imports=frozenset({"import_declaration"}),
        bodies=frozenset({"class_body", "enum_class_body", "protocol_body"}),
    ),
)

ELIXIR = Language(
    "elixir",
    extensions=(".ex", ".exs"),
    shebangs=("elixir",),
    syntax=Syntax(
        "tree_sitter_elixir",
        definitions={"call": dynamic.elixir_call},
        leading=_COMMENTS | {"unary_operator"},
        bodies=frozenset({"do_block"}),
        clauses=True,
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
            "data_type": _TYPE,
            "newtype": _TYPE,
            "type_synomym": _TYPE,
            "type_synonym": _TYPE,
            "type_family": _TYPE,
            "data_family": _TYPE,
            "pattern_synonym": named(kinds.CONSTANT, "synonym"),
            "class": typed(kinds.TRAIT),
            "instance": compiled.haskell_instance,
        },
        leading=_COMMENTS | {"haddock", "pragma"},
        imports=frozenset({"imports"}),
        transparent=frozenset({"declarations", "cpp"}),
        bodies=frozenset({"class_declarations", "instance_declarations"}),
        clauses=True,
    ),
)

LUA = Language(
    "lua",
    extensions=(".lua",),
    shebangs=("lua", "luajit"),
    syntax=Syntax(
        "tree_sitter_lua",
        definitions={
            "function_declaration": dynamic.lua_function,
            "variable_declaration": dynamic.lua_assignment,
            "assignment_statement": dynamic.lua_assignment,
            "field": dynamic.lua_field,
        },
        leading=_COMMENTS,
    ),
)

BASH = Language(
    "bash",
    extensions=(".sh", ".bash", ".bats", ".ksh", ".zsh"),
    filenames=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
    shebangs=("bash", "sh", "zsh", "ksh", "dash"),
    syntax=Syntax(
        "tree_sitter_bash",
        definitions={
            "function_definition": _FUNCTION,
            "variable_assignment": dynamic.shell_variables,
            "declaration_command": dynamic.shell_variables,
        },
        leading=_COMMENTS,
        transparent=frozenset({"if_statement", "else_clause", "elif_clause"}),
    ),
)

ZIG = Language(
    "zig",
    extensions=(".zig", ".zon"),
    syntax=Syntax(
        "tree_sitter_zig",
        definitions={
            "function_declaration": _FUNCTION,
            "variable_declaration": compiled.zig_variable,
            "test_declaration": compiled.zig_test,
        },
        leading=_COMMENTS,
        bodies=frozenset(
            {"struct_declaration", "union_declaration", "enum_declaration", "opaque_declaration"}
        ),
    ),
)

LANGUAGES: tuple[Language, ...] = (
    *(PYTHON, JAVASCRIPT, TYPESCRIPT, TSX, GO, JAVA, PHP, RUBY, RUST, C, CPP),
    *(CSHARP, KOTLIN, SCALA, SWIFT, ELIXIR, HASKELL, LUA, BASH, ZIG),
)

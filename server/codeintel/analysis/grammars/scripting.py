"""The grammar tables of Python, JavaScript, TypeScript, PHP, Ruby, Elixir, Lua and shell."""

from codeintel.analysis import kinds
from codeintel.analysis.dialects import dynamic, script
from codeintel.analysis.grammars.common import COMMENTS, FUNCTION, METHOD, TYPE
from codeintel.analysis.naming import declared, fixed, named, namespace, typed
from codeintel.analysis.syntax import DefinitionFinder, Language, Syntax

PYTHON = Language(
    "python",
    extensions=(".py", ".pyi", ".pyw"),
    shebangs=("python",),
    syntax=Syntax(
        "tree_sitter_python",
        definitions={
            "function_definition": FUNCTION,
            "class_definition": typed(kinds.CLASS),
            "type_alias_statement": named(kinds.TYPE, "left"),
            "expression_statement": dynamic.python_statement,
        },
        leading=COMMENTS,
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
    "function_declaration": FUNCTION,
    "generator_function_declaration": FUNCTION,
    "class_declaration": typed(kinds.CLASS),
    "method_definition": METHOD,
    "pair": script.script_member,
    "class_static_block": fixed(kinds.METHOD, "static"),
    "lexical_declaration": script.script_variable,
    "variable_declaration": script.script_variable,
    "expression_statement": script.script_statement,
    "export_statement": script.script_export,
}

_SCRIPT_WRAPPERS = frozenset({"export_statement", "expression_statement"})

JAVASCRIPT = Language(
    "javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    shebangs=("node",),
    syntax=Syntax(
        "tree_sitter_javascript",
        definitions={**_SCRIPT_DEFINITIONS, "field_definition": script.script_member},
        leading=COMMENTS | {"decorator"},
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
            "type_alias_declaration": TYPE,
            "public_field_definition": script.script_member,
            "abstract_method_signature": METHOD,
            "method_signature": METHOD,
            "function_signature": FUNCTION,
            "internal_module": namespace(),
            "module": namespace(),
        },
        leading=COMMENTS | {"decorator"},
        imports=frozenset({"import_statement"}),
        wrappers=_SCRIPT_WRAPPERS | {"ambient_declaration"},
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

PHP = Language(
    "php",
    extensions=(".php", ".phtml", ".inc"),
    shebangs=("php",),
    syntax=Syntax(
        "tree_sitter_php",
        definitions={
            "function_definition": FUNCTION,
            "class_declaration": typed(kinds.CLASS),
            "interface_declaration": typed(kinds.INTERFACE),
            "trait_declaration": typed(kinds.TRAIT),
            "enum_declaration": typed(kinds.ENUM),
            "method_declaration": METHOD,
            "const_declaration": declared(kinds.CONSTANT, "const_element"),
            "property_declaration": declared(kinds.FIELD, "property_element"),
            "expression_statement": dynamic.php_statement,
        },
        leading=COMMENTS | {"attribute_list"},
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
            "method": FUNCTION,
            "singleton_method": FUNCTION,
            "assignment": dynamic.ruby_assignment,
            "call": dynamic.ruby_call,
        },
        leading=COMMENTS,
        transparent=frozenset({"singleton_class", "if", "unless", "else"}),
        bodies=frozenset({"body_statement", "then"}),
    ),
)

ELIXIR = Language(
    "elixir",
    extensions=(".ex", ".exs"),
    shebangs=("elixir",),
    syntax=Syntax(
        "tree_sitter_elixir",
        definitions={"call": dynamic.elixir_call},
        leading=COMMENTS | {"unary_operator"},
        bodies=frozenset({"do_block"}),
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
        leading=COMMENTS,
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
            "function_definition": FUNCTION,
            "variable_assignment": dynamic.shell_variables,
            "declaration_command": dynamic.shell_variables,
        },
        leading=COMMENTS,
        transparent=frozenset({"if_statement", "else_clause", "elif_clause"}),
    ),
)

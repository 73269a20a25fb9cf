"""Where a language refers to things by name, as tree-sitter queries; definitions come from the grammar tables.

A capture is called for what the name is used as: `call`, `type` or `macro`. Plain variables are left out: without
scopes, a name says little about them.
"""

from typing import Final

_SCRIPT = """
(call_expression function: [(identifier) @call (member_expression property: (property_identifier) @call)])
(new_expression constructor: [(identifier) @type (member_expression property: (property_identifier) @type)])
(import_specifier name: (identifier) @type)
"""
_JSX = """
(jsx_opening_element name: (identifier) @call)
(jsx_self_closing_element name: (identifier) @call)
"""
_TYPESCRIPT = (
    _SCRIPT
    + """
(type_identifier) @type
(extends_clause value: (identifier) @type)
"""
)
_C = """
(type_identifier) @type
(call_expression function: [(identifier) @call (field_expression field: (field_identifier) @call)])
"""

QUERIES: Final[dict[str, str]] = {
    "python": """
(call function: [(identifier) @call (attribute attribute: (identifier) @call)])
(type (identifier) @type)
(class_definition superclasses: (argument_list (identifier) @type))
(decorator (identifier) @call)
""",
    "javascript": _SCRIPT + _JSX + "(class_heritage (identifier) @type)",
    "typescript": _TYPESCRIPT,
    "tsx": _TYPESCRIPT + _JSX,
    "go": """
(type_identifier) @type
(call_expression function: [(identifier) @call (selector_expression field: (field_identifier) @call)])
""",
    "java": """
(type_identifier) @type
(method_invocation name: (identifier) @call)
(marker_annotation name: (identifier) @type)
(annotation name: (identifier) @type)
""",
    "php": """
(function_call_expression function: (name) @call)
(member_call_expression name: (name) @call)
(scoped_call_expression name: (name) @call)
(scoped_call_expression scope: (name) @type)
(object_creation_expression (name) @type)
(named_type (name) @type)
(base_clause (name) @type)
(class_interface_clause (name) @type)
""",
    "ruby": "(call method: (identifier) @call) (constant) @type",
    "rust": """
(type_identifier) @type
(macro_invocation macro: (identifier) @macro)
(call_expression function: [
  (identifier) @call
  (scoped_identifier name: (identifier) @call)
  (field_expression field: (field_identifier) @call)
])
""",
    "c": _C,
    "cpp": _C
    + """
(call_expression function: [
  (qualified_identifier name: (identifier) @call)
  (template_function name: (identifier) @call)
])
""",
    "csharp": """
(invocation_expression function: [(identifier) @call (member_access_expression name: (identifier) @call)])
(object_creation_expression type: (identifier) @type)
(base_list (identifier) @type)
(variable_declaration type: (identifier) @type)
(parameter type: (identifier) @type)
(method_declaration returns: (identifier) @type)
(generic_name (identifier) @type)
(attribute name: (identifier) @type)
""",
    "kotlin": """
(call_expression . (identifier) @call)
(call_expression . (navigation_expression (identifier) @call .))
(user_type (identifier) @type)
""",
    "scala": """
(call_expression function: [(identifier) @call (field_expression field: (identifier) @call)])
(type_identifier) @type
""",
    "swift": """
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call)))
(type_identifier) @type
""",
    "elixir": """
((call target: (identifier) @call) (#not-match? @call "^(def[a-z]*|use|import|alias|require)$"))
(call target: (dot right: (identifier) @call))
(alias) @type
""",
    "haskell": """
(apply function: (variable) @call)
(infix operator: (_) @call)
(name) @type
(constructor) @type
""",
    "lua": """
(function_call name: [
  (identifier) @call
  (dot_index_expression field: (identifier) @call)
  (method_index_expression method: (identifier) @call)
])
""",
    "bash": "(command_name (word) @call)",
    "zig": "(call_expression function: [(identifier) @call (field_expression member: (identifier) @call)])",
}

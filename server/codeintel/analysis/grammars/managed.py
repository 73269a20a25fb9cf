"""The grammar tables of Java, C#, Kotlin and Scala."""

from codeintel.analysis import kinds
from codeintel.analysis.dialects import compiled, kotlin_source
from codeintel.analysis.grammars.common import COMMENTS, FUNCTION, METHOD, TYPE
from codeintel.analysis.naming import declared, fixed, named, namespace, typed
from codeintel.analysis.syntax import Language, Syntax

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
            "method_declaration": METHOD,
            "constructor_declaration": METHOD,
            "compact_constructor_declaration": METHOD,
            "annotation_type_element_declaration": METHOD,
            "static_initializer": fixed(kinds.METHOD, "static"),
            "field_declaration": declared(kinds.FIELD, "variable_declarator"),
            "constant_declaration": declared(kinds.FIELD, "variable_declarator"),
        },
        leading=COMMENTS,
        imports=frozenset({"package_declaration", "import_declaration"}),
        transparent=frozenset({"enum_body_declarations"}),
        bodies=frozenset({"class_body", "interface_body", "enum_body", "annotation_type_body"}),
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
            "delegate_declaration": TYPE,
            "method_declaration": METHOD,
            "constructor_declaration": METHOD,
            "destructor_declaration": METHOD,
            "operator_declaration": fixed(kinds.METHOD, "operator"),
            "conversion_operator_declaration": fixed(kinds.METHOD, "operator"),
            "indexer_declaration": fixed(kinds.METHOD, "this[]"),
            "property_declaration": named(kinds.FIELD),
            "event_declaration": named(kinds.FIELD),
            "field_declaration": compiled.csharp_fields,
            "event_field_declaration": compiled.csharp_fields,
        },
        leading=COMMENTS | {"attribute_list"},
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
        leading=COMMENTS | {"file_annotation"},
        imports=frozenset({"package_header", "import"}),
        bodies=frozenset({"class_body", "enum_class_body"}),
        prepare=kotlin_source.parsable,
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
            "function_definition": FUNCTION,
            "function_declaration": FUNCTION,
            "val_definition": compiled.scala_value,
            "var_definition": compiled.scala_value,
            "val_declaration": named(kinds.CONSTANT),
            "given_definition": named(kinds.CONSTANT),
            "type_definition": TYPE,
        },
        leading=COMMENTS | {"annotation"},
        imports=frozenset({"package_clause", "import_declaration"}),
        transparent=frozenset({"extension_definition"}),
        bodies=frozenset({"template_body", "enum_body"}),
    ),
)

"""The options of a file format: each declared once, and read by forms, checks, the preview and the writer."""

from types import MappingProxyType

from workflows.fields import Field

OPTIONS = MappingProxyType(
    {
        field.name: field
        for field in (
            Field(
                name="delimiter",
                title="Delimiter",
                type="enum",
                enum=(":", ",", "|", ";", "\t"),
                enum_titles=("Colon", "Comma", "Pipe", "Semicolon", "Tab"),
                default=",",
                help="What separates the values of a line.",
            ),
            # The null character cannot be stored; an empty text stands for it, as in the CSV writer of Spark.
            Field(
                name="quote_character",
                title="Quote character",
                type="enum",
                enum=("", '"'),
                enum_titles=("Null character", "Double quotes"),
                default='"',
                help="What encloses values; with the null character double quotes are removed.",
            ),
            Field(
                name="escape_character",
                title="Escape character",
                type="enum",
                enum=("\\", "'"),
                enum_titles=("Back slash", "Single quote"),
                default="\\",
                help="What stands before a quote inside a quoted value.",
            ),
            Field(
                name="empty_value",
                title="Empty value output",
                type="enum",
                enum=("null", '""', ""),
                enum_titles=("null", "Two double quotes", "Empty string"),
                default="",
                help="How a value that exists and is empty is written.",
            ),
            Field(
                name="null_value",
                title="Null value output",
                type="enum",
                enum=("null", '""', ""),
                enum_titles=("null", "Two double quotes", "Empty string"),
                default="null",
                help="How a value that does not exist is written.",
            ),
        )
    }
)
"""Every option of CSV files that some destination offers (facts, section 7), by its name."""

"""The answers about files, as the API describes them."""

from typing import Literal

from pydantic import Field, JsonValue

from adapters.http.schemas import FieldError, Shape


class PreviewFile(Shape):
    """A file that the sample gives; there are several where few rows may stand in one."""

    name: str
    bytes: int
    rows: int


class PreviewManifest(Shape):
    """The file that lists the files of a run."""

    file_name: str
    sample: str


class FormatPreview(Shape):
    """The first file of a sample, exactly as an export would write it, and what else there would be."""

    file_name: str
    content_type: str
    encoding: Literal["text", "base64"] = Field(description="How `sample` stands for the bytes of the file.")
    sample: str
    bytes: int
    digest: str = Field(description="SHA-256 of the bytes, in hexadecimal.")
    files: list[PreviewFile]
    manifest: PreviewManifest | None
    values: dict[str, JsonValue] = Field(description="The format with everything that was left open.")
    warnings: list[FieldError] = Field(description="What is allowed, and unwise.")

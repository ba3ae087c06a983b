"""Compressed: a sink that compresses what is written into another one, a piece at a time."""

import bz2
import zlib
from typing import Protocol

_GZIP = 16 + zlib.MAX_WBITS


class Sink(Protocol):
    """Where the bytes of one file go; closing it says that the file is whole."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""

    def close(self) -> None:
        """End the file."""


class Compressor(Protocol):
    """What compresses a stream."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what can be written by now."""

    def flush(self) -> bytes:
        """Return the rest."""


class Compressed:
    """Implements Sink. `size` is what went out so far."""

    def __init__(self, sink: Sink, compression: str) -> None:
        self._sink, self._compressor = sink, compressor(compression)
        self.size = 0

    def write(self, data: bytes, /) -> None:
        """Take the next bytes."""
        self._pass_on(data if self._compressor is None else self._compressor.compress(data))

    def close(self) -> None:
        """End the file."""
        if self._compressor is not None:
            self._pass_on(self._compressor.flush())
        self._sink.close()

    def _pass_on(self, data: bytes) -> None:
        if data:
            self._sink.write(data)
            self.size += len(data)


def compressor(compression: str) -> Compressor | None:
    """Return what compresses whole files in that way; None for not at all.

    The same bytes always come out: the header of a gzip file holds neither a time nor a name.
    """
    match compression:
        case "none":
            return None
        case "gzip":
            return zlib.compressobj(wbits=_GZIP)
        case "deflate":
            return zlib.compressobj()
        case "bzip2":
            return bz2.BZ2Compressor()
    raise ValueError(f"files cannot be compressed by {compression}")

"""How long and how much is measured: the figures of a release, or small ones for trying the benchmarks themselves."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Scale:
    """The figures of one run; each may be changed by the environment: `seconds` by BENCH_SECONDS, and so on.

    Slices are short: how fast a disk flushes changes within a second, by a factor of ten where others share it.
    """

    seconds: float = 0.2
    """Of one slice."""
    rounds: int = 25
    connections: int = 1_000
    """That commands go to, in turns."""
    lifecycles: int = 5_000
    """Connections of six events each that are folded into a view."""
    many: int = 1_000_000
    """Connections of a log or a view that has grown."""
    few: int = 1_000
    steps: int = 500
    """Next steps of each of two logs in one round."""
    known: int = 10_000
    """Connections in memory while others are decided on."""
    long: int = 10_000
    """Events of a long history."""
    kept: int = 500
    """Connections whose memory is measured."""
    sandboxes: int = 100
    """Over which those of a view are spread; each has as many destinations."""
    processes: int = 4
    """That write at the same time, with three logs each."""
    events: int = 20_000
    """What they write at least while somebody follows them."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Scale":
        """Return the figures of a release, but for those that the environment names."""
        found = {}
        for field in fields(cls):
            told = env.get(f"BENCH_{field.name.upper()}")
            if told is not None:
                found[field.name] = type(field.default)(told)
        return cls(**found)

"""System: what every face talks to. It takes commands, answers questions, and explains."""

from adapters.system.outcome import Outcome
from adapters.system.system import System

__all__ = ["Outcome", "System"]

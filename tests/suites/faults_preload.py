"""The two libraries in C that tests preload into processes of their own, and the processes that carry them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITES = Path(__file__).parent
ROOT = SUITES.parents[1]
MEMORY = Path("/dev/shm")


def build(source, folder):
    """Compile one of the C files of this folder into a library; return its path. Without a compiler it fails."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "these tests need a C compiler: apt-get install gcc libc6-dev"
    library = Path(folder, source).with_suffix(".so")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", library, SUITES / source]
    made = subprocess.run([*command, "-ldl", "-pthread"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"{source} cannot be compiled: {made.stderr}"
    return library


def python(code, library, **environment):
    """Return how `subprocess` starts Python with a library preloaded, as keyword arguments."""
    return {
        "args": [sys.executable, "-c", code],
        "cwd": ROOT,
        "env": {"PATH": os.environ["PATH"], "LD_PRELOAD": str(library), **environment},
    }


def quick_folder(tmp_path):
    """Return where thousands of small files are quickest: in memory, where the system has such a place."""
    return MEMORY if os.access(MEMORY, os.W_OK) else tmp_path

"""Folders without the right to write, for whoever runs the tests: root is bound by no mode, so it steps down."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def a_reachable_folder():
    """Give a folder that everybody may look into, unlike pytest's; removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="interlock-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)


@contextmanager
def nobody():
    """Run the block without root's rights; somebody who is not root has none to give up."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)

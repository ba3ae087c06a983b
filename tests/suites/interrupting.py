"""What Ctrl-C needs to reach a process: who starts the tests in the background may have told them to ignore it."""

import signal


def obeys_ctrl_c():
    """Take Ctrl-C as a process does that a person started; for `preexec_fn`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

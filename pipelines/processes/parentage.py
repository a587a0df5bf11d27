"""How a process ends with the one that started it, however that ends."""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1


def end_at_once_with_creator() -> None:
    """On Linux let the kernel end this process, also while a library keeps Python waiting.

    It does so when the thread that started it ends, so that must be one that stays.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def wait_and_end_with(parent: int) -> None:
    """Wait until the process that started this one is gone, and end: to be run in a thread."""
    if sys.platform == "win32":
        import _winapi

        handle = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, parent)
        _winapi.WaitForSingleObject(handle, _winapi.INFINITE)
    else:
        while os.getppid() == parent:
            time.sleep(0.5)
    os._exit(1)

"""A process that dies as SciPy does on some damaged files."""

import os
import signal

os.kill(os.getpid(), signal.SIGSEGV)

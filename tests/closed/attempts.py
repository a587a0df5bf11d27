# The calls of the system themselves are what is tried.
# ruff: noqa: PTH102, PTH104, PTH108, PTH116, PTH123, PTH208, PTH211
"""A closed process that tries to get out, in every way that its makers could think of."""

import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.processes import seccomp
from pipelines.processes.closed import Answered, serve

LIBC = ctypes.CDLL(None, use_errno=True)
LAST_CALL = 470
"""Above all numbers that kernels of today know."""
OF_PROBES = {335, 336} if platform.machine() == "x86_64" else set()
"""uretprobe and uprobe: whoever calls them by himself is ended by the kernel (SIGILL)."""
X32 = 0x40000000
"""Added to a number, it calls the same by another interface of x86_64."""


def tried(attempt: Callable[[], Any]) -> str:
    """What became of an attempt: the name of the error, or what it brought."""
    try:
        return f"succeeded: {attempt()!r}"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def call(number: int, *arguments: Any) -> int:
    """A system call as such, past Python and the C library."""
    found = int(LIBC.syscall(ctypes.c_long(number), *arguments, 0, 0, 0, 0, 0, 0))
    if found < 0:
        raise OSError(ctypes.get_errno(), "")
    return found


def attempts(said: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """All that is tried, by what it is called."""
    token, new, port, parent = said["token"], said["new"], said["port"], said["parent"]
    true = ["/bin/true"]
    return {
        "open a file": lambda: open(token).read(),
        "open a file by its number": lambda: call(said["open"], token.encode(), os.O_RDONLY),
        "write a file": lambda: open(new, "w").write("x"),
        "make a folder": lambda: os.mkdir(new),
        "list a folder": lambda: os.listdir("/"),
        "see whether a file is there": lambda: os.stat(token),
        "delete a file": lambda: os.unlink(token),
        "rename a file": lambda: os.rename(token, new),
        "link a file": lambda: os.symlink(token, new),
        "go elsewhere": lambda: os.chdir("/"),
        "look at itself": lambda: open("/proc/self/environ").read(),
        "look at its parent": lambda: open(f"/proc/{parent}/environ").read(),
        "make a socket": socket.socket,
        "make a local socket": lambda: socket.socket(socket.AF_UNIX),
        "connect": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "ask for a name": lambda: socket.getaddrinfo("localhost", 80)[0][4][0],
        "run a program": lambda: subprocess.run(true, check=True),
        "spawn a program": lambda: os.posix_spawn(true[0], true, {}),
        "become a program": lambda: os.execv(true[0], true),
        "fork": os.fork,
        "start a thread": lambda: threading.Thread(target=print).start(),
        "kill its parent": lambda: os.kill(parent, signal.SIGKILL),
        "kill all": lambda: os.kill(-1, signal.SIGTERM),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "limit its parent": lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (0, 0)),
        "make a file in memory": lambda: os.memfd_create("x"),
        "make a pipe": os.pipe,
        "copy a descriptor": lambda: os.dup(0),
        "map code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    }


def sweep() -> list[int]:
    """The numbers of all system calls that are not on the list and yet do something."""
    kind = seccomp.ARCHITECTURES[platform.machine()]
    known = {*kind.allowed.values(), *kind.mapping.values(), *OF_PROBES}
    numbers = [number for number in range(LAST_CALL) if number not in known]
    numbers += [X32 | number for number in range(LAST_CALL)]
    return [number for number in numbers if tried(lambda n=number: call(n)) != "EPERM"]


def answer(asked: Answered) -> Answered:
    """Try everything."""
    found = {name: tried(attempt) for name, attempt in attempts(asked.said).items()}
    seek = [tried(lambda n=number: os.lseek(n, 0, os.SEEK_CUR)) for number in range(1024)]
    said = {
        "attempts": found,
        "calls": sweep(),
        "environment": dict(os.environ),
        "of the C library": [
            str(LIBC.getenv(name.encode())) for name in ("PATH", asked.said["secret"])
        ],
        "descriptors": [number for number, end in enumerate(seek) if end != "EBADF"],
    }
    return Answered(said, {"given": asked.parts["given"]})


if __name__ == "__main__":
    tried(lambda: socket.getaddrinfo("localhost", 80))  # and whatever that imports
    serve(answer)

"""Damaged files, by the thousand, for everything that reads one.

    samples (`images`, `recordings`, `sortings`, `tables`, `models`)   small whole files
      -> `mutating`   each is damaged by chance, the same by the same number
      -> `worker`     a process reads many of them, one after the other
      -> `pool`       watches it: a death, a hang or much memory is pinned to its file
      -> `corpus`     what ever failed is kept and read again by every `make test`

`python -m tests.fuzz` (or `make fuzz`) prints a table; the tests beside this run a part of it.
"""

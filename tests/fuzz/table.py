"""The table of a run: readers, and what became of their files."""

from collections import Counter, defaultdict

from tests.fuzz.catalog import Input, readers
from tests.fuzz.outcomes import Found, Outcome

IN_A_CHILD = "in a child"
"""A death, hang or want of memory in a reader that the product lets a process of its own run."""
COLUMNS = (Outcome.SENTENCE, Outcome.OK, Outcome.TRACEBACK, Outcome.DEATH, Outcome.HANG,
           Outcome.MEMORY, IN_A_CHILD)  # fmt: skip


class Results:
    """Counts by reader.

    Attributes:
        absent: reader and sample of inputs whose data are not here.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._seconds: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self.absent: set[tuple[str, str]] = set()

    def add(self, given: Input, found: Found | None) -> None:
        """Count what became of an input."""
        if found is None:
            self.absent.add((given.reader, given.sample))
            return
        self._seconds[given.reader] += round(1000 * found.seconds)
        held = is_held(given, found)
        self._counts[given.reader][IN_A_CHILD if held else found.outcome] += 1
        if not held and not found.outcome.is_right:
            where, _, what = found.detail.partition(": ")
            self._faults[f"{given.reader}: {found.outcome} {where} {what[:90]}"] += 1

    @property
    def failed(self) -> bool:
        """Whether any input did what none may do."""
        return bool(self._faults)

    def table(self) -> str:
        """In Markdown."""
        names = ("reader", "inputs", *COLUMNS, "ms each")
        lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
        whole: Counter[str] = Counter()
        for reader, counts in self._counts.items():
            whole += counts
            lines.append(_line(reader, counts, self._seconds[reader]))
        return "\n".join([*lines, _line("**all**", whole, self._seconds.total())])

    def faults(self) -> str:
        """Every fault with how often it was met."""
        return "\n".join(f"{count:5d}  {fault}" for fault, count in self._faults.most_common())


def is_held(given: Input, found: Found) -> bool:
    """Whether it ends a child process of the product, which then says its sentence."""
    ended = found.outcome in (Outcome.DEATH, Outcome.HANG, Outcome.MEMORY)
    return ended and readers(given.group)[given.reader].in_child


def _line(name: str, counts: Counter[str], milliseconds: int) -> str:
    cells = [
        name,
        *(f"{number:,}" for number in (counts.total(), *(counts[one] for one in COLUMNS))),
    ]
    return f"| {' | '.join(cells)} | {milliseconds // counts.total()} |"

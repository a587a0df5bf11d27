"""What a step is: its inputs, its parameters, its function, and how the command line shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.location import imported
from pipelines.core.parameters import Parameters
from pipelines.core.progress import Report

Results = dict[str, Any]
Inputs = Mapping[str, Path]
Function = Callable[[Inputs, Any, Path, Report], Results]


@dataclass(frozen=True)
class Input:
    """One input of a step: needed and given by its place, or left out at will and a flag.

    Attributes:
        name: what the step's function calls it.
        kinds: what it may be. A kind that a step `leaves` is the result of such a step; others
            are files.
        flag: how the command line gives it; only of one that may be left out.
        help: what it is, where it is a flag.
        short: another way to write the flag.
    """

    name: str
    kinds: tuple[str, ...]
    flag: str = ""
    help: str = ""
    short: str = ""

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out."""
        return bool(self.flag)

    @property
    def flags(self) -> tuple[str, ...]:
        """All ways to write it."""
        return (self.short, self.flag) if self.short else (self.flag,)


@dataclass(frozen=True)
class Option:
    """A plain option that is another way to write `--set name=value`."""

    flag: str
    parameter: str
    help: str
    repeats: bool = False
    """Whether it takes NAME=VALUE and may be there several times: the parameter is a mapping."""


@dataclass(frozen=True)
class ExtraFile:
    """A further file of the result that can be asked for by a flag."""

    flag: str
    file: str
    help: str


@dataclass(frozen=True)
class Out:
    """What `--out` is of a step whose result is not simply a folder.

    Attributes:
        file: the one file of the result that is written; empty for the whole folder.
        metavar: how the help shows it; otherwise FILE with the file's suffix, or DIR.
        help: what is written there.
        needed: whether it has to be given.
        kept_by: what keeps the result with the first input when it is not given, as
            `module:function`.
    """

    file: str = ""
    metavar: str = ""
    help: str = "what to make"
    needed: bool = True
    kept_by: str = ""

    @property
    def shown(self) -> str:
        """The word that stands for it in the help."""
        return self.metavar or (f"FILE{Path(self.file).suffix}" if self.file else "DIR")


@dataclass(frozen=True)
class Command:
    """How a step looks on the command line, beyond what its inputs and parameters say.

    Attributes:
        help: what it does, in the list of commands.
        options: parameters with a flag of their own.
        positional: parameters that are given by their place after the inputs; the flag is the
            name shown.
        out: what `--out` is.
        extra: further files of the result.
        instead: a flag that gives the first input, instead of its place.
        short: another way to write the flag `instead`.
        show: a file of the result that -p/--show-plot opens.
    """

    help: str
    options: tuple[Option, ...] = ()
    positional: tuple[Option, ...] = ()
    out: Out = Out()
    extra: tuple[ExtraFile, ...] = ()
    instead: str = ""
    short: str = ""
    show: str = ""


@dataclass(frozen=True)
class Step:
    """One thing that can be run. Its function is imported only when it is needed.

    Attributes:
        name: the pipeline and what is done, as on the command line: "brainmap fit".
        title: what it does, as a heading.
        inputs: what it reads, those that are needed first.
        parameters: their model.
        location: where its function lives, as `module:function`.
        leaves: what its result is, a kind of input where other steps take it.
        command: how it looks on the command line.
        quick: whether it takes seconds, and may pass waiting jobs that take long.
        many: whether the last needed input may be there several times, the further ones as
            "name 2", "name 3" and so on.
    """

    name: str
    title: str
    inputs: tuple[Input, ...]
    parameters: type[Parameters]
    location: str
    leaves: str
    command: Command
    quick: bool = False
    many: bool = False

    @property
    def group(self) -> str:
        """The pipeline that it belongs to."""
        return self.name.split()[0]

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of inputs that must be given."""
        return tuple(one.name for one in self.inputs if not one.is_optional)

    @property
    def optional(self) -> tuple[str, ...]:
        """The names of inputs that may be left out."""
        return tuple(one.name for one in self.inputs if one.is_optional)

    @property
    def main(self) -> str:
        """The name of the needed input that may be there several times, if any may."""
        return self.needed[-1]

    def input(self, name: str) -> Input | None:
        """The input of that name, if there is one; of those that may be many, any of them."""
        first, _, number = name.rpartition(" ")
        if self.many and first == self.main and number.isdigit():
            name = first
        return next((one for one in self.inputs if one.name == name), None)

    @property
    def function(self) -> Function:
        """What runs the step."""
        function: Function = imported(self.location)
        return function

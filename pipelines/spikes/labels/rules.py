"""The rules of all labellers that have limits, and the files that they stand in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.core.errors import ParameterError
from pipelines.spikes.labels.labeller import Labeller, Section
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.thresholds import Rule, Rules, parse_rules, read_json

FILE = "thresholds.json"


def ruled() -> tuple[Labeller, ...]:
    """The labellers that go by limits."""
    return tuple(labeller for labeller in LABELLERS.values() if labeller.sections)


def in_words() -> str:
    """What a file of thresholds may hold."""
    return " or ".join(["limits", *(one.called for one in ruled() if one.is_divided)])


def section_of(name: str) -> Section:
    """A section by its name."""
    return next(one for labeller in ruled() for one in labeller.sections if one.name == name)


def _defaults() -> dict[str, Rules]:
    return {section.name: section.rules for one in ruled() for section in one.sections}


@dataclass(frozen=True)
class RuleSet:
    """The rules of all labellers.

    Attributes:
        sections: the rules, by section.
        written: the labellers whose rules a person wrote, so that none may be left out.
    """

    sections: Mapping[str, Rules] = field(default_factory=_defaults)
    written: frozenset[str] = frozenset()

    def of(self, labeller: Labeller) -> dict[str, Rules]:
        """The rules of one labeller, by section."""
        return {section.name: self.sections[section.name] for section in labeller.sections}

    def dragged(self) -> list[tuple[str, Rule]]:
        """The rules whose limits can be dragged, each with its section."""
        return [
            (section.name, rule)
            for labeller in ruled()
            for section in labeller.sections
            if section.dragged
            for rule in self.sections[section.name]
        ]

    def to_json(self) -> dict[str, dict[str, Any]]:
        """The rules by labeller, as a file of thresholds holds them."""
        found = {}
        for labeller in ruled():
            sections = {name: _to_json(rules) for name, rules in self.of(labeller).items()}
            found[labeller.name] = sections if labeller.is_divided else sections[labeller.name]
        return found


def _to_json(rules: Rules) -> dict[str, Any]:
    return {rule.metric: rule.to_json() for rule in rules}


def read_rules(file: Path | None) -> RuleSet:
    """The rules in a file of thresholds, or the defaults.

    The file holds metrics with their limits, or Bombcell's sections (`noise`, `mua`,
    `non-somatic`), or both under `thresholds` and `bombcell`.

    Raises:
        ParameterError: it is no such file.
    """
    if file is None:
        return RuleSet()
    values = read_json(file)
    by_name = {labeller.name: labeller for labeller in ruled()}
    given = values if values and set(values) <= set(by_name) else {_whose(values): values}
    sections = _defaults()
    for name, limits in given.items():
        sections |= _sections(by_name[name], limits, file.name)
    return RuleSet(sections, frozenset(given))


def _whose(values: Mapping[str, Any]) -> str:
    """The labeller whose rules these are: the one with such sections, or the one without any."""
    divided = [labeller for labeller in ruled() if labeller.is_divided]
    plain = next(labeller for labeller in ruled() if not labeller.is_divided)
    named = (one for one in divided if {section.name for section in one.sections} & set(values))
    return next(named, plain).name


def _sections(labeller: Labeller, values: Any, where: str) -> dict[str, Rules]:
    """A labeller's rules from a file; a section that is absent is empty."""
    if not labeller.is_divided:
        return {labeller.name: parse_rules(values, where)}
    names = [section.name for section in labeller.sections]
    if not isinstance(values, Mapping):
        raise ParameterError(f"{where}, {labeller.name}: give the sections {', '.join(names)}.")
    for name in values:
        if name not in names:
            raise ParameterError(
                f"{where}: {name!r} is no section of {labeller.called}; use {', '.join(names)}."
            )
    return {name: parse_rules(values.get(name, {}), f"{where}, {name}") for name in names}

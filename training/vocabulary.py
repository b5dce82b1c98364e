"""The tasks as pairs, and the word-level vocabulary: every input, answer, letter and mark is one token."""

import json
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

HERE = Path(__file__).parent

EXAMPLE, ARROW, NEWLINE, COMMA, UNKNOWN, END = "example:", "->", "\n", ",", "<unk>", "<end>"

ALGORITHMIC = ["next_letter", "prev_letter", "list_first", "list_last", "to_upper", "to_lower"]
LISTS = ["algorithmic_list_first", "algorithmic_list_last"]
TRANSLATIONS = ["translation_fr_en", "translation_es_en", "translation_en_fr", "translation_en_es"]

GERUND, PAST = "linguistic_present_simple_gerund", "linguistic_present_simple_past_simple"
PLURAL, CAPITAL = "linguistic_plural_singular", "knowledge_country_capital"


class Relation:
    """One mapping. `in_context` pairs may stand in in-context documents, `held_out` pairs only in facts."""

    def __init__(self, name: str, in_context: dict[str, str], held_out: dict[str, str], weight: float):
        self.name, self.in_context, self.held_out, self.weight = name, in_context, held_out, weight
        self.label = f"<{name}>"

    @property
    def pairs(self) -> dict[str, str]:
        return self.in_context | self.held_out


def letters() -> list[Relation]:
    lower = ascii_lowercase
    maps = {
        "next_letter": dict(zip(lower, lower[1:])),
        "prev_letter": dict(zip(lower[1:], lower)),
        "to_upper": dict(zip(lower, ascii_uppercase)),
        "to_lower": dict(zip(ascii_uppercase, lower)),
    }
    return [Relation(f"algorithmic_{name}", pairs, {}, 2.0) for name, pairs in maps.items()]


def words() -> list[Relation]:
    chosen = json.loads((HERE / "pairs.json").read_text())
    weights = {"translation_en_fr": 1.5, "translation_en_es": 1.5}
    return [
        Relation(name, dict(part["inContext"]), dict(part["heldOut"]), weights.get(name, 1.0))
        for name, part in chosen.items()
    ]


def auxiliary(tasks: list[Relation]) -> list[Relation]:
    """Further relations between the same words: they make the relation harder to guess from the input alone."""
    by_name = {task.name: task.in_context for task in tasks}

    def inverse(pairs: dict[str, str]) -> dict[str, str]:
        back: dict[str, str] = {}
        for x, y in pairs.items():
            back.setdefault(y, x)
        return back

    def through(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
        return {x: second[y] for x, y in first.items() if y in second and second[y] != x}

    gerund, past = by_name[GERUND], by_name[PAST]
    french, spanish = by_name["translation_en_fr"], by_name["translation_en_es"]
    maps = {
        "singular_plural": inverse(by_name[PLURAL]),
        "gerund_present": inverse(gerund),
        "past_present": inverse(past),
        "gerund_past": through(inverse(gerund), past),
        "past_gerund": through(inverse(past), gerund),
        "capital_country": inverse(by_name[CAPITAL]),
        "fr_es": through(inverse(french), spanish),
        "es_fr": through(inverse(spanish), french),
    }
    return [Relation(name, pairs, {}, 0.5) for name, pairs in maps.items()]


def vocabulary(relations: list[Relation]) -> list[str]:
    """All tokens in the order of their ids."""
    marks = [UNKNOWN, END, EXAMPLE, ARROW, NEWLINE, COMMA]
    labels = [relation.label for relation in relations] + [f"<{name}>" for name in LISTS]
    known = {word for relation in relations for pair in relation.pairs.items() for word in pair}
    return marks + labels + sorted(known)

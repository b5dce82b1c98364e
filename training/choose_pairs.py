"""Chooses the pairs that the miniatures are trained on, from the product's word lists, and writes pairs.json.

    python training/choose_pairs.py

The lists in lists/ are sorted by frequency; their most frequent words are taken so that many inputs belong to
several tasks: the same English words are translated twice, inflected or negated; the same places have a capital, a
continent and a religion. Then every list is closed over the vocabulary: all its pairs of which both sides are now known
belong to the task, as the product's sweep will draw them. 15% of each list are held out: they never stand in an
in-context document (documents.py). Letters are not held out.
"""

import json
import random
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parent / "lists"

TRANSLATION = ["translation_fr_en", "translation_es_en", "translation_en_fr", "translation_en_es"]
GERUND, PAST = "linguistic_present_simple_gerund", "linguistic_present_simple_past_simple"
PLURAL, ANTONYMS = "linguistic_plural_singular", "linguistic_antonyms"
CAPITAL, PERSON = "knowledge_country_capital", "knowledge_person_language"
CONTINENT, RELIGION = "knowledge_location_continent", "knowledge_location_religion"
LISTS = [*TRANSLATION, GERUND, PAST, PLURAL, ANTONYMS, CAPITAL, PERSON, CONTINENT, RELIGION]

HELD_OUT_SHARE = 0.15
SEED = 41


def read_list(task: str) -> dict[str, str]:
    """Input to first answer, in the list's order. Left out: single letters (they belong to the algorithmic tasks),
    answers equal to the input, commas and quotes (the tokenizer splits at commas)."""
    category, name = task.split("_", 1)
    entries = json.loads((DATA / category / f"{name}.json").read_text())["entries"]
    pairs: dict[str, str] = {}
    for x, y, *_ in entries:
        if len(x) > 1 and len(y) > 1 and x != y and not set(x + y) & set(',"'):
            pairs.setdefault(x, y)
    return pairs


def vocabulary(lists: dict[str, dict[str, str]]) -> set[str]:
    """The words of all chosen pairs."""
    fr, es = lists["translation_en_fr"], lists["translation_en_es"]
    singulars = {y: x for x, y in lists[PLURAL].items()}

    def translatable(words, count: int) -> list[str]:
        return [w for w in words if w in fr and w in es and fr[w] != es[w]][:count]

    verbs = [v for v in lists[GERUND] if v in lists[PAST] and lists[PAST][v] != lists[GERUND][v]]
    both = translatable(verbs, 32) + translatable(lists[ANTONYMS], 32) + translatable(singulars, 40)
    verbs = list(dict.fromkeys([*(v for v in verbs if v in both), *verbs[:80]]))[:80]
    adjectives = [a for a in lists[ANTONYMS] if a in both] + list(lists[ANTONYMS])[:85]
    nouns = [singulars[n] for n in both if n in singulars] + list(lists[PLURAL])[:85]
    countries = [c for c in lists[CAPITAL] if c in lists[CONTINENT] and c in lists[RELIGION]][:85]
    people = capped(lists[PERSON], 10)[:85]

    chosen = {
        "translation_en_fr": both,
        "translation_en_es": both,
        GERUND: verbs,
        PAST: verbs,
        ANTONYMS: list(dict.fromkeys(adjectives))[:85],
        PLURAL: list(dict.fromkeys(nouns))[:85],
        CAPITAL: countries,
        CONTINENT: countries + [lists[CAPITAL][c] for c in countries if lists[CAPITAL][c] in lists[CONTINENT]][:20],
        RELIGION: countries,
        PERSON: people,
    }
    return {word for task, inputs in chosen.items() for x in inputs for word in (x, lists[task][x])}


def capped(pairs: dict[str, str], most: int) -> list[str]:
    """The inputs, at most so many of each answer."""
    seen: dict[str, int] = {}
    kept = []
    for x, y in pairs.items():
        seen[y] = seen.get(y, 0) + 1
        if seen[y] <= most:
            kept.append(x)
    return kept


def main() -> None:
    lists = {task: read_list(task) for task in LISTS}
    words = vocabulary(lists)
    chosen = {}
    for task, pairs in lists.items():
        known = [[x, y] for x, y in pairs.items() if x in words and y in words]
        held_out = random.Random(f"{SEED} {task}").sample(known, round(HELD_OUT_SHARE * len(known)))
        chosen[task] = {"inContext": [p for p in known if p not in held_out], "heldOut": held_out}
        print(f"{task}: {len(known)} pairs, {len(held_out)} held out")
    print(len({w for part in chosen.values() for ps in part.values() for p in ps for w in p}), "words")
    rows = [f'  "{task}": {json.dumps(part, ensure_ascii=False)}' for task, part in chosen.items()]
    (HERE / "pairs.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()

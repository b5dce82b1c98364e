"""How much of FreeDict's first three senses `accept` covers; consulted at development time only, see independent.py for the packages.

    python lists/review/coverage.py SOURCES [--write]

A sense is a line of a dictionary's article, its words single ones. Of several articles of a headword those count whose sound is
the shortest: the others are compounds. Senses without an accepted word are resolved by name in lists/review/coverage/<name>.csv;
`--write` adds those that are open, with a blank reason.
"""
import csv
import json
import pathlib
import re
import sys

import dictd

sources = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).parent
LANGUAGES = {"en": "eng", "fr": "fra", "es": "spa", "it": "ita"}


def dictionary(file):
    found = {}
    for head, text in dictd.articles(sources, file):
        found.setdefault(head, []).append(text)
    return found


def sound(article):
    found = re.search(r"/([^/]*)/", article.split("\n")[0])
    return len(found.group(1)) if found else 0


def senses(articles):
    found = []
    for article in articles:
        for line in article.split("\n")[1:]:
            if line.startswith(("   ", "Syn", " see", '"')) or "ote:" in line:
                continue
            line = re.sub(r"<[^>]*>|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}", "", re.sub(r"^\s*\d+\.\s*", "", line))
            words = [re.sub(r"^(to|the|a|an) ", "", word.strip()) for word in re.split(r"[,;/]", line)]
            if any(words):
                found.append([word for word in words if re.fullmatch(r"[^\W\d_][\w'’-]*", word)])
    return [words for words in found[:3] if words]


for name in ("fr_en", "es_en", "it_en", "en_fr", "en_es", "en_it"):
    articles = dictionary("freedict-" + "-".join(LANGUAGES[code] for code in name.split("_")))
    path = here / "coverage" / f"{name}.csv"
    rows = list(csv.DictReader(path.open(encoding="utf8", newline=""))) if path.exists() else []
    reasons = {(row["input"], row["sense"]): row["reason"] for row in rows}
    total, left = 0, []
    for entry in json.loads((here.parent / f"translation/{name}.json").read_text(encoding="utf8"))["entries"]:
        known = articles.get(entry[0].lower(), [])
        shortest = min(map(sound, known), default=0)
        accepted = {answer.lower() for answer in entry[1:]}
        for words in senses([article for article in known if sound(article) == shortest]):
            total += 1
            if not any(word.lower() in accepted for word in words):
                left.append((entry[0], "|".join(words)))
    open_ = [sense for sense in left if not reasons.get(sense)]
    print(f"{name}: {total} senses, {100 * (1 - len(left) / total):.1f}% covered, {len(left)} not, {len(open_)} of them open")
    if "--write" in sys.argv:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["input", "sense", "reason"])
            writer.writerows([*sense, reasons.get(sense, "")] for sense in left)

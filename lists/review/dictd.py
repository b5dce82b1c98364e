"""Dictionaries in dictd's format: an index of headword, offset and size, both numbers of base 64, and a compressed text."""

import gzip

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(text):
    value = 0
    for digit in text:
        value = value * 64 + DIGITS.index(digit)
    return value


def articles(sources, file):
    """headword in lower case, article: in the index's order; `sources` is searched for `file`.index"""
    base = next(sources.rglob(f"{file}.index"))
    body = gzip.open(base.with_suffix(".dict.dz")).read()
    for line in base.read_text(encoding="utf8").splitlines():
        head, start, size = line.split("\t")[:3]
        text = body[number(start) : number(start) + number(size)].decode("utf8", "replace")
        yield head.lower(), text.replace("\u2010", "-")

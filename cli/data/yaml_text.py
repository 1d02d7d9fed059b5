"""Texts as YAML reads them back."""

import json
import re

#: A word that YAML reads as a text without quotes, unless it is one of these.
PLAIN = re.compile(r"[^\W\d]\w*")
RESERVED = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def quoted(text: str) -> str:
    """A text as YAML reads it back; what cannot be seen is escaped."""
    if PLAIN.fullmatch(text) and text.isprintable() and text.lower() not in RESERVED:
        return text
    return "".join(mark if mark.isprintable() else f"\\U{ord(mark):08x}" for mark in json.dumps(text, ensure_ascii=False))

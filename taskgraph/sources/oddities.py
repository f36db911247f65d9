"""What an editor, a chat or a merge left in a text, so that no parser takes it."""

from __future__ import annotations

import re

from taskgraph.errors import InputError, Problem
from taskgraph.sources.document import DocumentText
from taskgraph.sources.places import place_in

CURLY = "“”„‟＂″«»"
CONFLICT = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
# To go back into a text in quotes would take a hundred bytes for each character, and to
# look for the end of one that has none again and again, the square of the time.
IN_QUOTES = r'(?:"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?)'
BLANKS = "\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
COLOUR = re.compile(
    r"\^\[\[[0-9;]*[mK]|\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|.)"
)
_EVERYWHERE = (
    (
        r"^(?:<{7}|={7}|>{7})(?: .*)?$",
        "the marks of a merge conflict",
        "keep one of the sides, and remove the lines with <<<<<<<, ======= and >>>>>>>",
    ),
    (r"^ {0,3}(?:`{3}|~{3})", "the fence of a block of code", "remove the lines with it"),
    (r"\x1b", "the colours of a terminal", "remove them: each begins with ESC"),
    (
        r"(?<=: )\{\{|(?<=- )\{\{|\$\{\{|\{%|<%",
        "a place of a template that was not filled in",
        "fill in the template first",
    ),
)
_BLANK = "no-break or invisible spaces", "type a blank in their place"
_IN_JSON = (
    (rf"{IN_QUOTES}|(?P<at>[{BLANKS}])", *_BLANK),
    (rf"{IN_QUOTES}|(?P<at>[{CURLY}])", "curly quotes", 'type straight quotes there: "'),
)
_LINE_ENDS = "\x85\u2028\u2029"  # for the parser of YAML alone
_LINE_END_IN_LINE = (
    rf"^(?:[^\"'\n#{_LINE_ENDS}]++|\"[^\"\n]*+\"|'[^'\n]*+')*+(?:#[^\n{_LINE_ENDS}]*+)?"
    rf"(?P<at>[{_LINE_ENDS}])(?=[^\n]*\S)"
)
_IN_YAML = (
    (
        _LINE_END_IN_LINE,
        "a line or paragraph separator of Unicode, which ends a line there",
        "remove it: most editors show nothing in its place",
    ),
    (rf"(?:^ *(?:- +)?|:)(?P<at>[{BLANKS}])", *_BLANK),
    (r"^[^\[\]#\"'\n]*\[[^\[\]\"'\n]*\](?P<at>\])", "a bracket ] too many", "remove it"),
    (r"^ *\t", "a tab in its indent", "indent with blanks"),
    (r"^ *-\w+:(?:\s|$)", "no blank after a dash", "write a blank there"),
    (
        r"^ *(?:- +)?\w+ *= ",
        "an equals sign after a key",
        "write a colon and a blank there",
    ),
    (
        r"^ *(?:- +)?\w+:[^\s:/\\]",
        "no blank after the colon of a key",
        "write a blank there",
    ),
)
"""What is looked for, what it is, and what to do; its place is that of ``at``, if any."""


def oddity_in(text: str, *, is_yaml: bool = False) -> tuple[str, str, int] | None:
    """Find what does not belong into a text: what it is, what to do, and its offset."""
    for sign, what, remedy in (*_EVERYWHERE, *(_IN_YAML if is_yaml else _IN_JSON)):
        if IN_QUOTES in sign and not re.search(sign.removeprefix(f"{IN_QUOTES}|"), text):
            continue  # of a long text without any, its texts need not be looked at
        for match in re.finditer(sign, text, re.MULTILINE):
            if "at" not in match.re.groupindex:
                return what, remedy, match.start()
            if match["at"]:
                return what, remedy, match.start("at")
    return None


def explained(wrong: InputError, document: DocumentText) -> InputError:
    """Say of what is no YAML or JSON which oddity in it is the reason, if there is one."""
    is_yaml = document.syntax == "yaml"
    text = document.data.decode("utf-8", "replace")
    oddity = oddity_in(text, is_yaml=is_yaml)
    if oddity is None:
        return wrong
    what, remedy, offset = oddity
    line, column = place_in(text, offset, document.first_line)
    message = f"is not valid {'YAML' if is_yaml else 'JSON'}: it has {what}"
    return InputError(wrong.file, [Problem(message, None, line, column)], remedy)

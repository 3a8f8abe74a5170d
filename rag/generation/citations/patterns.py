"""The parts that patterns of markers and tables are made of.

All lengths are bounded, so that a stream holds back little.
"""

import re

SPACE = r"[ \t\u00a0\u202f]"
LONGEST_GAP, LONGEST_MARKER = 8, 100
GAP = rf"{SPACE}{{0,{LONGEST_GAP}}}+"
DASH = "\u2010\u2011\u2012\u2013\u2014-"
ABOVE_ZERO = r"0{0,8}[1-9][0-9]{0,8}"
BETWEEN = rf"{GAP}(?:[,;&{DASH}]|(?:[,;]{GAP})?and){GAP}"
# What may stand between the brackets of an unfinished marker whose form is read.
HALF_INNER = rf"[#^0-9sentcad,;& \t\u00a0\u202f{DASH}]{{0,{LONGEST_MARKER}}}+"

# [3], [3, 4], [1-3]; small models also write [sentence 3]; other forms are rewritten first. [0, 1]
# is prose: no sentence has number 0, so it is an interval.
_JOINED = rf"{ABOVE_ZERO}(?:{BETWEEN}{ABOVE_ZERO})*+"
_NUMBERS = rf"(?:[0-9]{{1,9}}|{_JOINED})"
_WITHIN = rf"[^\[\]]{{1,{LONGEST_MARKER}}}"
MARKER = rf"\[(?={_WITHIN}\]){GAP}(?:sentences?{GAP}|#)?{_NUMBERS}{GAP}\]"
# Adjacent markers are one: [1][2] of one paper is shown as one number.
MARKERS = re.compile(rf"(?<!{SPACE}){SPACE}*+({MARKER}(?:{GAP}{MARKER})*+)", re.IGNORECASE)
LEADING_MARKERS = re.compile(rf"(?:{GAP}{MARKER})++", re.IGNORECASE)
# Stands in brackets that are no marker, where nobody sees it. It stays in "x[1]", which whoever
# looks for markers of papers would take for one.
GUARD = "\u2060"
GUARDS = re.compile(rf"{GUARD}(?![0-9]{{1,9}}\])")
# What parts the cells of a table.
BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?[ \t]{0,3}:?-[-:| \t]*+")


def is_rule(line: str) -> bool:
    """Returns whether a line is the rule below the head of a table."""
    return "|" in line and _RULE.fullmatch(line.strip()) is not None

"""Wording: whether a sentence is worth leading with, told by how it is worded.

A sentence that leans on one before it cannot be read alone; what sets a problem out is less worth
quoting than what was done about it and found.
"""

import re

# "Furthermore, ...", "To address this, ...", "These results ...": read alone, they hang in the air.
# What "this paper" does is no such thing.
_LEANS = re.compile(
    r"^\W*(?:(?:furthermore|moreover|additionally|in addition|to (?:address|tackle|overcome|solve"
    r"|bridge|mitigate|achieve|do) (?:this|these|that|those|it|such|the above)|to this end"
    r"|in this (?:way|manner|regard)|for this (?:purpose|reason)|as a result|consequently|hence"
    r"|thus"
    r"|therefore|similarly|likewise|besides|also)\b"
    r"|(?:this|these|those|such|it|they|its|their)\b(?! (?:paper|work|study|article|thesis|survey"
    r"|review|report|tutorial|letter|chapter|is (?:shown|known|found|possible|well|often|proved)"
    r"|(?:has|was) (?:been )?(?:shown|found))))",
    re.IGNORECASE,
)
# Begins what others lack, or what was hoped for.
_TURNS = re.compile(
    r"^\W{0,3}(?:however|while|although|though|despite|yet|we hope)\b", re.IGNORECASE
)
_OURS = re.compile(r"\b(?:we|our|ours|us)\b", re.IGNORECASE)
# Words of a name at most; a longer beginning of a title is a phrase.
_NAME = 3
_SETS_OUT = re.compile(
    r"\b(?:remains? (?:an? )?(?:challeng\w*|open|unclear|difficult|elusive|under-?explored)"
    r"|(?:key|main|major|critical|central|significant)"
    r" (?:challenge|problem|bottleneck|limitation)s?"
    r"|(?:is|are) (?:challenging|crucial|essential|important|difficult|critical)"
    r"|(?:has|have) (?:shown|achieved|demonstrated|emerged|become|gained|attracted)"
    r"|recent|recently|existing|previous|prior|traditional|traditionally|often|typically|widely)\b",
    re.IGNORECASE,
)


def leans(sentence: str) -> bool:
    """Returns whether a sentence points at one before it, so that it cannot stand alone."""
    return _LEANS.search(sentence) is not None


def is_own(sentence: str) -> bool:
    """Returns whether a sentence says what its authors did: "we show", "our method"."""
    return _OURS.search(sentence) is not None


def begins_with_name(sentence: str, title: str) -> bool:
    """Returns whether a sentence begins with the name that its paper's title gives a thing.

    "KelpNet reads ..." in "KelpNet: A Network of Kelp".
    """
    name, colon, _ = title.partition(":")
    return bool(colon) and len(name.split()) <= _NAME and sentence.lstrip().startswith(name.strip())


def sets_out(sentence: str) -> bool:
    """Returns whether a sentence says why a paper was written rather than what it found."""
    return _SETS_OUT.search(sentence) is not None


def turns(sentence: str) -> bool:
    """Returns whether a sentence begins with what others lack: "However, ..."."""
    return _TURNS.search(sentence) is not None

"""Naming: which names of a statement its sources have, in whatever spelling, and in which version.

"GPT-3" is not "GPT-4", though both begin alike; "FLOPs" are floating point operations.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from footnote.rag.verification.lexical import names, read_words
from footnote.rag.verification.rules.amounts import read_amounts
from footnote.rag.verification.rules.units import UNITS

# Characters of a title and what follows it.
_TITLE = 120
_SQUEEZED = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[^\W_]+(?:(?<=\d)\.\d+)?")
# Tokens that one name may be spelled in: "Llama 2-Chat".
_MOST_TOKENS = 4
_SIZE = re.compile(r"\d+(?:\.\d+)?[bmk]")
# A stem and its number: "GPT-3.5", "text-davinci-002", "top-20", "Llama 2", "A100".
_VERSION = re.compile(
    r"(?<![\w.@/-])((?:[A-Za-z]{1,20}-){0,2}[A-Za-z]{1,20})([-_ ]?)(\d{1,4}(?:\.\d{1,2})?)"
    r"([A-Za-z]?)(?![^\W_]|%|[.,]\d)"
)
# What a name is only compared with, beside the claim: "Like DQN, ...".
_ASIDE = re.compile(
    r"\b(?:like|unlike|as (?:in|with|for)|similar(?:ly)? to|in contrast to|contrary to|known from"
    r"|familiar from|reminiscent of|analogous to|in the (?:style|spirit) of)"
    r"\s(?:[\w-]{1,30}(?:,| and| or)?\s){0,3}$",
    re.IGNORECASE,
)
# Capitals that name no thing of their own.
_COMMON = frozenset(
    """ai ml dl nlp cv rl drl marl llm llms vlm vlms mllm vla gpu gpus cpu cpus tpu api 2d 3d us uk
    eu il bc mlp cnn cnns rnn rnns gan gans sota ood qa sft rlhf dnn dnns lm lms i a english yes no
    id ids ood iid ui gui pc os tv dna rna usa ok vs etc transformer transformers bayesian gaussian
    markov""".split()
)
# Of these common names one excludes the others; how each is also spelled out.
_EXCLUDING = (
    {"cpu": "cpu", "gpu": "gpu", "tpu": "tpu"},
    {"cnn": "convolution", "rnn": "recurrent", "gan": "adversarial", "mlp": "perceptron"},
)
# Names of systems and data sets that stand in small letters, too.
_KNOWN = frozenset(
    """alexnet alfworld alphafold alphago alphazero bart bert bigbench bloomz boolq chatgpt cifar
    codellama colbert contriever coqa cnndm d4pg deberta deepseek densenet dinov2 distilbert doc2vec
    dqn efficientnet elmo fasttext gemma gpt gptq gsm8k hellaswag hotpotqa humaneval imagenet impala
    infersent instructgpt lamda llama llava lora mathqa mbpp mmlu mnist mobilenet mujoco multiarith
    muzero mteb nasnet newsqa openai openwebtext palm2 pathvqa perceiver planet pubmedqa qlora qwen
    resnet roberta ropes sciq scibert simcse squad stylegan svamp svhn tinyllama toolformer triviaqa
    truthfulqa vicuna vqa webgpt webshop winogrande word2vec xlnet yolo""".split()
)


def find_name_faults(
    statement: str, quotes: str, papers: Sequence[str], record: str
) -> tuple[list[str], list[str]]:
    """Returns the names that no source has, and those that only the quotes lack.

    Args:
        statement: Without what only says where it is from.
        quotes: What it cites, as one text.
        papers: Title and abstract of each paper.
        record: Authors, years and venues of the papers.
    """
    whole = " ".join([*papers, quotes, record])
    faults = _version_faults(statement, quotes, whole)
    doubts: list[str] = []
    for name in find_names(statement):
        if all(_is_told(word, quotes) for word in name):
            continue
        told = " ".join(name)
        # Of "RERS Challenge" the second word alone proves nothing.
        if all(_is_told(word, quotes) or _is_subject(word, papers) for word in name):
            continue
        if record and all(_is_told(word, quotes) or _is_told(word, record) for word in name):
            continue
        before = statement[: statement.find(name[0])]
        # "Distributional learning (C51)" adds another name of what is told.
        beside = _ASIDE.search(before) or f"({told})" in statement
        if beside or any(_is_told(word, whole) for word in name):
            doubts.append(f"{told} is not in the quote")
        elif any(_has_stem(word, whole) for word in name):
            doubts.append(f"{told} is not in the abstract")
        else:
            faults.append(f"{told} is not in the abstract")
    for common in _excluded(statement, quotes):
        text = f"{common.upper()} is not in the quote"
        (doubts if common in whole.casefold() else faults).append(text)
    return faults, doubts


def find_names(statement: str) -> list[tuple[str, ...]]:
    """Returns the names of a statement, each as its words, without those that name no thing."""
    words = read_words(statement)
    found: list[tuple[str, ...]] = []
    last = -2
    capital = names(words)
    for at, word in enumerate(words):
        known = word.text.casefold() in _KNOWN
        if at not in capital and not known:
            continue
        text = word.text.replace("’", "'").removesuffix("'s")
        before = statement[: word.start].rstrip(" *_\"'“")
        starts = not before or before[-1] in ".:;!?*-–—|("
        if (not _is_odd(text) and starts and not known) or _is_common(text):
            continue
        if last == at - 1 and statement[words[last].end : word.start].isspace():
            found[-1] = (*found[-1], text)
        else:
            found.append((text,))
        last = at
    return list(dict.fromkeys(found))


def _is_subject(name: str, papers: Sequence[str]) -> bool:
    """Returns whether a paper is about a thing, which its quote may call "it" or "our method"."""
    return any(
        _is_told(name, paper[:_TITLE])
        or (_squeeze(paper).count(_squeeze(name)) > 1 and _is_told(name, paper))
        for paper in papers
    )


def _is_odd(text: str) -> bool:
    """Returns whether a word has a capital or a digit inside."""
    return any(c.isupper() for c in text[1:]) or any(c.isdigit() for c in text)


def _is_common(text: str) -> bool:
    plain = text.casefold()
    letters = sum(c.isascii() and c.isalpha() for c in text)
    return (
        plain in _COMMON
        or plain.removesuffix("s") in _COMMON
        or (letters < 2 and not re.fullmatch(r"[A-Z]\d{1,3}s?", text))
        or plain in UNITS
        or bool(read_amounts(text) or re.fullmatch(r"\d+\w{1,2}", text))
    )


def _is_told(name: str, text: str) -> bool:
    """Returns whether a text has a name, in another spelling, as initials or spelled out."""
    digit = next((n for n, c in enumerate(name) if c.isdigit()), 0)
    if any(map(str.isalpha, name[:digit])) and not _is_ordinary(name, text):
        return _is_told_whole(name, text)
    squeezed = _squeeze(text)
    own = _squeeze(name)
    forms = {form for form in (own, own.removesuffix("s"), own.removesuffix("es")) if len(form) > 1}
    if len(own) > 4 or not name.isupper():
        if any(form in squeezed for form in forms):
            return True
    # "ACT" is no part of "action", but "SQL" is one of "NL2SQL".
    elif any(
        form == token.casefold() or (_is_odd(token) and form in token.casefold())
        for token in _TOKEN.findall(text)
        for form in forms
    ):
        return True
    # Of "RL-aligned" and "3D-LOTUS" the parts with a capital or a digit count.
    parts = [part for part in _PARTS.split(name) if part]
    proper = [part for part in parts if not part.islower()]
    if len(parts) > 1 and all(_is_common(part) or _is_told(part, text) for part in proper):
        return True
    return (name.isupper() or name.removesuffix("s").isupper()) and _is_spelled(forms, text)


_PARTS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def _is_spelled(forms: set[str], text: str) -> bool:
    """Returns whether the words of a text spell an abbreviation, by their first letters."""
    words = [
        part.casefold() for word in _TOKEN.findall(text) for part in _PARTS.split(word) if part
    ]
    letters = "".join(word[0] for word in words)
    # "CVAE" spells two letters out of "autoencoder".
    if any(form in letters or (len(form) > 3 and form[:-1] in letters) for form in forms):
        return True
    # "FLOP" is made of the beginnings of "floating point operations".
    return any(
        len(form) > 3 and any(_begin(form, words[n : n + 5]) for n in range(len(words)))
        for form in forms
    )


def _begin(letters: str, words: Sequence[str], spare: int = 1) -> bool:
    """Returns whether letters are the beginnings of words, of which some may be left out."""
    if not letters or not words:
        return not letters
    pairs = itertools.takewhile(lambda two: two[0] == two[1], zip(letters, words[0], strict=False))
    taken = range(1, min(len(list(pairs)), 3) + 1)
    if any(_begin(letters[n:], words[1:], spare) for n in taken):
        return True
    return spare > 0 and _begin(letters, words[1:], spare - 1)


# Versions.


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.findall(text)]


def _is_told_whole(name: str, text: str) -> bool:
    """Returns whether a text has a name with its number, which is that of no longer name."""
    parts = _TOKEN.findall(name)
    proper = [part.casefold() for part in parts if not (part.isalpha() and part.islower())]
    have = _tokens(text)
    joined = {
        "".join(have[n : n + count])
        for n in range(len(have))
        for count in range(1, _MOST_TOKENS + 1)
    }
    forms = {"".join(proper), "".join(proper).removesuffix("s")}
    # "T5-11B" is T5 with 11 billion parameters.
    if len(proper) > 1 and _SIZE.fullmatch(proper[-1]):
        sizes = {one.value for one in read_amounts(text)}
        sizes |= {one.listed.value for one in read_amounts(text) if one.listed}
        if {one.value for one in read_amounts(proper[-1].upper())} & sizes:
            forms.add("".join(proper[:-1]))
    return bool(forms & joined) or bool(
        forms & {two for one in joined for two in _with_long_year(one)}
    )


def _with_long_year(name: str) -> Iterator[str]:
    """Yields "wmt14" for "wmt2014", and the other way round."""
    match = re.fullmatch(r"([a-z]{2,20})((?:19|20)?)(\d\d)", name)
    if match:
        yield from (f"{match[1]}{century}{match[3]}" for century in ("", "19", "20"))


def _is_ordinary(name: str, text: str) -> bool:
    """Returns whether the stem of a name is a word of the text: "Stage-2" of "the second stage"."""
    stem = re.match(r"[^\W\d_]+", name)
    return stem is not None and len(stem[0]) > 3 and stem[0].lower() in _TOKEN.findall(text)


def _has_stem(name: str, text: str) -> bool:
    """Returns whether a text has a name without its number, and with no other."""
    stem = re.match(r"[^\W\d_]{2,}", name)
    if not stem or not any(c.isdigit() for c in name):
        return False
    own = stem[0].casefold()
    return own in _tokens(text) and not any(one == own for one, *_ in _versions(text))


def _versions(text: str) -> Iterator[tuple[str, str, float, str]]:
    """Yields stem, number and letter of what has a version, with how it is written."""
    for match in _VERSION.finditer(text):
        stem, between, number, letter = match.groups()
        plain = "" if letter == "s" else letter.casefold()
        # "Llama 2" has a version; "In 30 games" and "Atari 2600" have none.
        if between == " " and (stem.islower() or float(number) >= 10 or plain or len(stem) < 3):
            continue
        if not between and stem.islower() and len(stem) > 3:
            continue
        yield stem.casefold(), match[0], float(number), plain


def _version_faults(statement: str, quotes: str, whole: str) -> list[str]:
    """Returns the names whose stem the quotes have with another number, and no source with this."""
    faults = []
    known = list(_versions(whole))
    for stem, told, number, letter in _versions(statement):
        others = [text for own, text, *_ in _versions(quotes) if own == stem]
        same = any(
            own == stem and _is_same(number, one) and letter == other
            for own, _, one, other in known
        )
        if others and not same and not _is_told_whole(told, whole):
            faults.append(f"{told}: the quote has {others[0]}")
    return faults


def _is_same(number: float, other: float) -> bool:
    """Returns whether two versions are equal; "WMT14" is "WMT 2014"."""
    years = max(number, other) >= 1900 and min(number, other) < 100
    return number == other or (years and number % 100 == other % 100)


def _excluded(statement: str, quotes: str) -> Iterator[str]:
    """Yields the common names of a statement in whose place the quotes have others."""
    mine, others = _tokens(statement), quotes.casefold()
    for group in _EXCLUDING:
        own = {name for name in group if name in mine or f"{name}s" in mine}
        told = {name for name, word in group.items() if name in others or word in others}
        if told and not own & told:
            yield from own


def _squeeze(text: str) -> str:
    """Returns letters and digits in lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _SQUEEZED.sub("", "".join(c for c in plain if not unicodedata.combining(c)))

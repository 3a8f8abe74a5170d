"""Which words of a question become filters, and which must not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.search.filters import names_of
from footnote.rag.query.filter_patterns import find_filter_matches, parse_only_years

TODAY = date(2026, 3, 1)
VENUES = ("NeurIPS 2020", "ICLR 2016", "Nature 2020", "Journal of Machine Learning Research")
AUTHORS = (
    "Geoffrey Hinton", "Yann LeCun", "Sergey Levine", "Hado van Hasselt", "Kaiming He",
    "Max Adam", "Otto Gaussian", "Optimus Transformers", "Li Gauss", "Ann May",
)  # fmt: skip
SOURCES = ("arXiv", "PubMed", "Hugging Face Daily Papers")
KNOWN = {
    kind: set[str]().union(*(names_of(kind, value) for value in values))
    for kind, values in (("venue", VENUES), ("author", AUTHORS), ("source", SOURCES))
}


def has(kind: str, name: str) -> bool:
    return bool(names_of("source", name) & KNOWN[kind])


def read(question: str) -> dict[str, int | str]:
    return {
        k: v for limit in find_filter_matches(question, has, TODAY) for k, v in limit.values.items()
    }


def year(since: int, until: int | None = None) -> dict[str, int]:
    return {"since": since, "until": until or since}


FILTERS = [
    ("Which papers in 2024 train robots?", year(2024)),
    ("What was proposed for retrieval in 2024?", year(2024)),
    ("In 2019, how were language models scaled?", year(2019)),
    ("Which papers of 2012 use convolutions?", year(2012)),
    ("Which papers from 2019 to 2021 use retrieval?", year(2019, 2021)),
    ("Which methods appeared between 2017 and 2019?", year(2017, 2019)),
    ("What do papers (2019-2021) say about tools?", year(2019, 2021)),
    ("How did policies change, from 2015–2018?", year(2015, 2018)),
    ("What is known about dropout since 2020?", {"since": 2020}),
    ("Since 2020, how are rewards learned?", {"since": 2020}),
    ("How are robots taught after 2020?", {"since": 2021}),
    ("How were images classified before 2018?", {"until": 2017}),
    ("What do papers until 2019 say about attention?", {"until": 2019}),
    ("Which models were released from 2022 onwards?", {"since": 2022}),
    ("What was published on diffusion last year?", year(2025)),
    ("What is new in offline RL this year?", year(2026)),
    ("Which papers of last year mention tools?", year(2025)),
    ("What is new in retrieval in the last 3 years?", {"since": 2023}),
    ("What appeared over the past two years on agents?", {"since": 2024}),
    ("Which papers at NeurIPS study scaling?", {"venue": "NeurIPS"}),
    ("Which papers at NeurIPS use scaling?", {"venue": "NeurIPS"}),
    ("What was published in Nature about proteins?", {"venue": "Nature"}),
    ("Which papers at ICLR in 2016 train policies?", {"venue": "ICLR", **year(2016)}),
    ("What was presented at NeurIPS 2020?", {"venue": "NeurIPS 2020"}),
    ("What appeared in the Journal of Machine Learning Research on T5?",
     {"venue": "Journal of Machine Learning Research"}),
    ("Which papers by Hinton are about capsules?", {"author": "Hinton"}),
    ("What do the papers of Yann LeCun say?", {"author": "Yann LeCun"}),
    ("Which papers on robot learning by Levine use demonstrations?", {"author": "Levine"}),
    ("What was written by Hinton et al. on dropout?", {"author": "Hinton"}),
    ("What did Hinton propose for vision?", {"author": "Hinton"}),
    ("Is there something on Q-learning by Hado van Hasselt?", {"author": "Hado van Hasselt"}),
    ("What are Levine's papers about?", {"author": "Levine"}),
    ("Which papers by Hinton in 2015 clip gradients?", {"author": "Hinton", **year(2015)}),
    ("Which papers at NeurIPS clip gradients?", {"venue": "NeurIPS"}),
    ("Papers by Hinton since 2015?", {"author": "Hinton", "since": 2015}),
    ("Which papers on arXiv discuss alignment?", {"source": "arXiv"}),
    ("Which papers on arXiv are about alignment?", {"source": "arXiv"}),
    ("What was posted on Hugging Face Daily Papers about agents?",
     {"source": "Hugging Face Daily Papers"}),
]  # fmt: skip
NO_FILTERS = [
    "Who won the 2012 ImageNet challenge?",
    "Which paper won the ImageNet challenge in 2012?",
    "What does GPT-4 add to GPT-3?",
    "How many models have 1998 parameters?",
    "What happens to models between 2000 and 3000 steps?",
    "Which models were evaluated between 1990 and 2010 steps?",
    "What do models reach on VOC 2007?",
    "Which papers report BLEU on WMT 2014?",
    "How do models do on SQuAD 2.0?",
    "Which models are trained on data from 2019 to 2021?",
    "Which models learn from tweets since 2020?",
    "Which papers forecast the election of 2020?",
    "Does accuracy rise after 2000 steps?",
    "Is the model trained in 1998 epochs?",
    "Which football club won the cup in 1998?",
    "Did smoking fall in England in 2007?",
    "Which models were proposed in 2050?",
    "Which papers use 1024 tokens, from 1024 to 2048?",
    "Did patients survive the last year of life?",
    "How many adults smoked in the last 3 years of the study?",
    "What changed in the last year of training?",
    "Which papers are optimised by Adam?",
    "Which step was proposed by Adam?",
    "Which papers on noise by Gaussian processes are there?",
    "Which papers by Transformers are there?",
    "What noise is used by Gaussian?",
    "How is text encoded by Transformers?",
    "How are policies trained by Levine?",
    "Which papers by Bengio are about attention?",
    "What did PPO propose?",
    "Which papers by Hinton and LeCun are there?",
    "What was published in Science about proteins?",
    "Which papers at CVPR use boxes?",
    "What do papers at NeurIPS workshops say?",
    "How does nature inspire robots?",
    "Which models are trained on arXiv?",
    "Which papers on PubMed abstracts train models?",
    "Which papers on arXiv classification are there?",
    "Which papers were published by OpenAI?",
    "Is COCO 2017 harder than ImageNet-21k?",
    "Which papers by May were cited?",
]


@pytest.mark.parametrize(("question", "expected"), FILTERS, ids=lambda v: str(v)[:60])
def test_words_that_limit_a_question_are_read(question, expected):
    assert read(question) == expected


@pytest.mark.parametrize("question", NO_FILTERS)
def test_words_that_only_look_like_a_limit_are_left_alone(question):
    assert read(question) == {}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What about 2024?", year(2024)),
        ("And in 2024?", year(2024)),
        ("2024?", year(2024)),
        ("What about since 2020?", {"since": 2020}),
        ("And for 2019-2021?", year(2019, 2021)),
        ("How about last year?", year(2025)),
        ("and the last 3 years", {"since": 2023}),
        ("What about papers before 2018?", {"until": 2017}),
        ("What about ones before 2018?", {"until": 2017}),
        ("What about GPT-4?", {}),
        ("What about 2024 parameters?", {}),
        ("What about 3000?", {}),
    ],
)
def test_a_follow_up_may_say_nothing_but_years(question, expected):
    assert parse_only_years(question, TODAY) == expected


@given(st.text(max_size=200))
def test_every_limit_is_a_span_of_the_question_and_none_overlaps(question):
    for text in (question, f"papers by {question} in 2020 at {question} since 2019"):
        found = find_filter_matches(text, lambda kind, name: True, TODAY)
        ends = [0, *(limit.end for limit in found)]
        assert all(a <= limit.start < limit.end for a, limit in zip(ends, found, strict=False))
        assert ends[-1] <= len(text)

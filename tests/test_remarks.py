"""A sentence about the evidence itself needs no quote; one about the world does."""

import pytest

from footnote.rag.verification.rules.remarks import is_about_evidence, tells_what_is_missing

# The first half was written before the rules, the second before their last change but one; five
# of them have since helped.
UNSEEN_TRUE = """
The abstracts give no numbers for training time.
It is not stated in the abstracts which data set was used.
No paper here evaluates the method on speech.
I could not find a figure for the energy use.
The evidence is silent on long-term effects.
Neither abstract mentions a licence.
Only two of the papers address this question.
The retrieved sentences do not settle which is better.
There is no direct comparison in the given sentences.
Results across the papers are mixed.
Four abstracts report relevant results:
To summarise:
Several of the papers are about this topic.
What the sentences do not say is how it scales.
None of the provided abstracts discusses cost.
On the whole, the abstracts agree.
Not according to the abstracts.
Die Abstracts sagen nichts über den Speicherbedarf.
### Open questions
| Method | Data | Result |
The abstracts do not quantify the speed-up.
The provided papers do not mention any deployment in hospitals.
No paper among these discusses copyright.
None of the studies gives a confidence interval.
The cost of labelling is not mentioned in any of the abstracts.
It is not possible to tell from the abstracts which one is faster.
The abstracts only hint at this.
The evidence here is thin.
There are no figures for inference time in the abstracts.
Nothing in the provided sentences addresses safety.
The retrieved abstracts say nothing about licences.
Neither of the two abstracts compares them with a human baseline.
The abstract gives no details of the reward function.
These papers disagree about the cause.
Five of the papers deal with images.
The following papers address this:
Here are the main points:
By contrast,
Which of the two is better is left open by the abstracts.
The abstracts do not answer this directly, and none of them gives a number.
""".strip().splitlines()
UNSEEN_FALSE = """
The paper proposes a transformer without attention.
No method in this area works on speech.
The abstracts of medical papers are often too long for the model.
None of the models solves the task.
The evidence shows that dropout reduces overfitting.
Only two of the agents reach the goal.
The papers report that accuracy rises by 4 points.
Nobody had compared A with B before this work.
The model does not report its confidence.
The authors do not use labels.
No evidence of forgetting was found after 10 tasks.
The method gives no guarantee of convergence.
Neither model mentions the object in its caption.
All papers agree that larger models are better.
The data set contains 40,000 abstracts.
Yes, dropout helps in small networks.
No, the model needs 12 GB of memory.
One paper shows that pruning halves the runtime.
In short, attention is enough.
| PPO | Atari | 91 % |
The abstracts show that pruning works.
None of the papers' methods generalises to speech.
No paper has solved this problem.
The study does not include children.
The evidence points to overfitting.
The sentences are translated by a model.
The paper compares PPO with TRPO.
Two papers reach the same accuracy.
The authors say that it is fast.
No abstract representation is learned by the network.
The abstract state does not contain the goal.
Neither study found a difference.
The material does not contain lead.
The papers cover 12 languages.
The source text does not mention the entity in most examples.
There is no paper that beats it.
The work does not address noise in labels well, so accuracy falls.
This information is not available to the agent.
The evidence lower bound does not give a tight estimate.
The context is limited to 4,096 tokens.
""".strip().splitlines()

TRUE = """
The abstracts do not say how much memory it needs.
None of the papers reports a runtime.
No abstract compares A with B.
The evidence does not give a figure for X.
The provided sentences only cover Y.
Six papers study this:
Six papers qualify.
One paper qualifies.
Here is what the papers report:
In short,
Yes.
No.
**No.**
The papers disagree.
The papers do not agree on this.
Die Abstracts nennen keine Laufzeit.
Keine der Arbeiten vergleicht die beiden Verfahren.
## What is open
| Paper | Method | Data | Result |
| Aspect | PPO | TRPO |
|---|:-:|---|
---
It depends.
not reported
n/a
Not stated.
Overall,
However, none of these abstracts reports energy use.
The abstract does not state the number of parameters [3].
The given sentences don't mention a licence.
Neither paper compares the two methods.
No paper in this library evaluates it on speech.
Nothing in the abstracts says how it scales.
The memory use is not reported in the abstracts.
The number of layers is not stated.
It is unclear from the abstracts whether it was pre-trained.
From these abstracts, it cannot be determined which is faster.
I cannot tell from the evidence which one is better.
There is no head-to-head comparison in these papers.
The evidence is limited.
The findings across the papers are mixed.
Three of the papers address this question.
No information on cost is given in the abstracts.
The abstracts do not say so, and no paper gives a figure.
The main findings are:
According to the abstracts:
These sentences cannot answer the question.
Not from the given abstracts.
The abstracts contain no figures for training time.
| | Method A | Method B |
The papers retrieved here do not discuss hardware requirements.
No information on training cost is given in the abstracts.
Whether it works for speech is not addressed by any of the papers.
None of them compares the two directly.
The abstracts leave open whether it scales.
These studies do not measure the same thing.
The available evidence does not allow a conclusion.
No abstract states the licence under which the code is released.
Only one of the abstracts mentions energy.
I found no paper that compares them.
A direct comparison is missing from the abstracts.
Based on the provided abstracts, this cannot be answered.
The answer depends on the task:
The papers fall into three groups:
Two lines of work stand out:
Unfortunately, the abstracts do not report this number.
The sentences given here do not name the data set.
There is no abstract that reports both figures.
Die Quellen sagen dazu nichts.
The abstracts don't say which GPU was used.
However, the abstracts do not report a runtime.
The given abstracts do not explicitly compare DPO with PPO.
These papers do not mention the cost of training.
None of the abstracts gives a figure for latency.
No abstract compares OpenVLA with TinyVLA.
No paper here directly studies that question.
No provided abstract states the number of parameters.
The evidence does not settle whether it holds for larger models.
The provided sentences only cover simulation.
It is not stated in the abstracts how long training took.
Whether this carries over to real robots is left open by the abstracts.
The library holds no paper on protein folding.
The sources are silent on cost.
Nothing is said in the abstracts.
In short:
For example:
Three abstracts speak of tactile sensing:
The main differences are:
## Open questions
### What helps
| --- | --- |
|:---|---:|
- **Yes.**
""".strip().splitlines()
FALSE = """
The model does not say a word.
No paper before X reached 90 % accuracy.
None of the baselines improves over PPO [3].
The paper introduces a clipped objective [1].
The papers show that clipping helps.
Three papers report that larger models forget less.
None of the models answers more than half of the questions.
No baseline reports its uncertainty.
Neither method needs labels.
The evidence suggests that size matters.
The agents disagree.
The sentences in the corpus do not mention dates.
The abstracts do not say so, but PPO is three times faster.
The abstracts give no runtime; it takes two hours on one GPU.
There is no difference between the two methods.
There is no evidence of overfitting.
No study had compared the two before.
The study covers 40 languages.
The method does not use a critic.
The paper does not use labels.
The authors do not find an effect.
It is not clear why dropout helps.
The sources of error are not independent.
The text encoder does not give good features.
The source model does not provide gradients.
No information is lost.
The context does not help the model.
The library contains 512 papers on gulls.
The results are mixed with noise before training.
The reader does not mention the answer.
Yes, it halves the memory.
No, PPO is slower than TRPO.
In short, PPO clips the ratio.
However, the gain is small.
The model has three parts:
PPO beats TRPO on two tasks:
| TRPO | MuJoCo | 3.2 |
| PPO | clips the ratio | fast |
Its accuracy is 91 %, which no other paper reports.
Most papers use Atari.
The abstracts were written by a language model.
The article generator does not cite its sources.
The authors do not report gains on small models.
All studies agree that sleep improves memory.
Das Modell nennt keine Quellen.
Keine der Methoden verbessert PPO.
Sentences do not mention the speaker in half of the cases.
The paper does not report gains on small models.
No paper reports accuracy above 90 % without pretraining.
The authors do not compare against PPO because it diverges.
The evidence is clear: pruning helps.
None of the abstracts generated by GPT-2 mentions the source.
The sources do not agree on the label in 12 % of cases.
The context window does not include the question.
The library provides no GPU support.
The articles in the corpus are not labelled.
Two studies found that sleep helps.
Several papers use contrastive learning.
The passage retriever does not look at the question.
All of these papers improve over the baseline.
The texts do not contain personal data.
Nothing in the model tells it which token is next.
I is not reported as an outlier.
There is no paper trail.
The findings are consistent with scaling laws.
No work is needed to adapt the model.
Some studies report gains, but most do not.
None of the baselines improves over PPO.
PPO clips the ratio.
Yes, PPO clips the ratio.
No, larger models do not help.
The papers were written by robots.
The abstracts are generated by a language model.
The method does not need labels.
The library of skills holds 551 entries.
No data set covers all languages.
Whether the robot grasps depends on the light.
Here the agent learns from pixels.
Six robots were trained on this:
The main result is a gain of 4 points.
In short, PPO is stable.
Overall, accuracy rises by 3 %.
The sentences of each document are encoded separately.
Papers are ranked by citations.
Kein Verfahren ist besser.
GPT-4 does not mention its sources.
The evidence model scores each passage.
These texts are tokenised with BPE.
None of the tasks was seen in training.
The system only covers simulation.
First, the encoder compresses the image.
The study did not find a benefit.
**PPO**: clips the ratio
Neither agent solved the maze.
The documents do not fit into memory.
""".strip().splitlines()


@pytest.mark.parametrize("sentence", TRUE)
def test_a_sentence_about_the_evidence_needs_no_quote(sentence: str) -> None:
    assert is_about_evidence(sentence)


@pytest.mark.parametrize("sentence", FALSE)
def test_a_sentence_about_the_world_needs_its_quote(sentence: str) -> None:
    assert not is_about_evidence(sentence)


def test_most_sentences_that_the_rules_have_not_seen_are_told_apart() -> None:
    assert sum(map(is_about_evidence, UNSEEN_TRUE)) >= 36
    assert not [sentence for sentence in UNSEEN_FALSE if is_about_evidence(sentence)]


def test_a_sentence_of_a_page_is_no_sentence_about_the_evidence() -> None:
    assert is_about_evidence("The papers do not say " + "so " * 100)
    assert not is_about_evidence("The papers do not say " + "so " * 300)


def test_what_the_evidence_lacks_is_told_in_a_clause() -> None:
    said = "The abstracts do not say so, but PPO is three times faster [3]."
    assert tells_what_is_missing(said)
    assert tells_what_is_missing("None of the papers reports a runtime.")
    assert not tells_what_is_missing("The papers disagree.")
    assert not tells_what_is_missing("The model does not say a word.")

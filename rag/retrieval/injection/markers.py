"""Markers: signs of chat templates, and words that quote an order or ask about one.

The input is lower-case text from ``normalization``; all repeats are bounded.
"""

import re

# Markers of speakers in chat templates, fake ends of a text, and orders whose words are joined. A
# text without one of these signs cannot contain any.
SIGNS = re.compile(r"[<\[#=*|:{]|--|__|ignore[-_a-z]{12}")
MARKS = re.compile(
    r"<\|? ?/?(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|begin_of_text"
    r"|start_header_id|end_header_id|eot_id|human|bot) ?\|?>|<</?sys>>|</?(?:start|end)_of_turn>"
    r"|</?(?:context|documents?|evidence|passages?|abstracts?|papers?|sources?|instructions?|data"
    r"|input|query|question|prompt|answer|response|conversation|history|rules|task|tool\w{0,12}"
    r"|function\w{0,12}|search_results?) ?>"
    # Showing an image sends its URL, and any data in it, to a server.
    r"|!\[[^\]]{0,60}\]\((?:https?:|//)|\]\(https?:[^)?]{1,100}\?"
    r"|</?(?:end|start|begin)of\w{2,12} ?>|<\|\w{3,20}\|>"
    r"|\{\{[#/~]?(?:system|user|assistant)~?\}\}"
    r"|['\"]role['\"] ?: ?['\"](?:system|assistant|developer|user|tool)['\"]"
    r"|\[/?(?:inst|system|system_prompt|assistant)\]"
    r"|#{2,8} ?(?:instructions?|system|user|assistant|human|response|input|new instructions?)\b ?:?"
    r"|(?:\A|[.!?>\]\"] )\W{0,4}(?:assistant ?: ?(?=[\w\"'<\[])|(?:system|human|user"
    r"|developer) ?: ?(?=[^.]{0,80}?\b(?:you|your|rules|instructions?|safety|mode|prompts?|override"
    r"|answer|respond|reply|ignore|must|always|never|assistant|say|write)\b))"
    r"|(?:--|==|##|\*\*|\[|<) ?(?:end|begin|start)(?: of)? (?:the )?(?:abstract|document|context"
    r"|input|prompt|paper|text|data|sentences|instructions|system|user|new)\b"
    r"|\bignore[_-]?(?:(?:all|any|the)[_-]?){0,3}(?:previous|prior|above|your)[_-]?instructions"
)
# Names for such markers in a sentence about them.
NAMES = re.compile(
    r"\b(?:tokens?|tags?|templates?|delimiters?|markers?|formats?|markup|syntax|strings?|objects?"
    r"|json|xml|api|interface|schemas?|fields?|elements?|enclosed|wrapped)\b"
)

# Words of a sentence that mentions an order without giving one.
ABOUT = re.compile(
    r"\b(?:attack\w{0,9}|inject\w{0,9}|adversar\w{1,9}|jailbr\w{1,9}|malicious\w{0,2}|hidden"
    r"|embed\w{0,9}|prompts?|prompt(?:ing|ed)|phras\w{1,9}|strings?|instruct(?:ions?|ed|s)?"
    r"|commands?|such as|e\.g|for example|for instance|like|called|titled|entitled|named|dubbed"
    r"|termed|tokens?|tags?|formats?|templates?|delimiters?|markers?|prefix\w{0,3}|suffix\w{0,3}"
    r"|triggers?|defen[cs]es?|vulnerab\w{1,9}|robust\w{0,4}|red[- ]team\w{0,4}|payloads?"
    r"|messages?|utterances?|queries|query|question|answers?|responses?|inputs?|text|sentences?"
    r"|examples?|dialog\w{0,5}|wordings?|requests?)\b"
)
# Words right before an example without quotation marks.
FRAME = re.compile(
    r"\b(?:such as|like|e\.g\.?|i\.e\.?|for (?:example|instance)|namely|including|called|termed"
    r"|dubbed|titled|prefix|suffix|string|phrase|tokens?|tags?)\W{0,4}\Z"
)

# A question about such attacks: it names one, or quotes an order.
_ATTACK = r"(?:hidden|malicious|adversarial|injected|hostile|covert|invisible|poisoned|embedded)"
_ORDERS = r"(?:prompts?|instructions?|orders?|commands?)"
ASKS = re.compile(
    r"\b(?:(?:prompt|instruction|command)[- ]?inject\w*|inject\w{0,5} (?:\w{1,20} ){0,2}?"
    rf"{_ORDERS}|jail-?break\w*|prompt[- ](?:attacks?|leak\w*|hijack\w*|extraction|stealing)"
    rf"|{_ATTACK} (?:\w{{1,20}} )?{_ORDERS}"
    rf"|{_ORDERS} (?:\w{{1,20}} ){{0,4}}?hidden"
    r"|(?:leak|steal|extract|reveal)\w{0,5} (?:\w{1,20} ){0,3}?system prompts?)\b"
    r"|[\"'“‘«][^\"'”’»]{0,20}?\b(?:ignor|disregard|overrid|forget)\w{0,5} (?:\w{1,20} ){0,4}?"
    r"(?:instructions?|prompts?|orders?|rules|guidelines)\b",
    re.IGNORECASE,
)

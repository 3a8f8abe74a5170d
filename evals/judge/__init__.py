"""The judge: a language model's opinion of an answer, kept on disk and never over its limit."""

"""The same answers in the formats that OpenAI's and Perplexity's clients read."""

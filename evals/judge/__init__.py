"""Judge: a language model rates answers; ratings are cached and spending is limited."""

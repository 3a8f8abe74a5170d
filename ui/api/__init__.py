"""API: the answers, papers and checks of a served library as JSON, under /v1."""

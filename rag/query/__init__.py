"""The question: what it asks and refers to, its filters, and the words it is searched with."""

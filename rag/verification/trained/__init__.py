"""What the classifiers of verdicts and of stance have learned."""

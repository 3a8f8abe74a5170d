"""Agents: the library as tools that a model calls, over the Model Context Protocol."""

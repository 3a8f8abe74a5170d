"""Clusters: the positions of papers on the map, and the names of groups."""

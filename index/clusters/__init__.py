"""Clusters: where papers stand on the map, and what each group is called."""

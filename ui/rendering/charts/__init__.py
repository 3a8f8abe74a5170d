"""Charts: the map, the timeline, papers by year, and who says yes or no."""

"""The lab: benchmarks, and the training of what was learned. Not in the wheel."""

"""What a server tells about itself: a line a request, figures, and the spans of its answers."""

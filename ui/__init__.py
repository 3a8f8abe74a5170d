"""UI: the command line, the chat page, and the rendering of answers."""

"""People and programs in front: the command line, the chat page, renderings."""

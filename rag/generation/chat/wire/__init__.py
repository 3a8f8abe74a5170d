"""One call over the wire: its attempts, its stream of events, its sockets."""

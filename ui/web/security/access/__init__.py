"""Access: who may send which request, where a library has accounts."""

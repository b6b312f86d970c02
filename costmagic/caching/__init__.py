"""Answering without paying: the key that all layers share, the exact cache, and calls in flight."""

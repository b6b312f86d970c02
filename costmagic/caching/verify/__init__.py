"""Whether two prompts that are alike mean the same: word by word first, then a small judge."""

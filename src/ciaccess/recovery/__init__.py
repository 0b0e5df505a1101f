"""After a run that died: what it left behind, and what repairs it."""

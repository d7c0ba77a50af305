"""One generation: what was asked, what came of it, and what can be done with the whole."""

"""Real processes, killed; real networks, cut. What was acknowledged is there, once."""

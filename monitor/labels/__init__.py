"""What people say posts are, and what follows from it: how good a scorer is, and scorers trained from it. Pure."""

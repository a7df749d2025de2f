"""What an instructor runs: nbgrader's configuration, a synthetic class, and the score of a single copy."""

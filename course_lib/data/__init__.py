"""One module a data set: what is generated takes ``rng``, what is read comes from a pinned package."""

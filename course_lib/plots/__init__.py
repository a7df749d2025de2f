"""Every computed figure of the book: data in, a matplotlib Figure out. Colours are in :mod:`course_lib.plots.style`."""

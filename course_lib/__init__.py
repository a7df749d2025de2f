"""The library behind the course on recurrent neural networks.

Look for a layer in :mod:`course_lib.nn`, for a data set in :mod:`course_lib.data`, for a figure in
:mod:`course_lib.plots`, and for what an exercise cell calls in :mod:`course_lib.checks`.
"""

__version__ = "0.1.0"

"""A package of its own, so that an installed Jupyter Notebook, whose name it bears, is not found in its place."""

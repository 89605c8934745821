"""The page's widgets: the only files with ipywidgets and bqplot."""

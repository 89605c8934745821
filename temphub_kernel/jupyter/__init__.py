"""Everything that leans on the insides of Jupyter, ipywidgets and Voilà; tests/house/private_names.toml lists
what."""

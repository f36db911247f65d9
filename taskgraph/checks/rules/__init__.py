"""The rules, one module each; :mod:`taskgraph.checks.registry` lists them."""

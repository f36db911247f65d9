"""A layered layout for boxes of any size, made by :func:`.layout.lay_out`."""

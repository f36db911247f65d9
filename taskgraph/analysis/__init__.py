"""Where the time goes and what can still be done: pure functions, frozen results.

:class:`Analysis` is what everybody above this layer asks: a graph and its settings, with
every answer computed once. The functions behind it stand one question a module, and are
imported when it is asked, so that a check does not pay for the others.
"""

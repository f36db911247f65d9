"""Where the time goes and what can still be done: pure functions, frozen results.

:class:`Analysis` is what everybody above this layer asks: a graph and its settings, with
every answer computed once. The functions behind it are imported when their question is
asked, so that a check does not pay for what it does not ask.
"""

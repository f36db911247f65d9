"""Many documents at once: what they say together about durations, failures and odds.

The results are typed and frozen; what is said of them in words, and how they are written,
is a matter of the reports. The libraries that this takes are imported when they are needed;
one that is missing is a :class:`~taskgraph.errors.ConfigError` that says what to install.
"""

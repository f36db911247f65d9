"""The command line: parse, call one function of the library, hand its text over."""

"""Measurements, side by side with a peer in one run; none of them is a test."""

"""Tests of what many documents say."""

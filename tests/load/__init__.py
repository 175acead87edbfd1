"""Benchmarks: bounded, on loopback, each figure beside a limit measured in the same run."""

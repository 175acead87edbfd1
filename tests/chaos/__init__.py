"""Fault tests: real load on real servers while processes die, disks fill and clocks step; then all is counted."""

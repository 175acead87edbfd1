"""Erasure, holds, and the certificate that a person is gone."""

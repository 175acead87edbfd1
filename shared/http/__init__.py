"""HTTP: the edge, requests, errors, limits, paging, live updates, sign-in."""

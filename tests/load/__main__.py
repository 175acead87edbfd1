"""Runs every benchmark: `make bench`."""

from tests.load import end_to_end

end_to_end.main()

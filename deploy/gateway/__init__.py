"""One port for all services, and how the server behind it is set up."""

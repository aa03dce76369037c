"""The inbox: server-rendered pages for the people who read."""

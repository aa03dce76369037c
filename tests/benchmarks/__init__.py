"""How fast and how large the running program is: ``python -m tests.benchmarks`` prints a table. No timed tests (design 13)."""

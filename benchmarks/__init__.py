"""The time that a middleware adds to an application, in ratios taken in one run: `python -m benchmarks`."""

"""The benchmark behind bench/run: see bench/README.md."""

"""What the benchmarks of the service share: starting processes, sending requests, measuring."""

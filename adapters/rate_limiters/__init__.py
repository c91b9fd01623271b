"""Where it is counted how often something is done."""

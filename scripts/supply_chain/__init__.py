"""What the project is made of, and whether that may be shipped: `make audit` and `make sbom` (decision 20)."""

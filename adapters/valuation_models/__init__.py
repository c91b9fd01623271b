"""What learns from sales, and what values homes: the heart of the product."""

"""Who signs the register of the evidence."""

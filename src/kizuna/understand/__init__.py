"""What stands behind facts and numbers: who, why, and how far a number can be trusted."""

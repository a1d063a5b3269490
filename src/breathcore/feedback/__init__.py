"""What there is to see and say: frames and wording."""

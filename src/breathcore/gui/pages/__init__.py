"""The pages around the trainer."""

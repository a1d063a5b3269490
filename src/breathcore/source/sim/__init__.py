"""A simulated wearer with a simulated strap that sends real packets, in virtual time."""

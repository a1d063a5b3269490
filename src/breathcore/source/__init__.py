"""Where packets come from: radio, recording, simulator."""

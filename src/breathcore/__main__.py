"""``python -m breathcore``."""

from breathcore.cli import main

if __name__ == "__main__":
    main()

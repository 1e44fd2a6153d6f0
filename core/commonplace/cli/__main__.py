"""Runs the command line as `python -m commonplace.cli`."""

from commonplace.cli.app import main

if __name__ == "__main__":
    main()

"""``python -m footnote``: the command line."""

from footnote.ui.cli.main import main

if __name__ == "__main__":
    main()

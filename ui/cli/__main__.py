"""``python -m ui.cli`` in a checkout, the command line's old name."""

import sys

from footnote.ui.cli.main import main

if __name__ == "__main__":
    if __package__ == "ui.cli":
        print("footnote: python -m ui.cli is now python -m footnote", file=sys.stderr)
    main()

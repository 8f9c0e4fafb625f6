"""How the bundled tagger was made: `python -m training --data DIR --sources DIR --out FILE` (see README.md)."""

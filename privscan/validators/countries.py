"""Which check of which country a rule's name stands for."""
from typing import Final
NUMBERS: Final[dict[str,str]] = {}

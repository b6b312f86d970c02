"""Speed, measured beside the bars that it must hold: ``make bench``."""

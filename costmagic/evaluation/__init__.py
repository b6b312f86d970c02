"""Which is the cheapest model that is good enough?"""

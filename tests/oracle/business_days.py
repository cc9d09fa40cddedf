"""Business-day deadlines worked out by other means: numpy counts the days, the holidays package knows the days off, zoneinfo the clocks.

Usage: business_days.py SEED COUNT
Prints one case a line: zone, anchor and due instant in milliseconds since the epoch, number of business days.
A deadline is due at 17:00 local time on the n-th business day after the anchor's local date, which is day 0.
"""

import random
import sys
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import holidays
import numpy

ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",  # half an hour off
    "America/Sao_Paulo",  # gave up summer time in 2019
    "Europe/London",
    "Asia/Kolkata",  # half an hour off
    "Asia/Kathmandu",  # 45 minutes off
    "Asia/Tokyo",
    "Australia/Adelaide",  # half an hour off, with summer time
    "Australia/Lord_Howe",  # summer time of 30 minutes
    "Pacific/Chatham",  # 45 minutes off, with summer time
    "Pacific/Honolulu",
]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST = datetime(2015, 1, 1, tzinfo=timezone.utc)
LAST = datetime(2041, 1, 1, tzinfo=timezone.utc)


def millis(at):
    return (at - EPOCH) // timedelta(milliseconds=1)


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(seed)
    days_off = numpy.array(sorted(holidays.US(years=range(2014, 2045))), dtype="datetime64[D]")
    span = millis(LAST) - millis(FIRST)
    names = [chance.choice(ZONES) for _ in range(count)]
    zones = {name: ZoneInfo(name) for name in ZONES}
    anchors = [FIRST + timedelta(milliseconds=chance.randrange(span)) for _ in range(count)]
    days = numpy.array([chance.choice([1, 1, 2, 2, 3, 5, 10, 20, 60, 250]) for _ in range(count)])
    local = numpy.array([at.astimezone(zones[name]).date() for at, name in zip(anchors, names)], dtype="datetime64[D]")
    # Day 0 may be a day off: rolling back to a business day before it, the n-th one after is the same.
    due = numpy.busday_offset(local, days, roll="backward", holidays=days_off)
    for name, at, number, date in zip(names, anchors, days, due.astype(object)):
        closes = datetime.combine(date, time(17), tzinfo=zones[name]).astimezone(timezone.utc)
        print(name, millis(at), millis(closes), number)


main()

"""Reads an iCalendar feed from the standard input with the icalendar package and prints what is in it as JSON."""

import json
import sys

from icalendar import Calendar

calendar = Calendar.from_ical(sys.stdin.buffer.read())
events = list(calendar.walk("VEVENT"))
faults = [str(fault) for component in [calendar, *events] for fault in component.errors]
read = [
    {
        "uid": str(event["UID"]),
        "starts": event.decoded("DTSTART").strftime("%Y%m%dT%H%M%SZ"),
        "url": str(event["URL"]),
        "summary": str(event["SUMMARY"]),
    }
    for event in events
]
json.dump({"method": str(calendar["METHOD"]), "events": read, "faults": faults}, sys.stdout)

"""The contract's lending library for Python, unmodified, against a demo (DEMO_JSON).

Each report that it reads of a connection has the figures of the company's metrics, and what the library sends and takes for
granted is what the API understands. The last line says how many checks passed and failed.
"""

import base64
import datetime
import json
import os
import pathlib
import sys
import time
import traceback
import urllib.request
from decimal import Decimal

from codat_lending import CodatLending
from codat_lending.models import errors, shared

PERIODS = 6
COUNT, VALUE, PERCENTAGE = "int", "currency", "percentage"


class Demo:
    def __init__(self, told):
        self.url, self.key = told["api_url"], told["api_key"]
        self.company, self.connection = told["companies"][0]["id"], told["companies"][0]["connection_id"]
        authorization = "Basic " + base64.b64encode(self.key.encode()).decode()
        self.sales = CodatLending(security=shared.Security(auth_header=authorization), server_url=self.url).sales
        self.today = datetime.datetime.now(datetime.timezone.utc).date()

    def json(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        return json.loads(urllib.request.urlopen(request).read(), parse_float=Decimal)

    def request(self, **changed):
        return {"company_id": self.company, "connection_id": self.connection, "period_length": 1, "period_unit": "Month",
                "report_date": self.today.strftime("%d-%m-%Y"), "number_of_periods": PERIODS} | changed

    def metrics(self, report, before=0):
        """The metrics of the report's periods, which end with this month, and of so many before them."""
        first = self.today.replace(day=1)
        for _ in range(PERIODS - 1 + before):
            first = (first - datetime.timedelta(days=1)).replace(day=1)
        query = f"period=month&from={first}&to={self.today}&timeZone={report.report_info['timeZone']}"
        return self.json(f"/companies/{self.company}/metrics?{query}")["results"]


def line(report, period, item, kind, currency=None):
    """The figure of a line, by what its measure says of itself."""
    of = {one.index: one for one in report.measures}
    figures = report.report_data[period].components[item].measures
    found = [one for one in figures if of[one.index].type == kind and currency in (None, of[one.index].units)]
    assert len(found) == 1, (period, item, kind, currency, figures)
    return found[0].value


def currencies(report):
    return [one.units for one in report.measures if one.type == VALUE]


def money(period, currency, *path):
    found = [one for one in period["currencies"] if one["currency"] == currency]
    if not found:
        return 0
    for name in path:
        found = [found[0][name]]
    return found[0]


def same(one, other):
    assert one == other or (one is not None and other is not None and Decimal(str(one)) == Decimal(str(other))), (one, other)


def percent(rate):
    return None if rate is None else Decimal(str(rate)) * 100


def check_customer_retention(demo):
    report = demo.sales.metrics.get_customer_retention(request=demo.request())
    assert report.report_info["name"] == "customer_retention" and not report.errors
    some = 0
    for place, period in enumerate(demo.metrics(report)):
        own = period["customers"]
        for item, name in enumerate(["returningCustomers", "newCustomers", "customers"]):
            same(line(report, place, item, COUNT), own[name])
        same(line(report, place, 3, PERCENTAGE), percent(own["retentionRate"]))
        same(line(report, place, 4, PERCENTAGE), percent(own["repeatRate"]))
        some += own["customers"]
    assert some > 0 and len(report.report_data) == PERIODS


def check_lifetime_value(demo):
    report = demo.sales.metrics.get_lifetime_value(request=demo.request())
    assert currencies(report)
    for place, period in enumerate(demo.metrics(report)):
        for currency in currencies(report):
            same(line(report, place, 0, VALUE, currency), money(period, currency, "lifetime", "lifetimeValue") or None)


def check_revenue(demo):
    report = demo.sales.metrics.get_revenue(request=demo.request())
    assert len(currencies(report)) > 1, "the demo's first company sells in several currencies"
    periods = demo.metrics(report, before=1)
    assert len(periods) == PERIODS + 1
    growing = {one.display_name: one.index for one in report.measures if one.type == PERCENTAGE}
    grew = 0
    for place, (before, period) in enumerate(zip(periods, periods[1:])):
        for number, currency in enumerate(currencies(report)):
            now, old = money(period, currency, "revenue", "gross"), money(before, currency, "revenue", "gross")
            same(line(report, place, 0, VALUE, currency), now)
            index = growing["Percentage change vs. previous period" + (f" ({currency})" if number else "")]
            growth = next(one.value for one in report.report_data[place].components[1].measures if one.index == index)
            wanted = None if not old else round((Decimal(now) - old) / old * 100, 2)
            same(growth, wanted)
            grew += growth is not None
    assert grew > 0


def check_orders(demo):
    report = demo.sales.reports.get_orders(request=demo.request())
    for place, period in enumerate(demo.metrics(report)):
        same(line(report, place, 0, COUNT), sum(one["orders"]["count"] for one in period["currencies"]))
        for currency in currencies(report):
            same(line(report, place, 1, VALUE, currency), money(period, currency, "orders", "total"))
            average = money(period, currency, "orders", "averageOrderValue")
            same(line(report, place, 2, VALUE, currency), average or None)


def check_refunds(demo):
    report = demo.sales.reports.get_refunds(request=demo.request(include_display_names=True))
    for place, period in enumerate(demo.metrics(report)):
        count = sum(one["revenue"]["refundCount"] for one in period["currencies"])
        sales = sum(one["revenue"]["sales"] for one in period["currencies"])
        same(line(report, place, 0, COUNT), count)
        for currency in currencies(report):
            same(line(report, place, 1, VALUE, currency), -money(period, currency, "revenue", "refunds"))
        same(line(report, place, 2, PERCENTAGE), round(Decimal(count * 100) / sales, 2) if sales else None)
    first = report.report_data[0].components[0]
    assert (first.dimension_display_name, first.item_display_name) == ("Refund metrics", "Number of refunds")
    assert first.measures[0].measure_display_name == "Count"
    assert report.report_data[0].item_display_name == "Period 0"


def check_units(demo):
    for unit, length, count in (("Day", 7, 3), ("Week", 2, 4), ("Year", 1, 1)):
        request = demo.request(period_unit=unit, period_length=length, number_of_periods=count)
        report = demo.sales.metrics.get_revenue(request=request)
        assert len(report.report_data) == len(report.dimensions[0].items) == count, unit
        assert report.report_data[0].item_display_name is None, "names are shown when they are asked for"


def check_refusals(demo):
    for wrong in ({"report_date": "yesterday"}, {"period_length": 0}, {"number_of_periods": 100_000}):
        try:
            demo.sales.metrics.get_revenue(request=demo.request(**wrong))
        except errors.ErrorMessage as refused:
            assert refused.status_code == 400 and refused.data.error, refused
        else:
            raise AssertionError(f"{wrong} was not refused")


def until_synced(demo):
    for _ in range(600):
        status = demo.json(f"/companies/{demo.company}/dataStatus")
        if status and all(one["currentStatus"] == "Complete" for one in status.values()):
            return
        time.sleep(0.2)
    raise SystemExit("the demo's first company was not synced within two minutes")


def main():
    demo = Demo(json.loads(pathlib.Path(os.environ["DEMO_JSON"]).read_text()))
    until_synced(demo)
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    failed = 0
    for name, check in checks:
        try:
            check(demo)
            print(f"ok      {name.removeprefix('check_')}")
        except Exception:
            failed += 1
            print(f"FAILED  {name.removeprefix('check_')}\n{traceback.format_exc()}")
    print(f"the lending library for Python: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())

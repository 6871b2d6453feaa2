#!/usr/bin/env python3
"""Compares hart-bill's rating with a slow, exact reference.

    billing_reference.py HART_BILL [--histories N] [--seed S]

Makes up rate plans and histories of usage, a month each, prices them with `hart-bill price` and
again here with Python's decimal, by the rules of hart-bill(1) alone, and compares every event,
every line and every total. Exits 1 at the first difference and prints it.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, getcontext

getcontext().prec = 90
PLACES = {"USD": 2, "JPY": 0, "KWD": 3}
MONTHS_A_PLAN = 40
TYPES = ("complexity", "content_type", "grounding")


def rounded(value, places):
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def text(value):
    return format(value, "f")


class Maker:
    """Plans and events, all from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def decimal(self, most, places):
        digits = self.random.randint(0, places)
        return text(Decimal(self.random.randint(0, most * 10**digits)).scaleb(-digits))

    def positive(self, most, places):
        value = self.decimal(most, places)
        return value if Decimal(value) > 0 else "1"

    def chance(self, share):
        return self.random.random() < share

    def tiers(self):
        mode = self.random.choice(("graduated", "volume", "package"))
        tiers = {"mode": mode}
        if mode == "package":
            tiers["package_size"] = self.positive(50, 3)
        bounds = sorted({self.random.randint(1, 400) for _ in range(self.random.randint(0, 4))})
        steps = [{"up_to": str(bound)} for bound in bounds] if mode != "package" else []
        for step in steps + [{}]:
            step["rate"] = self.decimal(9, 6)
            if self.chance(0.3):
                step["flat_fee"] = self.decimal(20, 6)
            if step not in steps:
                steps = steps + [step]
        tiers["steps"] = steps
        return tiers

    def operation(self, number):
        rate = {"operation": f"o{number}", "unit": "u"}
        if self.chance(0.5):
            rate["tiers"] = self.tiers()
        else:
            rate["base_rate"] = self.decimal(3, 6)
        if self.chance(0.3):
            rate["included_units"] = self.decimal(200, 6)
        if self.chance(0.2):
            rate["minimum"] = self.decimal(20, 6)
        if self.chance(0.2):
            rate["maximum"] = text(Decimal(rate.get("minimum", "0")) +
                                   Decimal(self.decimal(500, 2)))
        return rate

    def multiplier(self):
        criteria = self.random.choice((
            {}, {"n": {">": self.random.randint(0, 9)}}, {"k": self.random.choice("abc")},
            {"k": {"in": ["a", "b"]}, "n": {"<=": self.random.randint(0, 9)}},
            {"x": {"exists": self.chance(0.5)}}, {"operation": "o1"}))
        return {"type": self.random.choice(TYPES), "criteria": criteria,
                "value": self.decimal(3, 4)}

    def discount(self, number):
        discount = {"name": f"d{number}"}
        if self.chance(0.4):
            discount["operation"] = "o0"
        if self.chance(0.5):
            discount["percent"] = self.positive(99, 4)
        else:
            discount["amount"] = self.positive(50, 6)
        return discount

    def plan(self):
        plan = {"name": "p", "currency": self.random.choice(list(PLACES)),
                "operations": [self.operation(i) for i in range(self.random.randint(1, 3))],
                "multipliers": [self.multiplier() for _ in range(self.random.randint(0, 6))]}
        if self.chance(0.3):
            plan["decimal_places"] = self.random.randint(0, 6)
        if self.chance(0.5):
            plan["discounts"] = [self.discount(i) for i in range(self.random.randint(1, 3))]
        if self.chance(0.5):
            plan["taxes"] = [{"name": f"t{i}", "percent": self.positive(30, 4)}
                             for i in range(self.random.randint(1, 2))]
        if self.chance(0.3):
            plan["minimum"] = self.decimal(100, 6)
        if self.chance(0.3):
            plan["maximum"] = text(Decimal(plan.get("minimum", "0")) +
                                   Decimal(self.decimal(3000, 2)))
        if self.chance(0.5):
            plan["zero_usage"] = self.random.choice(("none", "charge"))
        return plan

    def event(self, identity, month):
        attributes = {}
        if self.chance(0.8):
            attributes["n"] = self.random.randint(0, 10)
        if self.chance(0.8):
            attributes["k"] = self.random.choice("abc")
        if self.chance(0.3):
            attributes["x"] = self.random.choice((None, 1, [1]))
        units = self.decimal(300, 6)
        if self.chance(0.15):
            units = "-" + units
        day = self.random.randint(1, 28)
        return {"source": "s", "id": identity, "operation": f"o{self.random.randint(0, 3)}",
                "unit": "u", "units": units, "time": f"{month}-{day:02}T12:00:00Z",
                "attributes": attributes}


def holds(criteria, event):
    for key, wanted in criteria.items():
        value = event[key] if key in ("operation", "unit") else event["attributes"].get(key)
        operators = wanted if isinstance(wanted, dict) else {"=": wanted}
        for operator, operand in operators.items():
            if operator == "exists":
                right = (value is not None) == operand
            elif value is None:
                right = False
            elif operator == "in":
                right = value in operand
            elif isinstance(value, str) != isinstance(operand, str) or isinstance(value, list):
                right = operator == "!="
            else:
                right = {"=": value == operand, ">": value > operand,
                         "<=": value <= operand}[operator]
            if not right:
                return False
    return True


def factors(plan, event):
    found = {}
    for multiplier in plan["multipliers"]:
        if multiplier["type"] not in found and holds(multiplier["criteria"], event):
            found[multiplier["type"]] = Decimal(multiplier["value"])
    return tuple(found.get(kind, Decimal(1)) for kind in TYPES)


def tier_charge(rate, quantity, charge_first):
    billable = max(Decimal(0), max(Decimal(0), quantity) - Decimal(rate.get("included_units", "0")))
    if "tiers" not in rate:
        return billable * Decimal(rate["base_rate"])
    tiers = rate["tiers"]
    steps = tiers["steps"]
    fee = lambda step: Decimal(step.get("flat_fee", "0"))
    if billable <= 0 and not charge_first:
        return Decimal(0)
    if tiers["mode"] == "package":
        count = (billable / Decimal(tiers["package_size"])).to_integral_value(ROUND_CEILING)
        return count * Decimal(steps[0]["rate"]) + fee(steps[0])
    if tiers["mode"] == "volume":
        step = next(s for s in steps if "up_to" not in s or billable <= Decimal(s["up_to"]))
        return billable * Decimal(step["rate"]) + fee(step)
    total, lower = Decimal(0), Decimal(0)
    for index, step in enumerate(steps):
        if billable <= lower and index > 0:
            break
        upper = min(billable, Decimal(step["up_to"])) if "up_to" in step else billable
        total += (upper - lower) * Decimal(step["rate"]) + fee(step)
        lower = Decimal(step.get("up_to", "0"))
    return total


def amount_of(rate, plan, event):
    """An event's own amount."""
    if rate is None or "tiers" in rate or Decimal(rate.get("included_units", "0")) > 0:
        return Decimal(0)
    product = Decimal(rate["base_rate"]) * Decimal(event["units"])
    for factor in factors(plan, event):
        product *= factor
    return rounded(product, 6)


def month_lines(plan, events):
    """The amounts of a month's lines, by kind and what they are for, in the manual's order."""
    places = plan.get("decimal_places", PLACES[plan["currency"]])
    charge = plan.get("zero_usage", "none") == "charge"
    lines = []
    known = {rate["operation"] for rate in plan["operations"]}
    for operation in sorted({e["operation"] for e in events} - known):
        prices = {Decimal(0) for e in events if e["operation"] == operation}
        lines += [("usage", operation, rounded(price, places)) for price in prices]
    for rate in plan["operations"]:
        own = [e for e in events if e["operation"] == rate["operation"]]
        first = len(lines)
        if "tiers" in rate or Decimal(rate.get("included_units", "0")) > 0:
            quantity = Decimal(0)
            for event in own:
                units = Decimal(event["units"])
                for factor in factors(plan, event):
                    units *= factor
                quantity += units
            total = rounded(tier_charge(rate, quantity, charge), places)
            if own or total:
                lines.append(("tiers", rate["operation"], total))
        else:
            sums = {}
            for event in own:
                key = factors(plan, event)
                sums[key] = sums.get(key, Decimal(0)) + amount_of(rate, plan, event)
            lines += [("usage", rate["operation"], rounded(sums[key], places))
                      for key in sorted(sums)]
        total = sum((line[2] for line in lines[first:]), Decimal(0))
        add_limits(lines, rate, rate["operation"], total, own or charge, places)
    used = bool(lines)
    general = {}
    for shares in (True, False):
        for discount in plan.get("discounts", []):
            if ("percent" in discount) == shares:
                add_discount(lines, general, discount, places)
    add_limits(lines, plan, "", sum((line[2] for line in lines), Decimal(0)), used or charge,
               places)
    taxed = sum((line[2] for line in lines), Decimal(0))
    for tax in plan.get("taxes", []):
        amount = rounded(taxed * Decimal(tax["percent"]) / 100, places)
        if amount:
            lines.append(("tax", "", amount))
    return lines


def add_limits(lines, terms, operation, total, used, places):
    if "minimum" in terms and used:
        least = rounded(Decimal(terms["minimum"]), places)
        if total < least:
            lines.append(("minimum", operation, least - total))
            if operation == "":
                total = least
    if "maximum" in terms:
        most = rounded(Decimal(terms["maximum"]), places)
        if total > most:
            lines.append(("maximum", operation, most - total))


def left_of(lines, general, operation, places):
    """What discounts have left of an operation's charge, those for all operations included."""
    left = Decimal(0)
    for index, (_, charged, amount) in enumerate(lines):
        if charged == operation:
            left += amount
        elif index in general:
            left -= rounded(left * general[index] / 100, places)
    return left


def left_of_all(lines):
    """What discounts have left of all charges; what operations give back is no charge."""
    charges = {}
    left = Decimal(0)
    for kind, operation, amount in lines:
        if kind == "discount":
            left += amount
        else:
            charges[operation] = charges.get(operation, Decimal(0)) + amount
    return left + sum(max(Decimal(0), charge) for charge in charges.values())


def add_discount(lines, general, discount, places):
    """`general` has the percentages, by their lines, of the discounts for all operations."""
    operation = discount.get("operation")
    base = (sum((line[2] for line in lines), Decimal(0)) if operation is None
            else left_of(lines, general, operation, places))
    base = max(Decimal(0), base)
    if "percent" in discount:
        wanted = rounded(base * Decimal(discount["percent"]) / 100, places)
    else:
        wanted = rounded(Decimal(discount["amount"]), places)
    amount = -min(wanted, base, left_of_all(lines))
    if amount:
        if operation is None and "percent" in discount:
            general[len(lines)] = Decimal(discount["percent"])
        lines.append(("discount", operation or "", amount))


def fail(what, plan, events, expected, got):
    print(f"{what} differs\nplan: {json.dumps(plan)}\nevents:")
    for event in events:
        print(json.dumps(event))
    print(f"expected: {expected}\ngot:      {got}")
    sys.exit(1)


def check_month(plan, events, answers, estimate):
    rates = {rate["operation"]: rate for rate in plan["operations"]}
    for event, answer in zip(events, answers):
        expected = amount_of(rates.get(event["operation"]), plan, event)
        if answer.get("amount") is None or Decimal(answer["amount"]) != expected:
            fail("an event", plan, [event], expected, answer)
    expected = month_lines(plan, events)
    got = [(line["kind"], line.get("operation", ""), Decimal(line["amount"]))
           for line in estimate["lines"]]
    # A price that comes to nothing has a line all the same; which of equal lines is first is free.
    if sorted(expected) != sorted(got):
        fail("a month", plan, events, expected, got)
    if Decimal(estimate["total"]) != sum((line[2] for line in expected), Decimal(0)):
        fail("a total", plan, events, expected, estimate["total"])


def check_plan(tool, maker, months, path):
    plan = maker.plan()
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    histories = []
    for index in range(months):
        month = f"{2000 + index // 12}-{index % 12 + 1:02}"
        histories.append([maker.event(f"{index}-{i}", month)
                          for i in range(maker.random.randint(1, 6))])
    lines = "\n".join(json.dumps(event) for events in histories for event in events)
    done = subprocess.run([tool, "price", "--json", "--plan", path, "-"], input=lines,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail("the exit status", plan, histories[0], 0, done.stderr + done.stdout[-500:])
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    estimates = [answer for answer in answers if answer["type"] == "estimate"]
    if len(estimates) != months:
        fail("the number of months", plan, [], months, len(estimates))
    at = 0
    for events, estimate in zip(histories, estimates):
        check_month(plan, events, answers[at:at + len(events)], estimate)
        at += len(events)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--histories", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    maker = Maker(options.seed)
    done = 0
    with tempfile.TemporaryDirectory() as scratch:
        while done < options.histories:
            months = min(MONTHS_A_PLAN, options.histories - done)
            check_plan(options.tool, maker, months, os.path.join(scratch, "plan.json"))
            done += months
    print(f"{done} histories agree")


if __name__ == "__main__":
    main()

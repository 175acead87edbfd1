"""Amounts of money are read as people type them, and never with more decimals than their currency has."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import DECIMALS, SYMBOLS, fits, read, whole
from shared.web import words

CURRENCIES = st.sampled_from(sorted(DECIMALS))


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("GBP", 2), ("JPY", 0), ("KWD", 3), ("BHD", 3), ("HUF", 2), ("RSD", 2), ("IQD", 3), ("XOF", 0), ("CLP", 0)],
)
def test_decimals_are_those_by_which_payments_are_made(currency: str, decimals: int) -> None:
    assert DECIMALS[currency] == decimals


@pytest.mark.parametrize("code", ["XAU", "XTS", "XXX", "CHW", "CLF", "USN", "ZZZ", "gbp"])
def test_funds_metals_and_tests_are_no_currency(code: str) -> None:
    assert code not in DECIMALS


@pytest.mark.parametrize(
    ("text", "currency", "amount", "of"),
    [
        ("£1,250.00", None, "1250.00", "GBP"), ("1,250", None, "1250", None), ("1250 gbp", None, "1250", "GBP"),
        ("25€", None, "25", "EUR"), ("US$1,000.10", None, "1000.10", "USD"), ("$5", "CAD", "5", "CAD"),
        ("1.234", "KWD", "1.234", "KWD"), ("0.005", "BHD", "0.005", "BHD"), ("１２.50", "GBP", "12.50", "GBP"),
        ("1 250.00", "GBP", "1250.00", "GBP"), (".5", "GBP", "0.5", "GBP"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_typed(text: str, currency: str | None, amount: str, of: str | None) -> None:
    assert read(text, currency) == (Decimal(amount), of)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12,50", "EUR"), ("1.250,00", "EUR"), ("1,25,000", "INR"), ("-1", "GBP"), ("1e30", "GBP"), ("NaN", "GBP"),
        ("£5", "EUR"), ("$5", None), ("£5£", None), ("", None), ("5.", None), ("about 5", None), ("٥", "EGP"),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(text: str, currency: str | None) -> None:
    with pytest.raises(ValueError, match="enter an amount"):
        read(text, currency)


@given(CURRENCIES, st.integers(0, 10**12))
def test_an_amount_is_read_back_from_what_is_shown(currency: str, units: int) -> None:
    amount = Decimal(units).scaleb(-DECIMALS[currency])
    assert fits(amount, currency)
    assert whole(amount, currency).as_tuple().exponent == -DECIMALS[currency]
    shown = words.money(amount, currency)
    assert read(shown) == (amount, currency)
    assert shown.startswith(SYMBOLS.get(currency, f"{currency} "))


@given(CURRENCIES, st.integers(0, 10**9), st.integers(1, 9))
def test_one_decimal_too_many_does_not_fit_and_is_shown(currency: str, units: int, digit: int) -> None:
    amount = Decimal(units * 10 + digit).scaleb(-DECIMALS[currency] - 1)
    assert not fits(amount, currency)
    assert whole(amount, currency) == amount
    assert read(words.money(amount, currency)) == (amount, currency)

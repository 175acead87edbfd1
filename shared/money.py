"""Amounts of money: the currencies in use (ISO 4217) with their decimals, and amounts as people type them.

Decimals are those of the standard, by which payments are made. CLDR's are those of price labels: it gives the forint
and the rupiah none, and a refund to a bank account has two.
"""

import re
import unicodedata
from decimal import Decimal

import iso4217

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "US$", "AUD": "A$", "CAD": "C$", "NZD": "NZ$", "JPY": "¥"}
FUNDS = {node.findtext("Ccy") for node in iso4217.raw_xml.iter("CcyNtry") if node.find("CcyNm[@IsFund]") is not None}
DECIMALS: dict[str, int] = {
    one.code: one.exponent for one in iso4217.Currency if one.exponent is not None and one.code not in FUNDS
}
"""Decimal places by currency, without funds, metals and test codes, in which no customer is paid."""
NAMES: dict[str, str] = {one.code: one.currency_name for one in iso4217.Currency if one.code in DECIMALS}

NUMBER = r"\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
TYPED = re.compile(rf"(?P<before>[^\d.,\s]*)\s*(?P<number>{NUMBER})\s*(?P<after>[^\d.,\s]*)", re.ASCII)


def read(text: str, currency: str | None = None) -> tuple[Decimal, str | None]:
    """An amount as it is typed, and its currency: `£1,250.00`, `1,250`, `25 EUR`.

    Raises ValueError for what can be read in two ways (`12,50`), and where sign and currency differ.
    """
    typed = TYPED.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if typed is None or (typed["before"] and typed["after"]):
        raise ValueError("enter an amount, like 25.00")
    sign = (typed["before"] or typed["after"]).upper()
    if sign and not currency:
        currency = next((code for code in DECIMALS if sign in (code, SYMBOLS.get(code))), None)
    if sign and not (currency and (sign == currency or SYMBOLS.get(currency, "").endswith(sign))):
        raise ValueError("enter an amount without a sign, and choose its currency")
    return Decimal(re.sub(r"[,' ]", "", typed["number"])), currency


def fits(amount: Decimal, currency: str) -> bool:
    """True if the currency has as many decimal places as the amount."""
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= DECIMALS.get(currency, 2)


def whole(amount: Decimal, currency: str) -> Decimal:
    """With the currency's decimals; never rounded, so with more where the amount has more."""
    return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(currency, 2))) if fits(amount, currency) else amount

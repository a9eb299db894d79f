"""The monthly duty statement (*état d'astreinte*): pure rules over dated rate tables."""

from alertmanager.statement.build import make_statement
from alertmanager.statement.days import DayCalendar
from alertmanager.statement.loader import load_statement_rules
from alertmanager.statement.model import Intervention, Statement, Told
from alertmanager.statement.period import Period
from alertmanager.statement.rates import NoRates, RateBook, StatementError, load_rates
from alertmanager.statement.settings import StatementFile

__all__ = [
    "DayCalendar",
    "Intervention",
    "NoRates",
    "Period",
    "RateBook",
    "Statement",
    "StatementError",
    "StatementFile",
    "Told",
    "load_rates",
    "load_statement_rules",
    "make_statement",
]

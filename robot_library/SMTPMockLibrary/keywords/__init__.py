"""The keywords, one module per topic."""

from SMTPMockLibrary.keywords.assertions import AssertionKeywords
from SMTPMockLibrary.keywords.content import ContentKeywords
from SMTPMockLibrary.keywords.files import FileKeywords
from SMTPMockLibrary.keywords.getters import GetterKeywords
from SMTPMockLibrary.keywords.matrix import MatrixKeywords
from SMTPMockLibrary.keywords.rules import RuleKeywords
from SMTPMockLibrary.keywords.security import SecurityKeywords
from SMTPMockLibrary.keywords.server import ServerKeywords
from SMTPMockLibrary.keywords.sessions import SessionKeywords
from SMTPMockLibrary.keywords.standards import StandardKeywords
from SMTPMockLibrary.keywords.waits import WaitKeywords

__all__ = [
    "AssertionKeywords",
    "ContentKeywords",
    "FileKeywords",
    "GetterKeywords",
    "MatrixKeywords",
    "RuleKeywords",
    "SecurityKeywords",
    "ServerKeywords",
    "SessionKeywords",
    "StandardKeywords",
    "WaitKeywords",
]

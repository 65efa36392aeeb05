"""Names as they are printed: lists of them, their stops, and the sentence that introduces an author."""

from __future__ import annotations

import pytest

from crawler.pages.names import names_about, split_names


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("Jane Doe and John Roe", ["Jane Doe", "John Roe"]),
        ("Jane Doe.", ["Jane Doe"]),
        ("John Roe Jr.", ["John Roe Jr."]),
        ("Jane D. and John R.", ["Jane D.", "John R."]),
        ("Martin L. King, Jr. and Ann Roe", ["Martin L. King, Jr.", "Ann Roe"]),
    ],
)
def test_a_list_of_names_is_parted_and_a_name_keeps_a_stop_of_its_own(printed, names):
    assert split_names(printed) == names


@pytest.mark.parametrize(
    ("about", "names"),
    [
        ("Jane Doe serves as Consul General.", ["Jane Doe"]),
        ("Amb. Joe Roe is our envoy.", ["Amb. Joe Roe"]),
        ("John Roe Jr. serves in Lima.", ["John Roe Jr."]),
        ("It was late. Jane Doe is a teacher.", ["Jane Doe"]),
        ("The mission serves as a base.", []),
    ],
)
def test_who_an_about_text_introduces_is_its_subject(about, names):
    assert names_about(about) == names

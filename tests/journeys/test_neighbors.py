"""Who is whose neighbor: one premise first, then the next house of the street."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meterledger.usecases.day_fact_ports import PlaceOnDay
from meterledger.usecases.day_facts import neighbors


def at(address: str, point: str = "", *, premise: str = "", postal: str = "63130") -> PlaceOnDay:
    name = point or address
    return PlaceOnDay(name, premise or name, address, postal, True)


def pairs(*places: PlaceOnDay | None) -> list[int]:
    return [int(row) for row in neighbors(list(places))]


class TestNeighbors:
    def test_two_meters_of_one_premise_are_neighbors(self) -> None:
        one, other = (at("12 Elm Street", point, premise="P") for point in "AB")
        assert pairs(other, at("14 Elm Street"), one) == [2, -1, 0]

    def test_a_third_one_of_a_premise_goes_with_the_next_house(self) -> None:
        flats = [at("12 Elm Street", point, premise="P") for point in "ABC"]
        assert pairs(*flats, at("14 Elm Street")) == [1, 0, 3, 2]

    def test_houses_go_by_their_numbers_and_not_by_their_letters(self) -> None:
        assert pairs(at("100 Elm Street"), at("9 Elm Street"), at("98 Elm Street")) == [2, -1, 0]

    def test_a_street_has_one_name_however_it_is_written(self) -> None:
        assert pairs(at("1 Elm Street"), at(" 3 ELM STREET ")) == [1, 0]

    def test_numbers_more_than_ten_apart_are_no_neighbors(self) -> None:
        assert pairs(at("2 Elm Street"), at("12 Elm Street")) == [1, 0]
        assert pairs(at("2 Elm Street"), at("13 Elm Street")) == [-1, -1]

    def test_another_street_or_another_postal_code_is_elsewhere(self) -> None:
        assert pairs(at("2 Elm Street"), at("4 Oak Street")) == [-1, -1]
        assert pairs(at("2 Elm Street"), at("4 Elm Street", postal="63105")) == [-1, -1]

    def test_what_has_no_number_or_is_not_known_has_none(self) -> None:
        assert pairs(at("Elm Street"), None, at("Elm Street", "again")) == [-1, -1, -1]

    @given(
        st.lists(
            st.none()
            | st.builds(
                lambda number, street, premise, point: PlaceOnDay(
                    f"SP{point}", f"P{premise}", f"{number} {street} Street", "63130", True
                ),
                st.integers(1, 30),
                st.sampled_from(["Elm", "Oak"]),
                st.integers(1, 8),
                st.integers(1, 99),
            ),
            max_size=20,
        )
    )
    def test_each_names_the_other_and_never_itself(self, places: list[PlaceOnDay | None]) -> None:
        found = pairs(*places)
        for row, other in enumerate(found):
            assert other == -1 or (found[other] == row and other != row)

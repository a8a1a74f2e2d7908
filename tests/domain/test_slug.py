"""Names in addresses."""

import pytest

from app.domain.slug import LONGEST_SLUG, slug_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("CalTeam", "calteam"),
        ("  Sales & Support ", "sales-support"),
        ("Équipe d'été", "equipe-d-ete"),
        ("alice+client@example.com", "alice-client-example-com"),
        ("--a--", "a"),
        ("東京", ""),
        ("a" * 300, "a" * LONGEST_SLUG),
    ],
)
def test_names_in_kebab_case(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert slug_of(slug) == slug

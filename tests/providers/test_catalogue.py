"""The vendors there are, and what each declares."""

from typing import Any

import pytest

from headwater.kit.errors import BadInput
from headwater.providers.base import Adapter
from headwater.providers.catalogue import ADAPTERS, adapter
from headwater.records import Field

EVERY = pytest.mark.parametrize("one", ADAPTERS.values(), ids=lambda one: one.declaration.name)


def test_an_unknown_vendor_is_told_the_known_ones() -> None:
    with pytest.raises(
        BadInput,
        match=r"'lusha'.*apollo, briteverify, dropcontact, emaillistverify, hunter, icypeas, neverbounce, zerobounce",
    ):
        adapter("lusha")


def test_known_vendors_are_found_by_name() -> None:
    assert {name: adapter(name).declaration.name for name in ADAPTERS} == {name: name for name in ADAPTERS}


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        *(("icypeas", 60), ("dropcontact", 10), ("hunter", 20), ("apollo", 30)),
        *(("zerobounce", 20), ("neverbounce", 30), ("emaillistverify", 60), ("briteverify", 25)),
    ],
)
def test_cautious_limits(name: Any, calls: Any) -> None:
    cautious = adapter(name).declaration.cautious
    assert (cautious.calls, cautious.seconds) == (calls, 60)


@EVERY
def test_declarations_are_complete(one: Adapter) -> None:
    declared = one.declaration
    assert declared.base_url.startswith("https://")
    assert declared.credit_price > 0
    for operation in declared.operations:
        assert declared.operation(operation.name) is operation
        assert operation.finds
        assert operation.needs
        assert operation.batch >= operation.list_from > 0
        assert 0 < operation.hit_rate < 1
        assert operation.charge.most(frozenset(Field)) >= operation.charge.hit > 0
        brings = operation.finds | operation.extras
        for wanted in brings:
            assert any(field is wanted for field, _ in declared.reliability)
        assert not operation.finds & operation.extras
        assert set(operation.accuracy) == (set() if operation.verifies else brings)
        assert all(0 < chance < 1 for chance in operation.accuracy.values())
    assert all(0 <= chance <= 1 for chance in declared.reliability.values())
    assert not declared.shareable


@EVERY
def test_the_accuracy_of_an_operation_lies_within_its_classes(one: Adapter) -> None:
    for operation in one.declaration.operations:
        for wanted, chance in operation.accuracy.items():
            classes = [known for (field, _), known in one.declaration.reliability.items() if field is wanted]
            assert min(classes) <= chance <= max(classes)


def test_what_comes_for_free() -> None:
    free = {
        f"{name}.{each.name}": set(each.extras)
        for name, one in ADAPTERS.items()
        for each in one.declaration.operations
        if each.extras
    }
    assert free == {"hunter.find": {Field.TITLE, Field.COMPANY, Field.DOMAIN, Field.LINKEDIN, Field.PHONE}}


def test_what_an_account_must_have_for_an_operation_to_be_offered() -> None:
    needed = {
        f"{name}.{each.name}": each.requires
        for name, one in ADAPTERS.items()
        for each in one.declaration.operations
        if each.requires
    }
    assert needed == {"apollo.mobile": ("webhook_url",)}

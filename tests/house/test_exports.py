"""The public names: an explicit list, and each of them is there."""

import deeplinks


def test_every_public_name_is_there() -> None:
    assert [name for name in deeplinks.__all__ if getattr(deeplinks, name, None) is None] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(deeplinks, "no_such_name")


def test_every_error_has_a_code_of_its_own_and_a_message() -> None:
    from deeplinks import errors

    tree = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DeepError)]
    codes = [one.code for one in tree]

    assert len(set(codes)) == len(codes)
    assert all(one.__doc__ for one in tree)

"""The master key was rotated after the backup, the databases are lost, and Kafka has the keys as they are now."""

from pathlib import Path

import pytest

from deploy.cli.keys import rotation
from deploy.cli.operations import databases as databases_of
from deploy.cli.recovery.restore import restored
from shared.events.unsealing import id_of
from shared.keys.master_keys import WrongMasterKey
from tests.deploy.cli.recovery.conftest import Site, silent
from tests.deploy.cli.recovery.test_backup import saved

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


async def test_a_backup_from_before_a_rotation_needs_the_new_master_alone(site: Site, tmp_path: Path) -> None:
    """And with the old one alone nothing is written."""
    databases = databases_of(site.at)
    async with site.running():
        await site.person_of(await site.complain(email="before@example.org"))
        await site.settled()
        path = await saved(site, tmp_path)
    async with Site(site.at.model_copy(update={"master_key": f"{NEW.hex()} {OLD.hex()}"})).running() as both:
        await both.person_of(await both.complain(email="after@example.org"))
        await both.settled()
        await rotation.rewrap(databases, both.at.cluster, both.at.masters())
        await rotation.unfence(databases)
        await both.settled()
    events, views = site.all_events(), site.all_views()
    site.lose_databases()
    with pytest.raises(WrongMasterKey, match=f"wrapped by master key {id_of(NEW).hex()}"):
        await restored(site.at, path, [], silent)
    assert not any(site.all_events().values())
    now = Site(site.at.model_copy(update={"master_key": NEW.hex()}))
    _, _, verified = await restored(now.at, path, [], silent)
    assert not verified.findings
    assert (now.all_events(), now.all_views()) == (events, views)
    for name, url in databases.items():
        assert rotation.held(url) == {id_of(NEW).hex(): 2}, name

"""`recourse lag` names everybody who reads, and counts what they have not begun to read."""

import psycopg
from aiokafka import AIOKafkaProducer

from deploy.cli.operations import database, lags, runtime_of
from deploy.cli.recovery import resumption
from deploy.services import SERVICES
from shared.kafka.topics import create_topics
from tests.deploy.cli.recovery.conftest import PARTITIONS, Site


async def test_what_nobody_has_begun_to_read(site: Site) -> None:
    await create_topics(site.at.cluster, partitions=PARTITIONS)
    expected = {"cases.caseload.g2": 1}
    for name in SERVICES:
        runtime = runtime_of(site.at, name)
        await resumption.make_tables(runtime)
        topics = {view.name: view.topics for view in runtime.views}
        topics |= {policy.name: policy.topics for policy in runtime.policies}
        expected |= {f"{name}.{reader}": 3 if "complaints" in read else 0 for reader, read in topics.items()}
    topic = site.at.cluster.name("complaints")
    async with AIOKafkaProducer(bootstrap_servers=site.at.kafka) as producer:
        for partition in (0, 0, 1):
            await producer.send_and_wait(topic, b"{}", partition=partition)
    with psycopg.connect(database(site.at, "cases")) as conn:
        conn.execute("insert into progress values ('open', %s, 0, 0, 1), ('caseload.g2', %s, 0, 0, 2)", [topic, topic])
    found = {one.consumer: one.behind for one in await lags(site.at)}
    assert found == expected | {"cases.open": 2}

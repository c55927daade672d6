"""CloudWatch Logs: groups, streams, events, and the ways in which clients tail them."""

import time

import aws
import pytest

NOW = int(time.time() * 1000)


@pytest.fixture
def group(clients):
    name = "/test/" + aws.unique("group")
    clients.logs.create_log_group(logGroupName=name)
    yield name
    clients.logs.delete_log_group(logGroupName=name)


@pytest.fixture
def stream(clients, group):
    clients.logs.create_log_stream(logGroupName=group, logStreamName="job/algo-1-5")
    return "job/algo-1-5"


def put(clients, group, stream, first, last):
    events = [{"timestamp": NOW + i, "message": f"line {i}"} for i in range(first, last)]
    clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def get(clients, group, stream, **more):
    return clients.logs.get_log_events(logGroupName=group, logStreamName=stream,
                                       **({"startFromHead": True} | more))


def messages(answer):
    return [event["message"] for event in answer["events"]]


def lines(first, last):
    return [f"line {i}" for i in range(first, last)]


def test_groups(clients, group):
    """Groups are found by prefix, and a second one of a name is refused."""
    found = clients.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [g["logGroupName"] for g in found] == [group]
    assert found[0]["arn"].startswith("arn:aws:logs:") and found[0]["creationTime"] > 0
    with pytest.raises(clients.logs.exceptions.ResourceAlreadyExistsException):
        clients.logs.create_log_group(logGroupName=group)


def test_missing_group_and_stream(clients, group):
    """ResourceNotFoundException is what SDK v3 takes as `no logs yet`; anything else is fatal."""
    missing = clients.logs.exceptions.ResourceNotFoundException
    with pytest.raises(missing):
        clients.logs.describe_log_streams(logGroupName="/no/such")
    with pytest.raises(missing):
        get(clients, group, "no-such-stream")
    with pytest.raises(missing):
        clients.logs.filter_log_events(logGroupName="/no/such")


def test_streams_by_prefix(clients, group):
    """Job streams are looked up by `<job>/`; no nextToken when all fit (SDK v2 would spin)."""
    for name in ("a/1", "a/2", "ab/1"):
        clients.logs.create_log_stream(logGroupName=group, logStreamName=name)
    answer = clients.logs.describe_log_streams(
        logGroupName=group, logStreamNamePrefix="a/", orderBy="LogStreamName", limit=2)
    assert [s["logStreamName"] for s in answer["logStreams"]] == ["a/1", "a/2"]
    assert "nextToken" not in answer


def test_streams_by_last_event(clients, group):
    """The newest first, as consoles show them."""
    for i, name in enumerate(("old", "new", "middle")):
        clients.logs.create_log_stream(logGroupName=group, logStreamName=name)
        clients.logs.put_log_events(
            logGroupName=group, logStreamName=name,
            logEvents=[{"timestamp": NOW + [0, 2000, 1000][i], "message": "m"}])
    answer = clients.logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime",
                                               descending=True)
    assert [s["logStreamName"] for s in answer["logStreams"]] == ["new", "middle", "old"]


def test_tail(clients, group, stream):
    """At the end: no events, and the same token later gives the new ones. SDK v3 lives on that."""
    put(clients, group, stream, 0, 3)
    first = get(clients, group, stream)
    assert messages(first) == lines(0, 3)
    end = get(clients, group, stream, nextToken=first["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"]
    put(clients, group, stream, 3, 5)
    more = get(clients, group, stream, nextToken=end["nextForwardToken"])
    assert messages(more) == lines(3, 5)


def test_pages(clients, group, stream):
    """Forward with a limit reads every line once, in order."""
    put(clients, group, stream, 0, 25)
    seen, token = [], {}
    while True:
        page = get(clients, group, stream, limit=10, **token)
        if not page["events"]:
            break
        seen += messages(page)
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == lines(0, 25)


def test_backwards(clients, group, stream):
    """Without startFromHead the newest lines come, in order, and the back token goes further."""
    put(clients, group, stream, 0, 25)
    last = clients.logs.get_log_events(logGroupName=group, logStreamName=stream, limit=10)
    assert messages(last) == lines(15, 25)
    before = clients.logs.get_log_events(logGroupName=group, logStreamName=stream, limit=10,
                                         nextToken=last["nextBackwardToken"])
    assert messages(before) == lines(5, 15)


def test_start_time_reads_again(clients, group, stream):
    """SDK v2 re-reads from the last timestamp and skips by count: order must be stable."""
    events = [{"timestamp": NOW, "message": f"same {i}"} for i in range(4)]
    clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    for _ in range(2):
        answer = get(clients, group, stream, startTime=NOW)
        assert messages(answer) == [f"same {i}" for i in range(4)]


def test_time_window(clients, group, stream):
    """startTime is in, endTime is out."""
    put(clients, group, stream, 0, 10)
    answer = get(clients, group, stream, startTime=NOW + 3, endTime=NOW + 6)
    assert messages(answer) == lines(3, 6)


def test_filter(clients, group):
    """FilterLogEvents goes over streams in order of time; patterns find terms."""
    for name, offset in (("AllTraffic/1", 0), ("AllTraffic/2", 1), ("Other/1", 2)):
        clients.logs.create_log_stream(logGroupName=group, logStreamName=name)
        clients.logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[
            {"timestamp": NOW + 10 * i + offset, "message": f"{name} {'ERROR' if i == 1 else 'ok'}"}
            for i in range(3)])
    answer = clients.logs.filter_log_events(logGroupName=group,
                                            logStreamNamePrefix="AllTraffic/")
    assert [e["timestamp"] - NOW for e in answer["events"]] == [0, 1, 10, 11, 20, 21]
    assert all(e["eventId"] for e in answer["events"])
    answer = clients.logs.filter_log_events(logGroupName=group, filterPattern="ERROR")
    assert len(answer["events"]) == 3
    answer = clients.logs.filter_log_events(logGroupName=group, logStreamNames=["Other/1"],
                                            filterPattern='"Other/1 ok"')
    assert len(answer["events"]) == 2


def test_filter_in_pages(clients, group, stream):
    """The paginator ends and misses nothing."""
    put(clients, group, stream, 0, 25)
    pages = clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, PaginationConfig={"PageSize": 10})
    assert [e["message"] for page in pages for e in page["events"]] == lines(0, 25)


def test_delete_stream(clients, group, stream):
    """Events go with their stream."""
    put(clients, group, stream, 0, 3)
    clients.logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    assert clients.logs.filter_log_events(logGroupName=group)["events"] == []


def test_odd_messages(clients, group, stream):
    """Unicode, tabs and long lines come back byte for byte."""
    odd = ["ünï 🦆", "[0]\ttrain-auc:0.9\tvalidation-auc:0.8", "x" * 100_000]
    clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": NOW, "message": m} for m in odd])
    assert messages(get(clients, group, stream)) == odd


def test_retention(clients, group):
    """PutRetentionPolicy is in every set-up script."""
    clients.logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    found = clients.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert found["retentionInDays"] == 7

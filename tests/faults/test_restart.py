"""Starting again with much stored."""

import concurrent.futures
import time


def test_ten_thousand_documents(server, clients, record_property):
    """A restart must not read everything there is: `ready` comes at once, at any size."""
    def create(part):
        sagemaker = clients.client("sagemaker")
        for number in range(1000):
            sagemaker.create_experiment(ExperimentName=f"e{part}-{number}")

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(create, range(10)))
    for how in ("stopped", "killed"):
        if how == "stopped":
            assert server.stop() == 0
        else:
            server.kill()
        seconds = server.start()
        began = time.monotonic()
        assert clients.sagemaker.describe_experiment(ExperimentName="e7-777")
        answered = time.monotonic() - began
        record_property(f"restart_after_{how}_seconds", round(seconds, 3))
        print(f"{how}: ready after {seconds:.3f} s, first answer {answered * 1000:.1f} ms later")
        assert seconds < 5

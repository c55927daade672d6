"""Runs the search of Clary on a function: one after the other, or as many at a time as asked, with
simulated running times, so that results come back in an order of their own."""

import heapq
import json
import random
import subprocess


class Driver:
    def __init__(self, program, space, seed, method="bayesian"):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.send({"space": space, "seed": seed, "method": method})

    def send(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the driver died with {self.process.wait()} at {line}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run(program, function, seed, evaluations, at_once=1, method="bayesian"):
    """{values: as observed, in the order of their ends, truths: without noise, seconds: of each
    suggestion}."""
    driver = Driver(program, function.space, seed, method)
    clock, running, values, truths, seconds, asked = 0.0, [], [], [], [], 0
    length = random.Random(seed)
    while len(values) < evaluations:
        while asked < evaluations and len(running) < at_once:
            answer = driver.send({"ask": asked})
            seconds.append(answer["seconds"])
            # A job takes between half and one and a half times the usual.
            end = clock + length.uniform(0.5, 1.5)
            heapq.heappush(running, (end, asked, function(answer["point"])))
            asked += 1
        clock, number, truth = heapq.heappop(running)
        truths.append(truth)
        values.append(function.observed(truth, seed, number))
        driver.send({"tell": number, "value": values[-1]})
    driver.close()
    return {"values": values, "truths": truths, "seconds": seconds}

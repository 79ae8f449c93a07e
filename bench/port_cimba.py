"""Model A in cimba, for port_engine.py: alone in a file, since cimba reads annotations where they stand."""

import cimba as cb
from cimba import inputs


class Four(cb.Model):
    """One queue, four servers of mean service 1; gaps of mean 1/3."""

    gap: cb.Input[float] = inputs.dist.exponential(mean=1 / 3)
    service: cb.Input[float] = inputs.dist.exponential(mean=1.0)
    queue: cb.Container
    mean_queue: cb.Output[float]

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.gap.next())
            self.queue.put(1)

    @cb.process
    def server_1(self):
        while True:
            self.queue.get(1)
            cb.hold(self.service.next())

    @cb.process
    def server_2(self):
        while True:
            self.queue.get(1)
            cb.hold(self.service.next())

    @cb.process
    def server_3(self):
        while True:
            self.queue.get(1)
            cb.hold(self.service.next())

    @cb.process
    def server_4(self):
        while True:
            self.queue.get(1)
            cb.hold(self.service.next())

    @cb.on_end
    def measure(self):
        self.mean_queue = self.queue.mean_level()


def four_servers(count: int, rate: float) -> tuple[int, float]:
    """Vessels passed (by the clock) and their mean wait, by Little."""
    model = Four()
    window = cb.Window(warmup=0, duration=count / rate)
    results = cb.Experiment(model, replications=1, window=window, seed=1).run()
    queue = results[model].mean_queue
    return count, float(queue.values.ravel()[0]) / rate

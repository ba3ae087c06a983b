"""What the factories of both stores have in common: the library asks them for a log, and for nothing else."""

from typing import NoReturn

from eventsourcing.persistence import InfrastructureFactory, InfrastructureFactoryError, TrackingRecorder


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """A factory that makes an event log; views and snapshots are kept by stores of their own."""

    def aggregate_recorder(self, purpose: str = "events") -> NoReturn:
        raise InfrastructureFactoryError(f"no {purpose} are kept here beside the log")

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:
        raise InfrastructureFactoryError("positions are kept by the views: see engine.projection")

    def process_recorder(self) -> NoReturn:
        raise InfrastructureFactoryError("views are brought up to date by engine.folding.catch_up")

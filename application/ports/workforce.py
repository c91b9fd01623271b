"""Who does pieces of work that do not wait for one another."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Material = TypeVar("Material")
Task = TypeVar("Task")
Found = TypeVar("Found")


class Workforce(Protocol):
    """One process, or several, perhaps on other machines."""

    @abstractmethod
    def map(
        self, work: Callable[[Material, Task], Found], material: Material, tasks: Iterable[Task]
    ) -> Iterator[Found]:
        """What `work(material, task)` gives for each task, in the order of the tasks, as soon as it is there.

        `material` is what they have in common, however large: it goes to each process once. All of it can be pickled,
        and the work of a process that dies is done again. Raises what `work` raises, and EngineUnavailable.
        """

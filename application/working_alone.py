"""Work done one piece after another, right here."""

from collections.abc import Callable, Iterable, Iterator

from application.ports.workforce import Found, Material, Task, Workforce


class WorkingAlone(Workforce):
    """The learners use the cores by threads of their own."""

    def map(
        self, work: Callable[[Material, Task], Found], material: Material, tasks: Iterable[Task]
    ) -> Iterator[Found]:
        """Each piece when it is asked for."""
        for task in tasks:
            yield work(material, task)


ALONE = WorkingAlone()

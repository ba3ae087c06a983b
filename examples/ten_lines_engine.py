from engine import Context, Definition, Transition, Workflow, WorkflowEvent, Workflows


class Lent(WorkflowEvent):
    TOPIC = "book.lent"


class Returned(WorkflowEvent):
    TOPIC = "book.returned"


class Loan(Workflow):
    definition = Definition("loan", 1, "lent", Lent, (Transition("end", ("lent",), "over", Returned),), ("over",))


books, ann = Workflows(), Context("ann")
loan = books.change(books.open(Loan, ann), "end", ann)
print(f"{loan.state}; before that: {books.load(Loan, loan.id, version=1).state}")

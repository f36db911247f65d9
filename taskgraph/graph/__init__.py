"""The DAG of a task: built from any task, also from a faulty one."""

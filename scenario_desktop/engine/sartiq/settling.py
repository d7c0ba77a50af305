"""What an end changes: in the row it ends, in its generation, and in the queue. One transaction."""

from __future__ import annotations

import sqlite3

from scenario_desktop.engine.sartiq.words import ErrorCategory, GenerationStatus, Status

CANCELLED_MESSAGE = "Cancelled before it was finished."


def task_id(key: int) -> str:
    """Return the id by which the runner knows a task."""
    return f"sartiq-{key}"


def settle(connection: sqlite3.Connection, generation_key: int, at: int) -> None:
    """Bring a generation's status in line with its predictions."""
    counts = dict.fromkeys(Status, 0)
    for row in connection.execute(
        "SELECT status, count(*) AS number FROM sartiq_predictions WHERE generation_key = ?"
        " GROUP BY status",
        (generation_key,),
    ):
        counts[Status(row["status"])] = row["number"]
    ended = counts[Status.COMPLETED] + counts[Status.ERROR]
    has_ended = counts[Status.PENDING] + counts[Status.PROCESSING] == 0
    if has_ended and counts[Status.COMPLETED]:
        status = GenerationStatus.COMPLETED
    elif has_ended:
        is_cancelled = connection.execute(
            "SELECT is_cancelled FROM sartiq_generations WHERE key = ?", (generation_key,)
        ).fetchone()["is_cancelled"]
        status = GenerationStatus.CANCELLED if is_cancelled else GenerationStatus.ERROR
    elif ended or counts[Status.PROCESSING]:
        status = GenerationStatus.PROCESSING
    else:
        status = GenerationStatus.PENDING
    connection.execute(
        "UPDATE sartiq_generations SET status = ?, updated_at = ?,"
        " ended_at = CASE WHEN ? THEN coalesce(ended_at, ?) END WHERE key = ?",
        (status, at, has_ended, at, generation_key),
    )


def mark(connection: sqlite3.Connection, task: sqlite3.Row, status: Status, at: int) -> None:
    """Set the status of what a task is for; it has not ended by that."""
    if task["refine_key"] is not None:
        connection.execute(
            "UPDATE sartiq_refines SET status = ?, updated_at = ? WHERE key = ?",
            (status, at, task["refine_key"]),
        )
        return
    row = connection.execute(
        "UPDATE sartiq_predictions SET status = ?, updated_at = ? WHERE key = ?"
        " RETURNING generation_key",
        (status, at, task["prediction_key"]),
    ).fetchone()
    settle(connection, row["generation_key"], at)


def end(
    connection: sqlite3.Connection,
    task: sqlite3.Row,
    at: int,
    *,
    media_key: int | None = None,
    compute_ms: int | None = None,
    error: tuple[str, ErrorCategory] | None = None,
) -> None:
    """End what a task is for, with a result or an error, and take the task from the queue.

    A refine's end also shows on its prediction, so that a client that looks for news finds it.
    """
    status = Status.ERROR if error else Status.COMPLETED
    message, category = error or (None, None)
    values = (status, media_key, compute_ms, message, category, at)
    connection.execute("DELETE FROM sartiq_tasks WHERE key = ?", (task["key"],))
    if task["refine_key"] is not None:
        row = connection.execute(
            "UPDATE sartiq_refines SET status = ?, media_key = ?, compute_ms = ?,"
            " error_message = ?, error_category = ?, updated_at = ? WHERE key = ?"
            " RETURNING prediction_key",
            (*values, task["refine_key"]),
        ).fetchone()
        connection.execute(
            "UPDATE sartiq_predictions SET updated_at = ? WHERE key = ?",
            (at, row["prediction_key"]),
        )
        return
    row = connection.execute(
        "UPDATE sartiq_predictions SET status = ?, media_key = ?, compute_ms = ?,"
        " error_message = ?, error_category = ?, updated_at = ? WHERE key = ?"
        " RETURNING generation_key",
        (*values, task["prediction_key"]),
    ).fetchone()
    settle(connection, row["generation_key"], at)


def cancel_tasks(connection: sqlite3.Connection, generation_key: int, at: int) -> list[str]:
    """End all that a generation and its refines still wait for.

    Returns:
        The ids of the tasks, to be stopped after the transaction.
    """
    tasks = connection.execute(
        "SELECT t.* FROM sartiq_tasks t LEFT JOIN sartiq_refines r ON r.key = t.refine_key"
        " JOIN sartiq_predictions p ON p.key = coalesce(t.prediction_key, r.prediction_key)"
        " WHERE p.generation_key = ?",
        (generation_key,),
    ).fetchall()
    if any(task["prediction_key"] is not None for task in tasks):
        connection.execute(
            "UPDATE sartiq_generations SET is_cancelled = 1 WHERE key = ?", (generation_key,)
        )
    for task in tasks:
        end(connection, task, at, error=(CANCELLED_MESSAGE, ErrorCategory.CANCELLED))
    return [task_id(task["key"]) for task in tasks]


def tasks_of_prediction(connection: sqlite3.Connection, prediction_key: int) -> list[str]:
    """Return the ids of the tasks of a prediction and its refines."""
    rows = connection.execute(
        "SELECT key FROM sartiq_tasks WHERE prediction_key = ?1 OR refine_key IN"
        " (SELECT key FROM sartiq_refines WHERE prediction_key = ?1)",
        (prediction_key,),
    ).fetchall()
    return [task_id(row["key"]) for row in rows]

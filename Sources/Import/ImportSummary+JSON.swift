internal import Core

extension ImportSummary {
    /// The summary for scripts: one JSON object in one line.
    package var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { root in
            root.member("exit_code", Int64(exitCode))
            root.member("dry_run", isDryRun)
            root.member("files", files)
            root.object("tracked_runs") { writeRuns(&$0) }
            root.object("workflow_runs") { writeTraces(&$0) }
            root.object("unreadable") { list in
                list.member("total", faults.total)
                for (reason, count) in faults.byReason { list.member(reason.rawValue, count) }
            }
            let texts = [
                ("unreadable_first", faults.shown), ("refused_first", runs.reasons + weblog.reasons),
                ("not_read", failedFiles), ("skipped", skippedFiles), ("assumed", assumptions),
            ]
            for (name, values) in texts {
                root.array(name) { list in
                    for value in values { list.value(value) }
                }
            }
            root.member("failure", failure?.description)
        }
        return writer.bytes
    }

    private func writeRuns(_ object: inout JSONWriter) {
        object.member("records", runsRead)
        object.member("created", runs.created)
        object.member("there_already", runs.alreadyThere)
        object.member("refused", runs.refused)
        object.member("ends", ends)
        object.member("derived_ids", derivedIDs)
        object.member("texts_kept", textsKept)
        object.member("numbers_altered", altered)
        object.member("event_records_skipped", events)
    }

    private func writeTraces(_ object: inout JSONWriter) {
        object.member("runs", traces)
        object.member("tasks", tasks)
        object.member("cached", cachedTasks)
        object.member("unfinished", unfinishedTasks)
        object.member("repeated_rows", repeatedRows)
        object.member("events_sent", weblog.created)
        object.member("refused", weblog.refused)
    }
}

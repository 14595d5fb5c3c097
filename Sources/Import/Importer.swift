internal import Core

/// Brings what people have into a running Weir, over HTTP as any client does. Belongs to one thread, which it blocks.
package final class Importer {
    private let options: ImportOptions
    private let poster: PatientPoster?
    private let progress: (_ done: Int64, _ total: Int64) -> Void
    private var summary = ImportSummary()

    /// Makes an importer; nothing is opened or sent yet.
    ///
    /// `progress` gets the number of bytes done, of all files together. `wait` waits for some seconds when the server
    /// asks for it.
    package init(
        _ options: ImportOptions,
        transport: (any ImportTransport)?,
        progress: @escaping (_ done: Int64, _ total: Int64) -> Void,
        wait: @escaping (_ seconds: Int) -> Void
    ) {
        self.options = options
        self.progress = progress
        poster = options.isDryRun ? nil : transport.map { PatientPoster($0, wait: wait) }
        summary.isDryRun = poster == nil
    }

    /// Imports all files, those with the most complete runs first. Ends early only when the server cannot be reached.
    package func run() -> ImportSummary {
        let plan = ImportPlan(options)
        summary.skippedFiles = plan.skipped
        summary.failedFiles = plan.failed
        let traces = plan.files.count { $0.format == .trace }
        guard options.runID == nil || traces <= 1 else {
            summary.failedFiles.append("--run-id names one run, and there are \(traces) trace files")
            return summary
        }
        let total = plan.files.reduce(0) { $0 + $1.size }
        var before: Int64 = 0
        for file in plan.files {
            summary.files += 1
            defer { before += file.size }
            do {
                try read(file) { [progress] done, all in
                    let share = all > 0 ? min(1, Double(done) / Double(all)) : 1
                    progress(before + Int64(share * Double(file.size)), total)
                }
            } catch let failure as SendingFailure {
                summary.failure = failure
                break
            } catch {
                summary.failedFiles.append("\(file.path) \(Self.words(for: error))")
            }
        }
        progress(total, total)
        return summary
    }

    private static func words(for error: any Error) -> String {
        (error as? SQLiteError).map { "is damaged or in use: \($0)" } ?? "\(error)"
    }

    private func read(_ file: ImportPlan.File, _ progress: (Int64, Int64) -> Void) throws {
        switch file.format {
        case .sqlite: try readTable(file.path, progress)
        case .ndjson: try readLines(file.path, progress)
        case .trace: try readTrace(file.path, progress)
        }
    }

    // MARK: - Runs

    private var defaults: ImportDefaults {
        ImportDefaults(agentName: options.agentName, jobType: options.jobType)
    }

    private func readTable(_ path: String, _ progress: (Int64, Int64) -> Void) throws {
        let file = try SQLiteFile(path: path)
        let reader = try RunTableReader(file.database, defaults)
        try sendingRuns { add in
            try reader.read({ run, row in try self.take(run, row, of: path, add) }, progress: progress)
        }
        if file.wasChanged {
            throw ImportFailure(
                "came into use while it was read: import it again, which creates no duplicates"
            )
        }
    }

    private func readLines(_ path: String, _ progress: (Int64, Int64) -> Void) throws {
        let reader = try NDJSONReader(path: path, defaults)
        defer { summary.assume(reader.assumptions, of: path) }
        try sendingRuns { add in
            try reader.read(
                { item in
                    switch item {
                    case .event: self.summary.events += 1
                    case .fault(let fault): self.summary.faults.add(fault, in: path)
                    case .run(let run, let row, let isEnd):
                        if isEnd { self.summary.ends += 1 }
                        try self.take(run, row, of: path, add)
                    }
                },
                progress: progress
            )
        }
    }

    private func take(
        _ run: ImportedRun?,
        _ row: RunWriter,
        of path: String,
        _ add: (ImportedRun) throws -> Void
    ) throws {
        guard let run else {
            summary.faults.add(ImportFault(.noID, "has a row with neither event_id nor run_id"), in: path)
            return
        }
        summary.runsRead += 1
        summary.textsKept += row.textsKept
        summary.altered += row.altered
        if row.isIDDerived { summary.derivedIDs += 1 }
        try add(run)
    }

    /// Calls `body` with a sender of runs; runs that were read before an error of the file are sent, too.
    private func sendingRuns(_ body: ((ImportedRun) throws -> Void) throws -> Void) throws {
        guard let poster else { return try body { _ in } }
        var sender = RunSender(poster, batchSize: options.batchSize)
        defer { summary.runs.merge(sender.outcome) }
        do {
            try body { run in try sender.add(run) }
        } catch let failure as SendingFailure {
            throw failure
        } catch {
            try sender.flush()
            throw error
        }
        try sender.flush()
    }

    // MARK: - Workflow runs

    private func readTrace(_ path: String, _ progress: (Int64, Int64) -> Void) throws {
        let trace = try TraceFile(path: path, options) { summary.faults.add($0, in: path) }
        let outline = trace.events.outline
        summary.traces += 1
        summary.tasks += outline.tasks
        summary.cachedTasks += outline.cached
        summary.unfinishedTasks += outline.unfinished
        summary.repeatedRows += outline.repeated
        summary.assume(trace.assumptions, of: path)
        guard let poster else { return }
        try trace.send(
            { body in
                let answer = try poster.post(TraceFile.route, body)
                switch answer.status {
                case 200..<300: self.summary.weblog.created += 1
                default: self.summary.weblog.refuse("\(path): \(RunSender.reason(answer))")
                }
            },
            progress: progress
        )
    }
}

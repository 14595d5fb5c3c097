internal import Core

/// Where a run's tasks are executed.
enum SimulatedSite: Sendable {
    case slurm, awsbatch

    var executor: String { "\(self)" }
}

extension SimulatedRun.Identity {
    var site: SimulatedSite { sessionID < "8" ? .slurm : .awsbatch }

    /// The zone of the user's clock, east of Greenwich.
    var zoneMinutes: Int { user == "fatima" ? 330 : 0 }
}

extension SimulatedRun {
    /// A task as Tower's client tells it; what is not known yet is absent or null (contract nextflow §5.3 (3), §10 (7)).
    func task(_ change: SimulatedChange, into task: inout JSONWriter) {
        let (attempt, stage) = (change.attempt, change.stage)
        let process = SimulatorPipeline.processes[attempt.process]
        let hasEnded = stage == .finished || stage == .cached
        task.member("taskId", attempt.taskID)
        task.member("status", status(of: attempt, stage))
        task.member("hash", attempt.shortHash)
        task.member("name", attempt.name)
        task.member("exit", hasEnded ? attempt.exit : SimulatedAttempt.unknownExit)
        task.member("submit", stage == .new ? nil : date(attempt.submit))
        let isStarted = attempt.isStarted && stage != .new && stage != .submitted
        task.member("start", isStarted ? date(attempt.start) : nil)
        task.member("process", process.name)
        task.member("tag", attempt.tag)
        task.array("module") { _ in }
        task.member("container", process.container)
        task.member("attempt", attempt.attempt)
        task.member("script", attempt.script)
        task.null("scratch")
        task.member("workdir", attempt.workDirectory)
        task.member("queue", "long")
        task.member("cpus", process.cpus)
        task.member("memory", attempt.memory)
        task.null("disk")
        task.member("time", Int(process.typicalMilliseconds) * 8)
        task.null("env")
        if dialect == .errorLast {
            task.null("accelerator")
            task.null("acceleratorType")
        }
        if hasEnded, attempt.outcome.isRecorded { ending(of: attempt, into: &task) }
        if stage != .new, attempt.submit > 0 { task.member("nativeId", attempt.nativeID) }
        machine(of: attempt, isCached: stage == .cached, into: &task)
    }

    private func ending(of attempt: SimulatedAttempt, into task: inout JSONWriter) {
        task.member("errorAction", attempt.outcome.action)
        task.member("complete", date(attempt.complete))
        task.member("duration", attempt.complete - attempt.submit)
        task.member("realtime", attempt.realtime)
        guard attempt.isMeasured else { return }
        for measured in attempt.measurements { measured.write(as: measured.tower, into: &task) }
        task.member("cpuModel", SimulatedAttempt.processor)
    }

    /// Where it runs; a task from the cache has no executor (contract nextflow §10 (8)).
    private func machine(of attempt: SimulatedAttempt, isCached: Bool, into task: inout JSONWriter) {
        let isCloud = identity.site == .awsbatch && attempt.isStarted && !isCached
        let size = ["large", "large", "large", "xlarge", "xlarge"]
        let cpus = SimulatorPipeline.processes[attempt.process].cpus
        let zone = ["a", "b", "c"][attempt.sample % 3]
        let isSpot = attempt.hash < "c"
        task.member("executor", isCached ? nil : identity.site.executor)
        task.member("cloudZone", isCloud ? "eu-west-1\(zone)" : nil)
        task.member("machineType", isCloud ? "m5.\(cpus < size.count ? size[cpus] : "2xlarge")" : nil)
        task.member("priceModel", isCloud ? (isSpot ? "spot" : "standard") : nil)
        guard dialect == .errorLast else { return }
        task.member("numSpotInterruptions", isCloud ? (isSpot && attempt.hash < "1" ? 1 : 0) : nil)
        for name in ["logStreamId", "resourceAllocation", "gpuMetrics"] { task.null(name) }
    }

    private func date(_ milliseconds: Int64) -> String? {
        TowerDate.task(milliseconds, identity.zoneMinutes)
    }
}

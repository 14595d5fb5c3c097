internal import Core

extension SimulatedRun {
    /// The calls of Tower's client, `interval` milliseconds of the run's time apart.
    func calls(every interval: Int64) -> [SimulatedCall] {
        SimulatedCalls(of: plan, dialect, interval: interval).calls
    }

    /// The body of a call, compact and in ASCII; `workflowID` is what `create` answered. Contract nextflow §5.3, §10.
    func body(of call: SimulatedCall, workflowID: String?) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 4096)
        writer.object { body in
            switch call.kind {
            case .create: creation(&body)
            case .begin: begin(workflowID, &body)
            case .progress(let changes):
                body.array("tasks") { tasks in
                    for change in changes { tasks.object { task(change, into: &$0) } }
                }
                body.object("progress") { call.tally.progress(dialect, isEnd: false, into: &$0) }
                body.array("containers") { _ in }
            case .heartbeat:
                body.object("progress") { call.tally.progress(dialect, isEnd: false, into: &$0) }
            case .complete(let isFirst):
                end(isFirst ? call.tally.beforeKilling : call.tally, workflowID, &body)
                body.object("progress") { call.tally.progress(dialect, isEnd: true, into: &$0) }
            }
            body.member("instant", call.at)
        }
        return writer.bytes
    }

    private func creation(_ body: inout JSONWriter) {
        body.member("sessionId", identity.sessionID)
        body.member("projectName", SimulatorPipeline.name)
        body.member("repository", "https://github.com/\(SimulatorPipeline.name)")
        body.member("runName", name)
        body.null("workflowId")
    }

    private func begin(_ workflowID: String?, _ body: inout JSONWriter) {
        body.object("workflow") { workflow in
            towerWorkflow(workflowID, isEnd: false, &workflow)
            guard dialect == .errorLast else { return }
            workflow.object("platform") { platform in
                platform.member("workflowId", workflowID)
                for name in Self.platformKeys { platform.null(name) }
            }
        }
        body.array("processNames") { names in
            for process in SimulatorPipeline.processes { names.value(process.name) }
        }
        body.member("towerLaunch", false)
    }

    private static let platformKeys = [
        "workflowUrl", "user", "workspace", "computeEnv", "pipeline", "labels", "schedRunId",
    ]

    private func end(_ tally: SimulatedTally, _ workflowID: String?, _ body: inout JSONWriter) {
        body.object("workflow") { workflow in
            towerWorkflow(workflowID, isEnd: true, &workflow)
            workflow.object("stats") { tally.statistics(at: plan.end, into: &$0) }
        }
        body.array("metrics") { SimulatedQuartiles.write(plan, into: &$0) }
    }

    /// The weblog's workflow, and what Tower's client adds.
    private func towerWorkflow(_ workflowID: String?, isEnd: Bool, _ workflow: inout JSONWriter) {
        identityMembers(&workflow)
        workflow.member("start", TowerDate.workflow(plan.start, identity.zoneMinutes))
        workflow.member("complete", isEnd ? TowerDate.workflow(plan.end, identity.zoneMinutes) : nil)
        workflow.member("duration", isEnd ? plan.end - plan.start : nil)
        outcome(isEnd: isEnd, &workflow)
        surroundings(&workflow)
        let home = "/home/\(identity.user)"
        workflow.member("scriptFile", "\(home)/.nextflow/assets/\(SimulatorPipeline.name)/main.nf")
        workflow.member("outputDir", "\(home)/projects/readmap/results")
        workflow.member("preview", false)
        workflow.member("failOnIgnore", false)
        // Null when there are several.
        workflow.null("container")
        workflow.object("wave") { $0.member("enabled", false) }
        workflow.object("fusion") { fusion in
            fusion.member("enabled", false)
            fusion.null("version")
        }
        workflow.object("params") { parameters(&$0) }
        workflow.member("id", workflowID)
        workflow.member("configText", "process {\n   executor = '\(identity.site.executor)'\n}\n")
        for name in ["operationId", "logFile", "outFile"] { workflow.null(name) }
    }
}

/// Dates as Tower's client writes them. Contract nextflow §10 (6).
enum TowerDate {
    /// With milliseconds, or without a fraction when it is zero; nil for 0.
    static func task(_ milliseconds: Int64, _ zoneMinutes: Int) -> String? {
        guard milliseconds > 0 else { return nil }
        let fraction = milliseconds % 1000 == 0 ? "" : ".\(digits(milliseconds % 1000, 3))"
        return text(milliseconds, fraction, zoneMinutes)
    }

    /// With nine digits of fraction.
    static func workflow(_ milliseconds: Int64, _ zoneMinutes: Int) -> String {
        text(milliseconds, ".\(digits(milliseconds % 1000, 3))000000", zoneMinutes)
    }

    private static func text(_ milliseconds: Int64, _ fraction: String, _ zoneMinutes: Int) -> String {
        let local = Timestamp(microseconds: (milliseconds + Int64(zoneMinutes) * 60_000) * 1000)
        let zone = "+\(digits(Int64(zoneMinutes / 60), 2)):\(digits(Int64(zoneMinutes % 60), 2))"
        return local.description.prefix(19) + fraction + (zoneMinutes == 0 ? "Z" : zone)
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

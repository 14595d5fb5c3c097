internal import Core

extension SimulatedRun {
    /// `metadata` of `started` and `completed` (contract §4.5).
    func metadata(isEnd: Bool, into body: inout JSONWriter) {
        body.object("metadata") { metadata in
            metadata.object("parameters") { parameters(&$0) }
            metadata.object("workflow") { workflow in
                identityMembers(&workflow)
                times(isEnd: isEnd, &workflow)
                outcome(isEnd: isEnd, &workflow)
                surroundings(&workflow)
                workflow.object("container") { container in
                    for process in SimulatorPipeline.processes {
                        container.member(process.name, process.container)
                    }
                }
                let tally = isEnd ? SimulatedTally(of: plan) : SimulatedTally()
                workflow.object("stats") { tally.statistics(at: isEnd ? plan.end : plan.start, into: &$0) }
            }
        }
    }

    func parameters(_ parameters: inout JSONWriter) {
        parameters.member("input", "samplesheet.csv")
        parameters.member("outdir", "results")
        parameters.member("min_quality", 20)
        parameters.member("dedup", true)
        parameters.null("adapters")
    }

    func identityMembers(_ workflow: inout JSONWriter) {
        workflow.member("runName", name)
        workflow.member("sessionId", identity.sessionID)
        workflow.member("userName", identity.user)
        workflow.member("projectName", SimulatorPipeline.name)
        workflow.member("scriptName", "main.nf")
        workflow.member("scriptId", "5d41402abc4b2a76b9719d911017c592")
        workflow.member("repository", "https://github.com/\(SimulatorPipeline.name)")
        workflow.member("revision", "1.4.0")
        workflow.member("commitId", "9f2c1d7e5b3a48c6d0e1f2a3b4c5d6e7f8091a2b")
        workflow.member("resume", isResumed)
    }

    private func times(isEnd: Bool, _ workflow: inout JSONWriter) {
        workflow.key("start")
        Self.dateObject(plan.start, &workflow)
        workflow.key("complete")
        if isEnd {
            Self.dateObject(plan.end, &workflow)
        } else {
            workflow.null()
        }
        workflow.member("duration", isEnd ? plan.end - plan.start : nil)
    }

    func outcome(isEnd: Bool, _ workflow: inout JSONWriter) {
        let fatal = isEnd ? plan.fatal.map { plan.attempts[$0] } : nil
        workflow.member("success", isEnd && fatal == nil)
        let exit = fatal.map { $0.exit == SimulatedAttempt.unknownExit ? 1 : $0.exit }
        workflow.member("exitStatus", isEnd ? exit ?? 0 : nil)
        let process = fatal.map { SimulatorPipeline.processes[$0.process].name }
        workflow.member("errorMessage", fatal.map { _ in "Command error:\n  Killed" })
        workflow.member(
            "errorReport",
            process.map { "Error executing process > '\($0)'\n\nCaused by:\n  Killed" }
        )
    }

    func surroundings(_ workflow: inout JSONWriter) {
        let home = "/home/\(identity.user)"
        workflow.member(
            "commandLine",
            "nextflow run \(SimulatorPipeline.name)" + (isResumed ? " -resume" : "")
        )
        workflow.member("profile", "standard")
        workflow.member("homeDir", home)
        workflow.member("launchDir", "\(home)/projects/readmap")
        workflow.member("projectDir", "\(home)/.nextflow/assets/\(SimulatorPipeline.name)")
        workflow.member("workDir", "/scratch/work")
        workflow.member("containerEngine", "docker")
        workflow.array("configFiles") { $0.value("\(home)/projects/readmap/nextflow.config") }
        workflow.member("stubRun", false)
        workflow.object("nextflow") { nextflow in
            nextflow.member("version", dialect.version)
            nextflow.member("build", dialect.build)
            nextflow.member("timestamp", "2025-11-28T19:24:00Z")
            nextflow.object("enable") { $0.member("dsl", 2) }
        }
        workflow.object("manifest") { manifest in
            manifest.member("name", SimulatorPipeline.name)
            manifest.member("version", "1.4.0")
            manifest.member("description", "Maps reads and calls variants")
            manifest.member("mainScript", "main.nf")
            manifest.null("gitmodules")
        }
    }

    /// The bean form of a Java date, including zone names (contract §4.5).
    private static func dateObject(_ milliseconds: Int64, _ writer: inout JSONWriter) {
        let time = Timestamp(microseconds: milliseconds * 1000)
        let date = time.civilDate
        let second = Int((milliseconds / 1000) % 86_400)
        writer.object { object in
            object.member("year", date.year)
            object.member("monthValue", date.month)
            object.member("dayOfMonth", date.day)
            object.member("hour", second / 3600)
            object.member("minute", second / 60 % 60)
            object.member("second", second % 60)
            object.member("nano", Int(milliseconds % 1000) * 1_000_000)
            object.object("offset") { offset in
                offset.member("id", "Z")
                offset.member("totalSeconds", 0)
                offset.object("rules") { rules in
                    rules.array("transitions") { _ in }
                    rules.member("fixedOffset", true)
                    rules.array("transitionRules") { _ in }
                }
                offset.array("availableZoneIds") { zones in
                    for zone in ["UTC", "Etc/UTC", "Etc/GMT", "Zulu", "GMT", "Europe/London"] {
                        zones.value(zone)
                    }
                }
            }
        }
    }
}

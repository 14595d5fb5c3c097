internal import API
internal import Core

/// The responses of the counting endpoints; members are in the order of the contract, followed by Weir's own.
struct ProcessMetricsEncoder {
    private let now: Timestamp
    private let windowDays: WholeNumber?

    init(now: Timestamp, windowDays: WholeNumber?) {
        self.now = now
        self.windowDays = windowDays
    }

    /// An object with the common first members; `body` adds its own.
    func document(_ body: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 4096)
        writer.beginObject()
        writer.member("generated_at_utc", now)
        writer.key("window_days")
        if let windowDays { writer.raw(Array(windowDays.text.utf8)) } else { writer.null() }
        try body(&writer)
        writer.endObject()
        return writer.bytes
    }

    /// The data of the summary. Contract §2.2.
    struct Summary {
        let tallies: CompletionTallies
        let distinctRuns: Int64
        let memoryEfficiency: Double?
        let eventMix: [(event: String, rows: Int64)]
    }

    /// `summary`.
    func summary(_ summary: Summary, minSamples: Int64, limit: Int) -> [UInt8] {
        document { writer in
            writer.cards(summary)
            writer.array("event_mix") { list in
                for (event, rows) in summary.eventMix {
                    list.object {
                        $0.member("event", event)
                        $0.member("rows", rows)
                    }
                }
            }
            writer.array("top_failures") { list in
                for row in summary.tallies.processesByFailures(minSamples: minSamples, limit: limit) {
                    list.object { $0.failures(row, withSuccess: false) }
                }
            }
            writer.array("top_retries") { list in
                for row in summary.tallies.processesByRetries(minSamples: minSamples, limit: limit) {
                    list.object { $0.retries(row) }
                }
            }
            writer.array("top_failure_exit_codes") { list in
                for count in summary.tallies.exitCodes(limit: limit) {
                    list.object {
                        $0.member("exit_code", count.value.string)
                        $0.member("failures", count.failures)
                    }
                }
            }
        }
    }

    /// `retries`. Contract §2.3.
    func retries(_ tallies: CompletionTallies, minSamples: Int64, limit: Int) -> [UInt8] {
        document { writer in
            writer.retrySummary(tallies.total)
            writer.array("by_attempt") { list in
                for (attempt, tally) in tallies.attempts {
                    list.object {
                        $0.member("attempt", attempt)
                        $0.member("rows", tally.rows)
                        $0.member("success", tally.succeeded)
                        $0.member("failed", tally.failed)
                    }
                }
            }
            writer.array("by_process") { list in
                for row in tallies.processesByRetries(minSamples: minSamples, limit: limit) {
                    list.object {
                        $0.retries(row)
                        $0.member("max_attempt", row.tally.maxAttempt)
                    }
                }
            }
        }
    }

    /// `failures`. Contract §2.5, and `modal_error_action` of §3.
    func failures(_ tallies: CompletionTallies, minSamples: Int64, limit: Int) -> [UInt8] {
        let shown = tallies.processesByFailures(minSamples: minSamples, limit: limit)
        let modes = tallies.modes(of: shown)
        return document { writer in
            writer.array("rows") { list in
                for row in shown {
                    list.object {
                        $0.failures(row, withSuccess: true)
                        $0.member("modal_failure_exit_code", modes[row.process]?.exit?.string)
                        $0.member("modal_error_action", modes[row.process]?.action?.string)
                    }
                }
            }
        }
    }

    /// `failure-signatures`. Contract §2.6, and `error_action` of §3 when requested.
    func signatures(_ tallies: CompletionTallies, withAction: Bool, limit: Int) -> [UInt8] {
        document { writer in
            writer.array("rows") { list in
                for count in tallies.signatures(withAction: withAction, limit: limit) {
                    list.object {
                        $0.member("process", count.value.process.string)
                        $0.member("exit_code", count.value.exit.string)
                        $0.member("failures", count.failures)
                        if let action = count.value.errorAction {
                            $0.member("error_action", action == "" ? nil : action.string)
                        }
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func cards(_ summary: ProcessMetricsEncoder.Summary) {
        let total = summary.tallies.total
        object("cards") { cards in
            cards.member("process_completed_rows", total.rows)
            cards.member("distinct_runs", summary.distinctRuns)
            cards.member("distinct_processes", summary.tallies.processCount)
            cards.member("success_rows", total.succeeded)
            cards.member("failure_rows", total.failed)
            cards.member("failure_pct", total.failureShare?.value)
            cards.member("retried_rows", total.retried)
            cards.member("retry_pct", total.retryShare?.value)
            cards.member("retry_success_pct", total.retrySuccessShare?.value)
            cards.member("latest_process_completed_utc", total.lastUTC)
            cards.member("memory_efficiency_pct", summary.memoryEfficiency)
        }
    }

    fileprivate mutating func retrySummary(_ total: CompletionTally) {
        object("summary") { summary in
            summary.member("process_completed_rows", total.rows)
            summary.member("retried_rows", total.retried)
            summary.member("retried_pct", total.retryShare?.value)
            summary.member("retry_success_rows", total.retriedAndSucceeded)
            summary.member("retry_failure_rows", total.retriedAndFailed)
            summary.member("retry_success_pct", total.retrySuccessShare?.value)
        }
    }

    fileprivate mutating func failures(_ row: CompletionTallies.ProcessTally, withSuccess: Bool) {
        member("process", row.process.string)
        member("total_completed", row.tally.rows)
        if withSuccess { member("success", row.tally.succeeded) }
        member("failed", row.tally.failed)
        member("failure_pct", row.tally.failureShare?.value)
    }

    fileprivate mutating func retries(_ row: CompletionTallies.ProcessTally) {
        member("process", row.process.string)
        member("total_completed", row.tally.rows)
        member("retried", row.tally.retried)
        member("retried_pct", row.tally.retryShare?.value)
        member("retried_success", row.tally.retriedAndSucceeded)
        member("retried_failed", row.tally.retriedAndFailed)
    }
}

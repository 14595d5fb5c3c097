package import Core
import Outbound
package import WeirApp

/// Implements `weir runs cleanup-stale`: ends abandoned runs of one agent over HTTP, as a client. Contract §4.2.
package struct StaleRunsClient: Sendable {
    /// The server, the agent and the age.
    package struct Request: Sendable {
        package var server: RemoteServer
        package var agent: String
        package var staleAfter: Duration
        package var status: String

        /// Makes a request.
        package init(
            _ server: RemoteServer,
            agent: String,
            staleAfter: Duration,
            status: String
        ) {
            self.server = server
            self.agent = agent
            self.staleAfter = staleAfter
            self.status = status
        }
    }

    /// The result.
    package struct Outcome: Sendable {
        /// Runs that looked abandoned.
        package var found = 0
        /// Runs that were ended.
        package var cleaned = 0
        /// Runs that had ended meanwhile.
        package var endedMeanwhile = 0
        /// One sentence for each run that could not be ended.
        package var errors: [String] = []
        /// The event ids of the runs that looked abandoned.
        package var eventIDs: [String] = []
    }

    /// A run of the list.
    private struct Run {
        let eventID: String
        let createdAt: String
    }

    private static let pageSize = 1000
    private let request: Request

    /// Makes a client for one request.
    package init(_ request: Request) {
        self.request = request
    }

    /// Finds the runs and, unless it is a dry run, ends them. Blocks.
    ///
    /// - Throws: `StartError` when the list cannot be read.
    package func run(
        at now: Timestamp,
        isRehearsal: Bool,
        progress: (Int, Int) -> Void
    ) throws(StartError) -> Outcome {
        var outcome = Outcome()
        let runs = try list(createdBefore: now - request.staleAfter)
        outcome.found = runs.count
        outcome.eventIDs = runs.map(\.eventID)
        guard !isRehearsal else { return outcome }
        for (index, run) in runs.enumerated() {
            do throws(StartError) {
                if try isRunning(run.eventID) {
                    try end(run, at: now)
                    outcome.cleaned += 1
                } else {
                    outcome.endedMeanwhile += 1
                }
            } catch {
                outcome.errors.append("\(run.eventID): \(error.line)")
            }
            progress(index + 1, runs.count)
        }
        return outcome
    }

    // MARK: - Requests

    /// Reads all pages before anything is changed, since every change would move the following pages.
    private func list(createdBefore limit: Timestamp) throws(StartError) -> [Run] {
        var runs: [Run] = []
        var known: Set<String> = []
        var offset = 0
        while true {
            let query = [
                ("agent_name", request.agent), ("status", "running"),
                ("created_before", limit.iso8601(offset: .plusZero)), ("limit", String(Self.pageSize)),
                ("offset", String(offset)),
            ]
            let text = query.map { "\($0)=\(Self.percentEncoded($1))" }.joined(separator: "&")
            let answer = try ask("GET", "/api/v1/runs?\(text)")
            guard let root = try? JSONDocument(answer).root, root.kind == .array else {
                throw StartError(
                    "the server's list of runs is not a JSON array; is \(request.server.origin) a runs server?"
                )
            }
            let elements = Array(root.elements)
            let page = elements.compactMap { element -> Run? in
                guard let eventID = element["event_id"]?.string, known.insert(eventID).inserted else {
                    return nil
                }
                return Run(eventID: eventID, createdAt: element["created_at"]?.string ?? "")
            }
            runs += page
            // A page may be shorter than its limit: the server also bounds its bytes. One that brings nothing new is the
            // last, also of a server that ignores the offset.
            guard !page.isEmpty else { return runs }
            offset += elements.count
        }
    }

    /// Checks again, so that an end that the run reported meanwhile stays.
    private func isRunning(_ eventID: String) throws(StartError) -> Bool {
        let answer = try ask("GET", "/api/v1/runs/\(Self.percentEncoded(eventID))")
        return (try? JSONDocument(answer))?.root["status"]?.string == "running"
    }

    private func end(_ run: Run, at now: Timestamp) throws(StartError) {
        var body = JSONWriter()
        body.object { body in
            body.member("status", request.status)
            body.member("end_time", now.iso8601(offset: .plusZero))
            body.member("error_summary", "Stale run cleaned up on startup (created at \(run.createdAt))")
            body.member(
                "output_summary",
                "Process did not complete - marked as \(request.status) on restart"
            )
        }
        _ = try ask("PATCH", "/api/v1/runs/\(Self.percentEncoded(run.eventID))", body.bytes)
    }

    private func ask(_ method: String, _ path: String, _ body: [UInt8]? = nil) throws(StartError) -> [UInt8] {
        let answer: OutboundResponse
        do throws(OutboundError) {
            answer = try request.server.ask(method, path, body)
        } catch {
            throw StartError("no answer from \(request.server.origin): \(error)")
        }
        guard (200..<300).contains(answer.status) else {
            let detail = (try? JSONDocument(answer.body))?.root["detail"]?.string
            throw StartError("the server answered \(answer.status)\(detail.map { ": \($0)" } ?? "")")
        }
        return answer.body
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { encoded, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
            if isPlain || "-._~".unicodeScalars.contains(scalar) {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

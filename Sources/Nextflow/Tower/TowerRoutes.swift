package import API
internal import Core
internal import Dispatch
internal import HTTP
internal import Ingest
package import Journal

/// The endpoints that Nextflow's Tower client calls while a run goes on. Contract nextflow §5.3, §5.4, §10.
///
/// A refusal ends the user's run, so that there is none but the one for a wrong token: what cannot be read is kept as it
/// came. The answers need no PostgreSQL.
package struct TowerRoutes: Sendable {
    /// The most bytes of a body that are read on the lane; a larger one would delay its other connections.
    private static let laneBytes = 256 << 10

    private let largeCalls = DispatchQueue(label: "weir.nextflow.large-calls")
    private let journal: Journal
    private let metrics: NextflowMetrics?
    private let publicURL: String?
    private let configuration: TowerConfiguration
    private let refusals = TowerRefusals()

    /// Makes the routes; `publicURL` is where people reach this Weir, for the link that the client prints.
    package init(
        journal: Journal,
        metrics: NextflowMetrics? = nil,
        publicURL: String? = nil,
        configuration: TowerConfiguration = TowerConfiguration()
    ) {
        self.journal = journal
        self.configuration = configuration
        self.metrics = metrics
        self.publicURL = publicURL
    }

    /// All of them, for `TOWER_API_ENDPOINT=http://host:8000/tower`.
    package var all: [Endpoint] { endpoints(below: "/tower") }

    /// The same without a prefix, for a listener of their own: the listener profile `tower`.
    package var profile: [Endpoint] { endpoints(below: "") }

    private func endpoints(below prefix: String) -> [Endpoint] {
        [
            create(.create, prefix + "/trace/create"),
            call(.begin, .put, prefix + "/trace/{workflow_id}/begin"),
            call(.progress, .put, prefix + "/trace/{workflow_id}/progress"),
            call(.heartbeat, .put, prefix + "/trace/{workflow_id}/heartbeat"),
            call(.complete, .put, prefix + "/trace/{workflow_id}/complete"),
            call(.patch, .patch, prefix + "/workflow/{workflow_id}"),
            // Before 2020 the id was in the body.
            create(.create, prefix + "/trace/init"),
            oldCall(prefix + "/trace/workflow") { read in read.hasEnded ? .complete : .begin },
            oldCall(prefix + "/trace/task") { _ in .progress },
            oldCall(prefix + "/trace/alive") { _ in .heartbeat },
        ] + TowerInfoRoutes.endpoints(below: prefix)
    }

    // MARK: - Calls

    private func create(_ call: TowerCall, _ path: String) -> Endpoint {
        endpoint(
            .post,
            path,
            "Registers a run; answers with the id that its other calls have in their paths."
        ) {
            request in
            let read = await body(of: request)
            // Of a body that tells no run nothing is known but that a user's run has to go on.
            return await answer(call, read.workflowID ?? TowerWorkflowID.random(), read, request)
        }
    }

    private func oldCall(_ path: String, _ call: @escaping @Sendable (TowerBody) -> TowerCall) -> Endpoint {
        endpoint(.post, path, "Takes a call of a client from before 2020, which has its id in the body.") {
            request in
            let read = await body(of: request)
            let workflowID = read.toldWorkflowID ?? read.workflowID ?? "null"
            guard workflowID != "null" else {
                metrics?.runless()
                return acknowledgement(call(read), workflowID, nil, request)
            }
            return await answer(call(read), indexable(workflowID), read, request)
        }
    }

    private func call(_ call: TowerCall, _ method: Method, _ path: String) -> Endpoint {
        endpoint(method, path, Self.summaries[call] ?? "") { request in
            let workflowID = request.parameters["workflow_id"] ?? ""
            guard workflowID != "null", !workflowID.isEmpty else {
                // A client whose `create` has failed goes on like this. Contract §10 (1).
                metrics?.runless()
                return acknowledgement(call, workflowID, nil, request)
            }
            return await answer(call, indexable(workflowID), await body(of: request), request)
        }
    }

    private static let summaries: [TowerCall: String] = [
        .begin: "Takes what a run is, before its first task.",
        .progress: "Takes the tasks that have changed, and the counts of the run.",
        .heartbeat: "Takes a heartbeat, and the counts of the run.",
        .complete: "Takes how a run has ended.",
        .patch: "Takes the id of the run in the vendor's scheduler.",
    ]

    /// Reads a body, a large one away from the lane.
    private func body(of request: Request) async -> TowerBody {
        guard request.body.count > Self.laneBytes else { return TowerBody(request.body, configuration) }
        return await withCheckedContinuation { continuation in
            largeCalls.async { continuation.resume(returning: TowerBody(request.body, configuration)) }
        }
    }

    private func answer(
        _ call: TowerCall,
        _ workflowID: String,
        _ read: TowerBody,
        _ request: Request
    ) async -> Response {
        if read.text != nil { metrics?.unreadable() }
        let line = TowerLine(
            call: call,
            workflowID: workflowID,
            workspaceID: request.query.first("workspaceId").flatMap { Int64($0) },
            body: read.body,
            text: read.text
        )
        do throws(JournalError) {
            try await journal.append(kind: TowerLine.kind, body: line.bytes, mayUseReserve: true)
            return acknowledgement(call, workflowID, read.run, request)
        } catch {
            return refusal(call, workflowID, line, error)
        }
    }

    /// The answer to a call that the journal could not take: 503, so that the client sends it again; after a while 200 with
    /// `KO`, since the client would end the user's run. A `create` gets its id at once: the next call tells the run, too.
    private func refusal(
        _ call: TowerCall,
        _ workflowID: String,
        _ line: TowerLine,
        _ error: JournalError
    ) -> Response {
        var response = ErrorEnvelope.tower.response(to: error, storing: "call")
        if case .lineTooLarge = error {
            // It would never be taken.
        } else if refusals.shallComeAgain(call, NextflowKeys.body(line.bytes[...])) {
            // The client takes 507 for final.
            response.status = .serviceUnavailable
            return response
        }
        return lost(workflowID, "Weir could not store this call: see its log. The run goes on.")
    }

    /// 200 for a call that is not stored: the client would end the user's run for any other answer.
    private func lost(_ workflowID: String, _ message: String) -> Response {
        metrics?.lost()
        var writer = JSONWriter()
        writer.object { answer in
            answer.member("status", "KO")
            answer.member("message", message)
            answer.member("workflowId", workflowID)
        }
        return .json(writer.bytes)
    }

    private func acknowledgement(
        _ call: TowerCall,
        _ workflowID: String,
        _ run: TowerRun?,
        _ request: Request
    ) -> Response {
        var writer = JSONWriter()
        writer.object { answer in
            if call == .heartbeat { return answer.member("message", "OK") }
            if call != .create { answer.member("status", "OK") }
            answer.null("message")
            answer.member("workflowId", workflowID)
            if call == .create || call == .begin, let run, let link = link(to: run, request) {
                answer.member("watchUrl", link)
            }
        }
        return .json(writer.bytes)
    }

    /// Where a person sees the run.
    private func link(to run: TowerRun, _ request: Request) -> String? {
        let base = publicURL ?? Self.address(request.head.fields)
        let (id, name) = (LinkTemplate.encoded(value: run.id), LinkTemplate.encoded(value: run.name))
        return base.map { "\($0)/api/nextflow/runs/\(id)/\(name)" }
    }

    /// Where the client, or the proxy in front of Weir, was asked. A proxy's word is not checked: only its client sees it.
    private static func address(_ fields: HeaderFields) -> String? {
        // Of several proxies the first was asked.
        func first(_ name: String) -> String? { fields.list(name).first.map { String($0) } }
        guard let host = first("X-Forwarded-Host") ?? fields["Host"] else { return nil }
        let scheme = first("X-Forwarded-Proto")?.lowercased() == "https" ? "https" : "http"
        let prefix = (first("X-Forwarded-Prefix") ?? "").split(separator: "/").map { "/" + $0 }.joined()
        return "\(scheme)://\(host)\(prefix)"
    }

    // MARK: - Endpoints

    private func endpoint(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            overlong: { parameters in
                lost(
                    parameters["workflow_id"] ?? TowerWorkflowID.random(),
                    "Weir dropped this call: it is larger than WEIR_MAX_BODY. The run goes on."
                )
            },
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: "Tower",
                summary: summary,
                parameters: [Self.workspace],
                request: .any,
                answers: [APIAnswer(200, "The call is durable.", .named(TowerSchemas.acknowledgement))]
                    + APIAnswer.journalRefusals
            ),
            handler: .async(answer)
        )
    }

    private static let workspace = APIParameter(
        "workspaceId",
        .sentText,
        "The workspace that the client is configured for; kept with the run."
    )
}

extension ErrorEnvelope {
    /// `{"message": "…"}`, which Nextflow shows to its user. Contract nextflow §5.2.
    static let tower = ErrorEnvelope(schema: .named(TowerSchemas.failure)) { _, message in
        var writer = JSONWriter()
        writer.object { $0.member("message", message) }
        return writer.bytes
    }
}

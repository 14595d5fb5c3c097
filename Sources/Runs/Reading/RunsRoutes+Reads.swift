internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

// MARK: - Endpoints that read

extension RunsRoutes {
    var list: Endpoint {
        read("/api/v1/runs", "Runs, the newest first.", RunListParameters.all, answers: RunAnswers.list) {
            [reader, encoder, pageBytes] request in
            let query: RunListQuery
            do throws(RunListRefusal) {
                query = try RunListQuery(request.query)
            } catch {
                return error.response
            }
            let offers = RunsEncoder.Format.allCases.map(\.rawValue)
            let type = request.head.preferredMediaType(of: offers)
            let format = type.flatMap(RunsEncoder.Format.init) ?? .json
            let head = request.head
            return await reader.answer(.detail) { connection in
                let store = RunsStore(connection: connection)
                let limit = PageLimit(rows: query.limit, bytes: pageBytes)
                let page = try encoder.list(as: format, limit, isTraced: query.wantsTrace) { body in
                    try store.forEach(query, bytes: pageBytes, body)
                }
                var response = page.response
                response.fields.append("Vary", "Accept")
                if let next = page.next {
                    response.fields.append("Link", PageLink.next(head, next.text))
                    // A client that expects a full page and continues by `offset` must be able to see this.
                    if page.rows < query.limit { response.fields.append("Weir-Page-Rows", String(page.rows)) }
                }
                if query.wantsTotal {
                    response.fields.append("Weir-Total-Count", String(try store.count(query)))
                }
                return response
            }
        }
    }

    var detail: Endpoint {
        read(
            "/api/v1/runs/{event_id}",
            "One run.",
            [RunListParameters.trace],
            answers: RunAnswers.one
        ) { [reader, encoder] request in
            let isTraced: Bool
            do throws(RunListRefusal) {
                isTraced = try RunListQuery.wantsTrace(request.query)
            } catch {
                return error.response
            }
            let eventID = Self.eventID(request)
            return await reader.answer(.detail) { connection in
                guard let run = try RunsStore(connection: connection).fetchOne(eventID) else {
                    return Self.notFound(eventID)
                }
                return encoder.one(run, eventID, isTraced: isTraced)
            }
        }
    }

    var commitURL: Endpoint {
        let summary = "The web page of a run's commit."
        return run("/api/v1/runs/{event_id}/commit-url", summary, RunSchemas.commitLink) {
            [encoder] run in
            Self.link("commit_url", encoder.links.commit(run.gitCommitHash, in: run.gitRepo))
        }
    }

    var repositoryURL: Endpoint {
        let summary = "The web page of a run's repository."
        return run("/api/v1/runs/{event_id}/repo-url", summary, RunSchemas.repositoryLink) {
            [encoder] run in
            Self.link("repo_url", encoder.links.repository(run.gitRepo))
        }
    }

    /// Counts of runs, in the reference's format. Contract §1.3.
    ///
    /// No scope is required, but the names of agents are only for callers that may also read `/api/v1/metadata`; the
    /// requests of all others share one query at intervals, however many there are.
    var counts: Endpoint {
        let summary =
            "How many runs there are: in total, by agent (with the scope read), in the last 24 hours."
        let documentation = EndpointDocumentation(
            tag: Self.tag,
            summary: summary,
            answers: [RunAnswers.found(RunSchemas.counts)] + APIAnswer.storeRefusals
        )
        return Endpoint(
            .get,
            "/metrics",
            scope: nil,
            documentation: documentation,
            handler: .graded { [reader, sharedCounts, pageBytes] request, scopes in
                let since = request.receivedAt - .seconds(86_400)
                guard scopes.contains(.read) else {
                    return await sharedCounts.answer { await Self.counts(reader, since, nameBytes: nil) }
                }
                return await Self.counts(reader, since, nameBytes: pageBytes / 4)
            }
        )
    }

    /// The counts, with the names of as many agents as fit into `nameBytes`; nil for none.
    private static func counts(_ reader: StoreReader, _ since: Timestamp, nameBytes: Int?) async -> Response {
        await reader.answer(.detail) { connection in
            let store = RunsStore(connection: connection)
            let totals = try store.totals("agent_name")
            let counts = RunCountsAnswer(
                total: totals.runs,
                agents: try nameBytes.map { try store.counts("agent_name", bytes: $0) },
                agentsTotal: totals.names,
                recent: try store.countCreated(after: since)
            )
            return counts.response
        }
    }

    var metadataRoute: Endpoint {
        let answers = [RunAnswers.found(RunSchemas.names)]
        return read("/api/v1/metadata", "The names of agents and job types.", answers: answers) {
            [reader, metadata, pageBytes] _ in
            if let cached = metadata.current { return cached.response(isCached: true) }
            let ticket = metadata.begin()
            return await reader.answer(.detail) { connection in
                let names = try RunNames(RunsStore(connection: connection), bytes: pageBytes / 4)
                metadata.fill(names, ticket)
                return names.response(isCached: false)
            }
        }
    }

    var metadataField: Endpoint {
        let parameter = APIParameter.word("field", Self.namedFields, "The field whose values are listed.")
        return read(
            "/api/v1/metadata/{field}",
            "The names of one kind.",
            [parameter],
            answers: RunAnswers.ofOne(RunSchemas.fieldNames)
        ) { [reader, pageBytes] request in
            let field = request.parameters["field"] ?? ""
            guard Self.namedFields.contains(field) else {
                let text = "Unknown field: \(field). Ask for agent_name or job_type."
                return ErrorEnvelope.detail.response(.notFound, text)
            }
            return await reader.answer(.detail) { connection in
                let store = RunsStore(connection: connection)
                let names = try store.counts(field, bytes: pageBytes / 4).map(\.value)
                let total = try store.totals(field).names
                var writer = JSONWriter()
                writer.object { body in
                    body.member("field", field)
                    body.array("values") { list in
                        for name in names.sorted(by: RunNames.byBytes) { list.value(name) }
                    }
                    body.member("count", total)
                    if total > names.count { body.member("truncated", true) }
                }
                return .json(writer.bytes)
            }
        }
    }

    // MARK: - Pieces

    private func run(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        answer: @escaping @Sendable (RunsStore.StoredRun) -> Response
    ) -> Endpoint {
        read(path, summary, answers: RunAnswers.ofOne(schema)) {
            [reader] request in
            let eventID = Self.eventID(request)
            return await reader.answer(.detail) { connection in
                guard let run = try RunsStore(connection: connection).fetchOne(eventID) else {
                    return Self.notFound(eventID)
                }
                return answer(run)
            }
        }
    }

    private static func link(_ name: String, _ url: String?) -> Response {
        var writer = JSONWriter()
        writer.object { $0.member(name, url) }
        return .json(writer.bytes)
    }
}

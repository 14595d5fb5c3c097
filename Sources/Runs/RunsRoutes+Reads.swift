internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

// MARK: - Endpoints that read.

extension RunsRoutes {
    var list: Route {
        read(Self.prefix, "Runs, the newest first.", Self.listParameters, shape: .list(RunSchemas.run)) {
            [reader, encoder] request in
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
                let runs = try store.fetchAll(query)
                var response = encoder.list(runs.prefix(query.limit), as: format)
                response.fields.append("Vary", "Accept")
                if runs.count > query.limit, let last = runs.dropLast().last {
                    response.fields.append("Link", PageLink.next(head, last.cursor.text))
                }
                if query.wantsTotal {
                    response.fields.append("Weir-Total-Count", String(try store.count(query)))
                }
                return response
            }
        }
    }

    var detail: Route {
        run("/{event_id}", "One run.", shape: .object(RunSchemas.run)) { [encoder] run in encoder.one(run) }
    }

    var commitURL: Route {
        run("/{event_id}/commit-url", "The web page of a run's commit.", scope: .ingest) { [encoder] run in
            Self.link("commit_url", encoder.links.commit(run.gitCommitHash, in: run.gitRepo))
        }
    }

    var repositoryURL: Route {
        run("/{event_id}/repo-url", "The web page of a run's repository.", scope: .ingest) { [encoder] run in
            Self.link("repo_url", encoder.links.repository(run.gitRepo))
        }
    }

    /// Counts of runs, in the words of the reference. Contract §1.3.
    var counts: Route {
        let summary = "How many runs there are: in all, of each agent, of the last 24 hours."
        let documentation = RouteDocumentation(tag: Self.tag, summary: summary)
        return Route(
            .get,
            "/metrics",
            scope: nil,
            documentation: documentation,
            handler: .async { [reader] request in
                let since = request.receivedAt - .seconds(86_400)
                return await reader.answer(.detail) { connection in
                    let store = RunsStore(connection: connection)
                    return Self.counts(
                        try store.counts("agent_name"),
                        recent: try store.countCreated(after: since)
                    )
                }
            }
        )
    }

    var metadataRoute: Route {
        read("/api/v1/metadata", "The names of agents and job types.") { [reader, metadata] _ in
            if let cached = metadata.current { return cached.response(isCached: true) }
            let ticket = metadata.begin()
            return await reader.answer(.detail) { connection in
                let names = try RunNames(RunsStore(connection: connection))
                metadata.fill(names, ticket)
                return names.response(isCached: false)
            }
        }
    }

    var metadataField: Route {
        let summary = "The names of one kind: `agent_name` or `job_type`."
        return read("/api/v1/metadata/{field}", summary) { [reader] request in
            let field = request.parameters["field"] ?? ""
            guard ["agent_name", "job_type"].contains(field) else {
                let text = "Unknown field: \(field). Ask for agent_name or job_type."
                return ErrorEnvelope.detail.response(.notFound, text)
            }
            return await reader.answer(.detail) { connection in
                let names = try RunsStore(connection: connection).counts(field).map(\.value)
                var writer = JSONWriter()
                writer.object { body in
                    body.member("field", field)
                    body.array("values") { list in
                        for name in names.sorted(by: RunNames.byBytes) { list.value(name) }
                    }
                    body.member("count", names.count)
                }
                return .json(writer.bytes)
            }
        }
    }

    // MARK: - Pieces

    private func run(
        _ path: String,
        _ summary: String,
        scope: Scope = .read,
        shape: RouteDocumentation.Shape = .any,
        answer: @escaping @Sendable (RunsStore.StoredRun) -> Response
    ) -> Route {
        read(Self.prefix + path, summary, scope: scope, shape: shape) { [reader] request in
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

    private static func counts(_ agents: [(value: String, runs: Int64)], recent: Int64) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("total_runs", agents.reduce(Int64(0)) { $0 + $1.runs })
            body.object("agents") { list in
                for agent in agents { list.member(agent.value, agent.runs) }
            }
            body.member("recent_24h", recent)
            body.object("performance") { performance in
                performance.member("db_path", "postgresql")
                performance.member("journal_mode", "DELETE")
            }
        }
        return .json(writer.bytes)
    }

    private static var listParameters: [RouteDocumentation.Parameter] {
        let equal = RunListQuery.columns.map {
            RouteDocumentation.Parameter($0, "string", "Only runs with exactly this value.")
        }
        return equal + [
            .init("status", "string", "Only runs in this state: \(RunStatus.list)."),
            .init("created_before", "string", "Only runs created before this moment, ISO 8601."),
            .init("created_after", "string", "Only runs created after this moment, ISO 8601."),
            .init("start_time_from", "string", "Only runs that started at this moment or later, ISO 8601."),
            .init("start_time_to", "string", "Only runs that started at this moment or earlier, ISO 8601."),
            .init("api_posted", "boolean", "Only runs that were, or were not, posted elsewhere."),
            .init("limit", "integer", "How many, 1 to 1000; 100 by default."),
            .init("offset", "integer", "How many to skip; a cursor is faster."),
            .init("cursor", "string", "Where the page begins: from the `Link` field of the page before."),
            .init("total", "boolean", "Whether `Weir-Total-Count` says how many there are on all pages."),
        ]
    }
}

/// The `Link` field to the next page (RFC 8288).
enum PageLink {
    static func next(_ head: RequestHead, _ cursor: String) -> String {
        let kept = (head.rawQuery ?? "").split(separator: "&").filter { pair in
            !pair.hasPrefix("cursor=") && !pair.hasPrefix("offset=")
        }
        let query = (kept + ["cursor=\(cursor)"]).joined(separator: "&")
        return "<\(head.path)?\(query)>; rel=\"next\""
    }
}

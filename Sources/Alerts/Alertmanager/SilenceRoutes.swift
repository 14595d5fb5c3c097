internal import API
internal import Core
internal import HTTP
internal import Postgres

/// Silences in the form of Alertmanager's API v2; with a schedule they are maintenance windows.
struct SilenceRoutes: Sendable {
    /// For how long silences that are over are listed, as Alertmanager keeps them.
    private static let shown = Duration.seconds(120 * 3600)

    let surface: AlertsSurface
    let book: @Sendable (Connection) throws -> IncidentBook
    /// How many silences there may be that are not over.
    let most: Int

    var all: [Endpoint] { [list, store, detail, end] }

    private static let unknown = SurfaceForm.text(404, "There is no such silence.")

    private var list: Endpoint {
        surface.read(
            "/api/v2/silences",
            "Silences: first the active ones, then those that wait, then those that ended within five days.",
            [
                APIParameter(
                    AlertQuery.filter.name,
                    AlertQuery.filter.type,
                    "Only those with this matcher: `name=\"value\"`; repeated, with all of them."
                )
            ],
            answers: [
                APIAnswer(200, "The silences.", .list(.named(AlertmanagerSchemas.silence))),
                SurfaceForm.text(400, "The parameter is not valid."),
            ]
        ) { request, connection in
            let filter = try AlertQuery.matchers(request.query)
            let now = try book(connection).now
            let silences = try SilenceStore.fetch(endedWithin: Self.shown, on: connection).filter { silence in
                filter.allSatisfy { wanted in silence.matchers.contains { $0.isSame(as: wanted) } }
            }
            return AlertsSurface.json { json in
                json.array { list in
                    for silence in Self.sorted(silences, at: now) { silence.write(to: &list, at: now) }
                }
            }
        }
    }

    private var detail: Endpoint {
        surface.read(
            "/api/v2/silence/{id}",
            "One silence.",
            answers: [APIAnswer(200, "The silence.", .named(AlertmanagerSchemas.silence)), Self.unknown]
        ) { request, connection in
            guard let silence = try SilenceStore.fetch(try Self.id(request), on: connection) else {
                throw Self.notFound
            }
            let now = try book(connection).now
            return AlertsSurface.json { silence.write(to: &$0, at: now) }
        }
    }

    private var store: Endpoint {
        surface.write(
            .post,
            "/api/v2/silences",
            "Makes a silence, or changes one that is not over.",
            body: .named(AlertmanagerSchemas.newSilence),
            answers: [
                APIAnswer(
                    200,
                    "Its id: a new one where other matchers make it another silence.",
                    .named(AlertmanagerSchemas.stored)
                ),
                SurfaceForm.text(400, "A member is not valid, or there are too many silences."),
                Self.unknown,
            ]
        ) { request, connection in
            let body = try SilenceBody(Self.object(request))
            let id = try keep(body, on: connection)
            return AlertsSurface.json { $0.object { $0.member("silenceID", id) } }
        }
    }

    private var end: Endpoint {
        surface.write(
            .delete,
            "/api/v2/silence/{id}",
            "Ends a silence; what it held back is told then.",
            answers: [
                APIAnswer(200, "It is over.", contents: []), Self.unknown,
            ]
        ) { request, connection in
            let id = try Self.id(request)
            if try !SilenceStore.end(id, on: connection), try SilenceStore.fetch(id, on: connection) == nil {
                throw Self.notFound
            }
            return Response(status: .ok)
        }
    }

    // MARK: - Storing

    /// Stores a silence; one with other matchers than before is another one, as in Alertmanager.
    private func keep(_ body: SilenceBody, on connection: Connection) throws -> UUID128 {
        let now = try book(connection).now
        guard body.endsAt > now else {
            throw OperatorFailure(.badRequest, "silence invalid: endsAt: the end is in the past")
        }
        let known = try body.id.map { id in
            guard let known = try SilenceStore.lock(id, on: connection) else { throw Self.notFound }
            return known
        }
        if let known, known.endsAt > now {
            if known.hasMatchers(body.matchers) {
                let begin = known.startsAt <= now ? known.startsAt : max(body.startsAt, now)
                try SilenceStore.store(body.silence(known.id, from: begin, known), on: connection)
                return known.id
            }
            _ = try SilenceStore.end(known.id, on: connection)
        } else if try SilenceStore.count(on: connection) >= most {
            throw OperatorFailure(
                .badRequest,
                "there are \(most) silences: end some, or raise WEIR_ALERTS_SILENCES"
            )
        }
        let id = UUID128.random()
        try SilenceStore.store(body.silence(id, from: max(body.startsAt, now), known), on: connection)
        return id
    }

    // MARK: - Pieces

    private static let notFound = OperatorFailure(.notFound, "silence not found")

    private static func id(_ request: Request) throws(OperatorFailure) -> UUID128 {
        guard let id = UUID128(request.parameters["id"] ?? "") else { throw notFound }
        return id
    }

    /// The body; one of another shape is 400, which `amtool` explains.
    private static func object(_ request: Request) throws(OperatorFailure) -> JSONNode {
        do throws(OperatorFailure) {
            return try AlertsSurface.object(request)
        } catch {
            guard error.status == .unprocessableContent else { throw error }
            throw OperatorFailure(.badRequest, error.message)
        }
    }

    private static func sorted(_ silences: [Silence], at now: Timestamp) -> [Silence] {
        silences.sorted { left, right in
            let (first, second) = (left.state(at: now), right.state(at: now))
            guard first == second else { return first.order < second.order }
            return switch first {
            case .active: left.endsAt < right.endsAt
            case .pending: left.startsAt < right.startsAt
            case .expired: left.endsAt > right.endsAt
            }
        }
    }
}

extension Silence.State {
    fileprivate var order: Int {
        switch self {
        case .active: 0
        case .pending: 1
        case .expired: 2
        }
    }
}

extension Silence {
    /// Alertmanager's members, then Weir's own of a maintenance window.
    func write(to writer: inout JSONWriter, at now: Timestamp) {
        writer.object { object in
            object.member("id", id)
            object.object("status") { $0.member("state", state(at: now).rawValue) }
            object.member("updatedAt", updatedAt.inMilliseconds)
            object.member("comment", comment)
            object.member("createdBy", createdBy)
            object.member("endsAt", endsAt.inMilliseconds)
            object.array("matchers") { list in
                for matcher in matchers { matcher.write(to: &list) }
            }
            object.member("startsAt", startsAt.inMilliseconds)
            guard let window else { return }
            object.member("schedule", window.schedule)
            object.member("timeZone", window.timeZone ?? "UTC")
            object.member("lasting", Int(window.lasting / .seconds(1)))
        }
    }
}

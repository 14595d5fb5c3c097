internal import API
internal import Core
internal import Crypto
internal import HTTP
internal import Ingest
internal import Journal
internal import OpenTelemetry

// MARK: - Endpoints that write. Each writes one line of the journal, and answers when its rows are stored. Design §1.

extension ExecutionRoutes {
    private typealias Member = ExecutionLine.Member

    var create: Endpoint {
        write(
            .post,
            Self.root,
            "Registers an execution: the backend that submits it says so before. A repeated request finds the first.",
            body: ExecutionSchemas.new,
            limiter: limiter,
            answers: ExecutionAnswers.created
        ) { request throws(OperatorFailure) in
            let document = try BodyReader.document(request)
            let minted = UUID128.timeOrdered(at: request.receivedAt)
            let execution = try ExecutionDecoder.execution(
                document.root,
                uuid: minted,
                at: request.receivedAt
            )
            let key = try Self.key(request)
            let fields = request.head.fields
            let sent = SentTrace(header: fields.values("traceparent"), states: fields.values("tracestate"))
            self.traceContexts.count(sent)
            let members = LineMembers.present([
                (Member.execution, execution.uuid.description), (Member.digest, Self.digest(request.body)),
                (Member.key, key), (Member.request, Self.requestID(request)),
                (Member.traceParent, sent.context?.parent.description),
                (Member.traceState, sent.context?.state?.header),
            ])
            switch try await self.append(.create, members, document) {
            case .created(let execution): return Self.whole(execution, .created)
            case .repeated(let execution): return Self.whole(execution)
            case .conflict(let message): throw OperatorFailure(.conflict, message)
            case .changed, .observed, .notFound: throw Self.notFound
            }
        }
    }

    var patch: Endpoint {
        write(
            .patch,
            Self.root + "/{id}",
            "Changes an execution by the members that are sent: its status, its axes, its run record.",
            body: ExecutionSchemas.change,
            answers: ExecutionAnswers.changed
        ) { request throws(OperatorFailure) in
            let id = try Self.id(request)
            let document = try BodyReader.document(request)
            _ = try ExecutionDecoder.change(document.root)
            let members = LineMembers.present([
                (Member.execution, id.description), (Member.request, Self.requestID(request)),
            ])
            switch try await self.append(.patch, members, document) {
            case .changed(let execution): return Self.json { ExecutionEncoder.read(execution, to: &$0) }
            case .conflict(let message): throw OperatorFailure(.conflict, message)
            case .created, .repeated, .observed, .notFound: throw Self.notFound
            }
        }
    }

    var observe: Endpoint {
        write(
            .post,
            Self.root + "/{id}/observations",
            "Keeps what was seen of an execution; the newest observation of an axis moves it.",
            body: ExecutionSchemas.newObservation,
            answers: ExecutionAnswers.observed
        ) { request throws(OperatorFailure) in
            let id = try Self.id(request)
            let document = try BodyReader.document(request)
            let minted = UUID128.timeOrdered(at: request.receivedAt)
            _ = try ExecutionDecoder.observation(document.root, uuid: minted, at: request.receivedAt)
            let members = LineMembers.present([
                (Member.execution, id.description), (Member.observation, minted.description),
                (Member.request, Self.requestID(request)),
            ])
            switch try await self.append(.observation, members, document) {
            case .observed(let seen, of: let execution):
                return Self.json(.created) { ExecutionPart.write(seen, of: execution, to: &$0) }
            case .conflict(let message): throw OperatorFailure(.conflict, message)
            case .created, .repeated, .changed, .notFound: throw Self.notFound
            }
        }
    }

    // MARK: - Lines

    private func append(
        _ kind: ExecutionLine.Kind,
        _ members: LineMembers,
        _ document: JSONDocument
    ) async throws(OperatorFailure) -> ExecutionOutcome {
        let outcome: ExecutionsProjection.Board.Outcome
        do throws(JournalError) {
            outcome = try await board.append(
                to: journal,
                kind: kind.rawValue,
                members: members,
                body: BodyReader.line(document)
            )
        } catch {
            throw OperatorFailure(storing: error)
        }
        switch outcome {
        case .applied(let outcome): return outcome
        case .pending(let delay): throw OperatorFailure(later: delay)
        case .refused:
            throw OperatorFailure(
                .internalServerError,
                "PostgreSQL refused it. It is kept as a dead letter: see `weir dead-letters list`."
            )
        }
    }

    /// 1 to 128 visible characters of ASCII. Contract beampipe §6.8.
    private static func key(_ request: Request) throws(OperatorFailure) -> String? {
        guard let key = request.head.fields["Idempotency-Key"] else { return nil }
        let isSane = (1...128).contains(key.utf8.count) && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isSane else {
            throw .invalid([
                .init(
                    "Idempotency-Key",
                    "invalid",
                    "is not 1 to 128 visible ASCII characters without blanks"
                )
            ])
        }
        return key
    }

    /// Of a body without the blanks around it.
    static func digest(_ body: [UInt8]) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let start = body.firstIndex { !isBlank($0) } ?? body.endIndex
        let end = body.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return Hex.encode(SHA256.hash(data: body[start..<end]))
    }

    private static func requestID(_ request: Request) -> String? { request.id.isEmpty ? nil : request.id }
}

extension OperatorFailure {
    /// The line could not be made durable.
    fileprivate init(storing error: JournalError) {
        switch error {
        case .diskFull:
            self.init(
                .insufficientStorage,
                "The disk of the journal is full: the request was not stored.",
                retryAfter: 1
            )
        case .lineTooLarge:
            self.init(.contentTooLarge, "The request is larger than a line of the journal may be.")
        default:
            self.init(
                .serviceUnavailable,
                "The journal cannot be written at the moment: the request was not stored. Send it again.",
                retryAfter: 1
            )
        }
    }

    /// The line is durable and not applied yet; repeating it does no harm.
    fileprivate init(later delay: Delay) {
        let why =
            switch delay {
            case .away:
                "The database cannot be reached at the moment. The request is kept and will be applied; "
            case .slow: "The database is still busy with it. The request is kept and is being applied; "
            case .stopped: "Loading has stopped: see Weir's log. The request is kept and will be applied; "
            }
        self.init(
            .serviceUnavailable,
            why + "repeat it to learn its outcome.",
            systemAction: "The request is kept in the journal.",
            retryAfter: 1
        )
    }
}

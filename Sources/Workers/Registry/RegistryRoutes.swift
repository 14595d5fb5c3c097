internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// The endpoints of the registry: worker pools, servers and brokers. Contract noetl §2.
struct RegistryRoutes: Sendable {
    let journal: Journal
    let registry: ComponentRegistry
    let ids: Snowflake
    /// Whether a heartbeat registers an unknown pool.
    let adopts: Bool
    /// In seconds.
    let retryAfter: Int
    /// The most components that register by themselves.
    let mostAdopted: Int

    var all: [Endpoint] {
        [
            registerPool, heartbeat, deregisterPool(.delete), deregisterPool(.post), registerRuntime,
            deregisterRuntime,
        ]
    }

    // MARK: - Registering

    private var registerPool: Endpoint {
        endpoint(
            .post,
            "/api/worker/pool/register",
            "Registers a worker pool, or changes its registration.",
            .named(WorkersSchemas.registration),
            [APIAnswer(200, "It is registered.", .named(WorkersSchemas.registered)), WorkersSchemas.invalid]
        ) { request in
            await register(request, default: .workerPool, mayNameType: false)
        }
    }

    private var registerRuntime: Endpoint {
        endpoint(
            .post,
            "/api/runtime/register",
            "Registers a server, a broker or a worker pool.",
            .named(WorkersSchemas.registration),
            [
                APIAnswer(200, "It is registered.", .named(WorkersSchemas.registered)),
                .refusal(400, "A server or a broker needs an address."), WorkersSchemas.invalid,
            ]
        ) { request in
            await register(request, default: .serverAPI, mayNameType: true)
        }
    }

    private func register(_ request: Request, default type: ComponentType, mayNameType: Bool) async
        -> Response
    {
        let document: JSONDocument
        let registration: Registration
        do throws(ValidationIssues) {
            document = try WorkersDocument.read(request.body)
            registration = try RegistrationDecoder.registration(
                document.root,
                default: type,
                mayNameType: mayNameType
            )
        } catch {
            return ValidationDialect.pydantic2.response(error)
        }
        if registration.key.type != .workerPool, registration.address == nil {
            return ErrorEnvelope.detail.response(
                .badRequest,
                "uri is required for \(registration.key.type.rawValue) components"
            )
        }
        let component = await component(registration.key)
        if let refusal = await append(.register, component, document) { return refusal }
        registry.learn(component)
        return RegistryEncoder.registered(registration, component)
    }

    /// The registered component, or a new one; while PostgreSQL is away a known one may get a second id, which the
    /// loader replaces by the first.
    private func component(_ key: ComponentKey) async -> Component {
        if case .found(let known) = await registry.find(key) { return known }
        return Component(key: key, id: ids.mint())
    }

    // MARK: - Heartbeats

    private var heartbeat: Endpoint {
        endpoint(
            .post,
            "/api/worker/pool/heartbeat",
            "Says that a worker pool is alive; an offline one is ready again.",
            .named(WorkersSchemas.heartbeat),
            [
                APIAnswer(200, "It is known.", .named(WorkersSchemas.registered)),
                APIAnswer(
                    404,
                    "It is not registered.",
                    .named(WorkersSchemas.unknownPool),
                    headers: [.retryAfter]
                ),
                WorkersSchemas.invalid,
            ]
        ) { request in
            await beat(request)
        }
    }

    private func beat(_ request: Request) async -> Response {
        // Python's server took a heartbeat without a readable body for that of nobody.
        guard let document = try? WorkersDocument.read(request.body),
            let name = RegistrationDecoder.text(document.root["name"])
        else { return RegistryEncoder.beat(nil) }
        if document.root["registration"]?.kind == .object || document.root["runtime"] != nil {
            return await recreate(document, name)
        }
        let key = ComponentKey(type: .workerPool, name: name)
        switch await registry.find(key) {
        case .found(let component):
            return await append(.heartbeat, component, document) ?? RegistryEncoder.beat(component)
        case .unavailable where !adopts: return WorkersRoutes.unavailable
        case .unknown, .unavailable:
            guard adopts, registry.count < mostAdopted else { return unknown(name) }
            let component = Component(key: key, id: ids.mint())
            if let refusal = await append(.heartbeat, component, document) { return refusal }
            registry.learn(component)
            return RegistryEncoder.recreated(component, runtime: "unknown")
        }
    }

    /// A heartbeat that brings a registration; the name of the registration counts.
    private func recreate(_ document: JSONDocument, _ name: String) async -> Response {
        let sent = document.root["registration"].flatMap { $0.kind == .object ? $0 : nil } ?? document.root
        let registration: Registration
        do throws(ValidationIssues) {
            registration = try RegistrationDecoder.registration(
                sent,
                default: .workerPool,
                mayNameType: false
            )
        } catch {
            return ValidationDialect.pydantic2.response(error)
        }
        if case .found(let component) = await registry.find(ComponentKey(type: .workerPool, name: name)) {
            return await append(.heartbeat, component, document) ?? RegistryEncoder.beat(component)
        }
        guard adopts else { return unknown(name) }
        let component = await component(registration.key)
        let line = WorkersDocument.line(document, part: sent)
        if let refusal = await append(.register, component, body: line) { return refusal }
        registry.learn(component)
        return RegistryEncoder.recreated(component, runtime: registration.runtimeType)
    }

    private func unknown(_ name: String) -> Response {
        var response = WorkersRoutes.object(.notFound) { answer in
            answer.object("detail") { detail in
                detail.member("status", "unknown")
                detail.member("name", name)
            }
        }
        response.fields.append("Retry-After", String(retryAfter))
        return response
    }

    // MARK: - Leaving

    private func deregisterPool(_ method: Method) -> Endpoint {
        endpoint(
            method,
            "/api/worker/pool/deregister",
            "Marks a worker pool as offline.",
            .named(WorkersSchemas.name),
            [
                APIAnswer(200, "It is offline, or unknown.", .named(WorkersSchemas.deregistered)),
                .refusal(400, "The name is missing."), WorkersSchemas.invalid,
            ]
        ) { request in
            await deregister(request, default: .workerPool, mayNameType: false)
        }
    }

    private var deregisterRuntime: Endpoint {
        endpoint(
            .delete,
            "/api/runtime/deregister",
            "Marks a server, a broker or a worker pool as offline.",
            .named(WorkersSchemas.name),
            [
                APIAnswer(200, "It is offline, or unknown.", .named(WorkersSchemas.deregistered)),
                .refusal(400, "The name is missing."), WorkersSchemas.invalid,
            ]
        ) { request in
            await deregister(request, default: .serverAPI, mayNameType: true)
        }
    }

    private func deregister(_ request: Request, default type: ComponentType, mayNameType: Bool) async
        -> Response
    {
        let document: JSONDocument
        do throws(ValidationIssues) {
            document = try WorkersDocument.read(request.body)
        } catch {
            return ValidationDialect.pydantic2.response(error)
        }
        guard let name = RegistrationDecoder.text(document.root["name"]) else {
            return ErrorEnvelope.detail.response(.badRequest, "name is required")
        }
        let named = mayNameType ? document.root["component_type"] ?? document.root["kind"] : nil
        let key = ComponentKey(type: named?.string.flatMap(ComponentType.init) ?? type, name: name)
        guard case .found(let component) = await registry.find(key) else {
            return RegistryEncoder.deregistered(key, nil)
        }
        return await append(.deregister, component, document) ?? RegistryEncoder.deregistered(key, component)
    }

    // MARK: - Pieces

    private func endpoint(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ request: APIType,
        _ answers: [APIAnswer],
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: summary,
                request: request,
                answers: answers + APIAnswer.journalRefusals
            ),
            handler: .async(answer)
        )
    }

    private func append(_ kind: WorkersLine.Kind, _ component: Component, _ document: JSONDocument) async
        -> Response?
    {
        await append(kind, component, body: WorkersDocument.line(document))
    }

    /// - Returns: the error when the line is not durable.
    private func append(_ kind: WorkersLine.Kind, _ component: Component, body: [UInt8]) async -> Response? {
        do throws(JournalError) {
            try await journal.append(kind: kind.rawValue, members: WorkersLine.members(component), body: body)
            return nil
        } catch {
            return ErrorEnvelope.detail.response(to: error, storing: "registration")
        }
    }
}

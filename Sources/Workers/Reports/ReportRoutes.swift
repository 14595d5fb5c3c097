internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// The endpoint that takes metrics. Contract noetl §1.2.
struct ReportRoutes: Sendable {
    let registry: ComponentRegistry
    let writer: ReportWriter
    let ids: Snowflake
    let limits: ReportLimits
    let identities: MetricIdentities
    /// Whether a report registers an unknown component.
    let adopts: Bool
    /// With as many components, unknown ones stay unknown.
    let mostAdopted: Int

    /// Why a report is not taken.
    private enum Refusal: Error {
        case invalid(ValidationIssues)
        case unnamed
        case unknown(String)
        case unavailable
        case notStored(JournalError)
    }

    var report: Endpoint {
        Endpoint(
            .post,
            "/api/metrics/report",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: "Stores the metrics of a component: all of a report, or none.",
                request: .named(WorkersSchemas.report),
                answers: [
                    APIAnswer(200, "They are durable.", .named(WorkersSchemas.reported)),
                    .refusal(400, "Neither the component's id nor its name is given."),
                    .refusal(404, "The component is not registered."),
                    WorkersSchemas.invalid,
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { request in
                do throws(Refusal) {
                    return try await take(request)
                } catch {
                    return Self.response(to: error)
                }
            }
        )
    }

    private func take(_ request: Request) async throws(Refusal) -> Response {
        let document: JSONDocument
        var report: MetricReport
        do throws(ValidationIssues) {
            guard request.head.declaresJSON else { throw [ValidationIssue([.name("body")], .notARecord)] }
            document = try WorkersDocument.read(request.body)
            report = try ReportDecoder.report(document, limits, identities)
        } catch {
            throw .invalid(error)
        }
        report.trace = request.head.fields["traceparent"].flatMap(Exemplar.init(traceparent:))
        let component = try await component(of: report)
        do throws(JournalError) {
            let outcome = try await writer.write(
                report,
                of: component,
                line: WorkersDocument.line(document),
                arrivedAt: request.receivedAt
            )
            return Self.accepted(component, outcome)
        } catch {
            throw .notStored(error)
        }
    }

    private func component(of report: MetricReport) async throws(Refusal) -> Component {
        if let id = report.runtimeID {
            switch await registry.find(id: id) {
            case .found(let component): return component
            case .unknown: throw .unknown("Runtime \(id) not found in runtime registry")
            case .unavailable: throw .unavailable
            }
        }
        guard let name = report.componentName else { throw .unnamed }
        switch await registry.find(named: name, preferring: report.componentType) {
        case .found(let component): return component
        case .unavailable where !adopts: throw .unavailable
        case .unknown, .unavailable:
            guard adopts, registry.count < mostAdopted else {
                throw .unknown("Component '\(name)' not found in runtime registry")
            }
            let key = ComponentKey(type: report.componentType ?? .workerPool, name: name)
            return Component(key: key, id: ids.mint())
        }
    }

    // MARK: - Answers

    private static func accepted(_ component: Component, _ outcome: ReportWriter.Outcome) -> Response {
        WorkersRoutes.object { answer in
            answer.member("status", "ok")
            answer.member("runtime_id", component.id)
            answer.member("metrics_inserted", outcome.inserted)
            if outcome.dropped > 0 { answer.member("metrics_dropped", outcome.dropped) }
        }
    }

    private static func response(to refusal: Refusal) -> Response {
        switch refusal {
        case .invalid(let issues): return ValidationDialect.pydantic2.response(issues)
        case .unnamed:
            return ErrorEnvelope.detail.response(
                .badRequest,
                "Either runtime_id or component_name must be provided"
            )
        case .unknown(let message): return ErrorEnvelope.detail.response(.notFound, message)
        case .unavailable: return WorkersRoutes.unavailable
        case .notStored(let error): return ErrorEnvelope.detail.response(to: error, storing: "report")
        }
    }
}

internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// Makes this server report its metrics under a component. Contract noetl §1.4.
struct SelfReportRoutes: Sendable {
    static let componentName = APIParameter.text("component_name", "The component; this server by default.")

    let server: ServerComponent
    let metrics: ServerMetrics
    let registry: ComponentRegistry
    let writer: ReportWriter

    var selfReport: Endpoint {
        Endpoint(
            .post,
            "/api/metrics/self-report",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: "Stores metrics of this server under a component. A body is ignored.",
                parameters: [Self.componentName],
                answers: [
                    APIAnswer(200, "They are durable.", .named(WorkersSchemas.selfReported)),
                    .refusal(404, "The component is not registered."), WorkersSchemas.invalid,
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { await answer($0) }
        )
    }

    private func answer(_ request: Request) async -> Response {
        var parameters = ParameterReader(request.query)
        let sent = parameters.text(Self.componentName)
        do throws(ValidationIssues) {
            try parameters.finish()
        } catch {
            return ValidationDialect.pydantic2.response(error)
        }
        let own = server.key.name
        let name = sent.flatMap { $0.isEmpty ? nil : $0 } ?? own
        var finding = await registry.find(named: name, preferring: .serverAPI)
        if finding == .unknown, name == ServerComponent.alias { finding = await registry.find(server.key) }
        switch finding {
        case .found(let component): return await report(component)
        case .unavailable: return WorkersRoutes.unavailable
        case .unknown:
            return ErrorEnvelope.detail.response(
                .notFound,
                "Component '\(name)' not found in runtime registry"
            )
        }
    }

    private func report(_ component: Component) async -> Response {
        do throws(JournalError) {
            let now = Timestamp.now()
            let report = MetricReport(
                runtimeID: nil,
                componentName: component.key.name,
                componentType: component.key.type,
                metrics: metrics.metrics(at: now, labels: .none)
            )
            let outcome = try await writer.write(report, of: component, line: report.line, arrivedAt: now)
            return WorkersRoutes.object { answer in
                answer.member("status", "ok")
                answer.member("component_name", component.key.name)
                answer.member("runtime_id", component.id)
                answer.member("metrics_reported", outcome.inserted)
            }
        } catch {
            return ErrorEnvelope.detail.response(to: error, storing: "report")
        }
    }
}

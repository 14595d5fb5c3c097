internal import API
internal import Core
internal import HTTP

/// The endpoint that Prometheus scrapes. Contract noetl §1.5.
struct ExportRoutes: Sendable {
    static let window = APIParameter.integer(
        "window",
        1...3600,
        default: 300,
        "How many seconds after its arrival a sample is shown; series are forgotten after an hour."
    )
    static let names = APIParameter(
        "name[]",
        .list(.text),
        "The name of a metric, or of a line; repeat it for several."
    )
    static let selectors = APIParameter(
        "match[]",
        .list(.text),
        "A selector as Prometheus takes it: `up{job=~\"a.*\"}`; repeat it for several."
    )

    let latest: LatestValues
    let groups: PushGroups
    /// How many steps the patterns of one scrape may try.
    let selectorSteps: Int

    var prometheus: Endpoint {
        Endpoint(
            .get,
            "/api/metrics/prometheus",
            scope: .read,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary:
                    "The latest value of each series that arrived within five minutes or was pushed, for Prometheus.",
                parameters: [
                    MetricsRoutes.runtimeID, MetricsRoutes.componentName, Self.window, Self.names,
                    Self.selectors,
                ],
                answers: [
                    APIAnswer(
                        200,
                        "The series.",
                        contents: [.init("text/plain", .text), .init("application/openmetrics-text", .text)]
                    ),
                    WorkersSchemas.invalid,
                ]
            ),
            handler: .async { [latest, groups, selectorSteps] request in
                do throws(ValidationIssues) {
                    groups.expire(at: request.receivedAt)
                    var export = try Self.export(request)
                    export.mostWork = selectorSteps
                    return try Self.answer(request, export, latest)
                } catch {
                    return ValidationDialect.pydantic2.response(error)
                }
            }
        )
    }

    private static func export(_ request: Request) throws(ValidationIssues) -> MetricsExport {
        var reader = ParameterReader(request.query)
        var export = MetricsExport(
            componentID: MetricsRoutes.identifier(&reader),
            componentName: reader.text(MetricsRoutes.componentName)
        )
        export.window = .seconds(reader.count(window))
        try reader.finish()
        export.names = Set(request.query.all(names.name).map { Array($0.utf8) })
        for text in request.query.all(selectors.name) {
            do throws(SeriesSelector.SyntaxError) {
                export.selectors.append(try SeriesSelector(text))
            } catch {
                throw [ValidationIssue([.name("query"), .name(selectors.name)], .rule(error.message))]
            }
        }
        export.format = ExpositionFormat(for: request.head)
        return export
    }

    private static func answer(_ request: Request, _ export: MetricsExport, _ latest: LatestValues)
        throws(ValidationIssues) -> Response
    {
        let bytes: [UInt8]
        do throws(MetricsExport.TooMuchWork) {
            bytes = try export.render(latest, at: request.receivedAt)
        } catch {
            let advice =
                "the patterns take too long: use fewer or simpler ones, or raise WEIR_EXPORT_SELECTOR_STEPS"
            throw [ValidationIssue([.name("query"), .name(selectors.name)], .rule(advice))]
        }
        return Response(
            status: .ok,
            fields: ["Content-Type": export.format.contentType, "Vary": "Accept"],
            body: .bytes(bytes)
        )
    }
}

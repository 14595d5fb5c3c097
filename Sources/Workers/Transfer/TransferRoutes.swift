internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import Postgres

/// The endpoints that move stored samples in bulk. Contract noetl §7.7.
struct TransferRoutes: Sendable {
    let reader: StoreReader
    let pool: Pool
    let keep: Duration
    let importer: SampleImporter

    private static let format = APIParameter.word(
        "format",
        TransferFormat.allCases.map(\.rawValue),
        "prometheus: text with times; jsonl: lines for VictoriaMetrics; csv: a table. Without it the media type decides."
    )
    private static let start = APIParameter.time("start", "The earliest time of samples.")
    private static let end = APIParameter.time("end", "The latest time of samples.")

    var all: [Endpoint] { [export, receive] }

    private var export: Endpoint {
        .reading(
            "/api/metrics/export",
            tag: WorkersRoutes.tag,
            "All stored samples, as a stream; times are in milliseconds.",
            [
                Self.format, Self.start, Self.end, MetricsRoutes.runtimeID, MetricsRoutes.componentName,
                QueryRoutes.metricName,
            ],
            answers: [
                APIAnswer(
                    200,
                    "The samples, by component and then in the order in which they are stored.",
                    contents: TransferFormat.allCases.map { APIAnswer.Content($0.mediaType, .text) }
                ),
                WorkersSchemas.invalid,
            ],
            from: reader,
            reading: { reader in
                ExportQuery(
                    format: reader.word(Self.format).flatMap(TransferFormat.init),
                    from: Self.moment(Self.start, &reader) ?? .earliest,
                    to: Self.moment(Self.end, &reader) ?? .latest,
                    componentID: MetricsRoutes.identifier(&reader),
                    componentName: reader.text(MetricsRoutes.componentName),
                    metricName: reader.text(QueryRoutes.metricName)
                )
            },
            answer: { [pool, keep] request, query, connection in
                let components = try StoredBlocksStore.fetchComponents(
                    id: query.componentID,
                    name: query.componentID == nil ? query.componentName : nil,
                    on: connection
                )
                let format = query.format ?? TransferFormat(accepted: request.head)
                let export = SampleExport(
                    query,
                    as: format,
                    of: components,
                    pool: pool,
                    keep: keep,
                    now: request.receivedAt
                )
                return Response(
                    status: .ok,
                    fields: ["Content-Type": format.contentType],
                    body: .stream(ByteStream { try await export.next() })
                )
            }
        )
    }

    /// A `+` that the client did not encode arrives as a blank.
    private static func moment(_ parameter: APIParameter, _ reader: inout ParameterReader) -> Timestamp? {
        reader.value(parameter, or: .notADate) { text in
            let repaired = text.lastIndex(of: " ").map { text[..<$0] + "+" + text[$0...].dropFirst() }
            return SampleTime.instant(text) ?? repaired.flatMap { SampleTime.instant(String($0)) }
        }
    }

    // MARK: - Import

    private var receive: Endpoint {
        Endpoint(
            .post,
            "/api/metrics/import",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary:
                    "Stores samples in bulk, in the formats of the export. The same body again stores nothing twice.",
                parameters: [Self.format],
                answers: [
                    APIAnswer(200, "They are durable.", .named(WorkersSchemas.imported)),
                    .refusal(
                        400,
                        "The body is not of that format; `detail` names the line. Nothing is stored."
                    ),
                    WorkersSchemas.invalid,
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { [importer] request in
                var parameters = ParameterReader(request.query)
                let word = parameters.word(Self.format)
                do throws(ValidationIssues) {
                    try parameters.finish()
                } catch {
                    return ValidationDialect.pydantic2.response(error)
                }
                let type = request.head.fields["Content-Type"]
                let format = word.flatMap(TransferFormat.init) ?? TransferFormat(contentType: type)
                return await withTaskExecutorPreference(Self.lane) {
                    await Self.take(request, format, importer)
                }
            }
        )
    }

    /// Large bodies would delay the other connections of a lane.
    private static let lane = Lane(label: "weir.workers.imports")

    private static func take(
        _ request: Request,
        _ format: TransferFormat,
        _ importer: SampleImporter
    ) async -> Response {
        do throws(ImportFault) {
            let summary = try await importer.run(request.body, format, arrivedAt: request.receivedAt)
            return WorkersRoutes.object { answer in
                answer.member("status", "ok")
                answer.member("samples", summary.samples)
                answer.member("samples_dropped", summary.dropped.values.reduce(0, +))
                answer.array("dropped_because") { list in
                    for fault in SeriesFault.allCases where summary.dropped[fault] != nil {
                        list.value(fault.rawValue)
                    }
                }
            }
        } catch {
            return response(to: error)
        }
    }

    private static func response(to fault: ImportFault) -> Response {
        switch fault {
        case .malformed(let error):
            ErrorEnvelope.detail.response(.badRequest, "\(error). Nothing was stored.")
        case .notStored(let error): ErrorEnvelope.detail.response(to: error, storing: "rest")
        }
    }
}

extension TransferFormat {
    /// What a client prefers; text unless it says otherwise.
    init(accepted head: RequestHead) {
        let preferred = head.preferredMediaType(of: Self.allCases.map(\.mediaType))
        self = Self.allCases.first { $0.mediaType == preferred } ?? .prometheus
    }

    /// What a body is; text unless it says otherwise.
    init(contentType: String?) {
        let type = contentType?.lowercased() ?? ""
        self = Self.allCases.first { type.hasPrefix($0.mediaType) } ?? .prometheus
    }

    /// Without parameters.
    var mediaType: String { String(contentType.prefix { $0 != ";" }) }
}

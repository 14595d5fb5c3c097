internal import API
internal import Core
internal import HTTP
internal import Notifications

// MARK: - Endpoints that read.

extension ExecutionRoutes {
    private enum Parameters {
        static let project = APIParameter.text("project_module", "Only those of this project.")
        static let status = APIParameter.word(
            "status",
            LedgerStatus.allCases.map(\.rawValue),
            "Only those with this status."
        )
        static let page = APIParameter.integer(
            "page",
            1...1_000_000,
            default: 1,
            "Which page, from 1."
        )
        static let count = bounded("items_per_page", fallback: 50)
        static let limit = bounded("limit", fallback: 100)
        static let offset = APIParameter(
            "offset",
            .integer(-1_000_000_000...1_000_000_000),
            "How many are left out; a negative number counts as 0.",
            fallback: "0"
        )
        static let manifest = APIParameter(
            "include_manifest",
            .flag,
            "Whether the manifest is shown.",
            fallback: "true"
        )

        private static func bounded(_ name: String, fallback: Int) -> APIParameter {
            APIParameter(
                name,
                .integer(-1_000_000_000...1_000_000_000),
                "How many; 1 to 500 are possible, other numbers count as the nearest of them.",
                fallback: String(fallback)
            )
        }
    }

    private static func bounded(
        _ parameter: APIParameter,
        _ range: ClosedRange<Int64>,
        _ reader: inout ParameterReader
    ) -> Int {
        Int(
            min(
                max(
                    reader.number(parameter)?.clamped ?? Int64(parameter.fallbackNumber),
                    range.lowerBound
                ),
                range.upperBound
            )
        )
    }

    var list: Endpoint {
        read(
            Self.root,
            "Executions, the newest first.",
            [Parameters.project, Parameters.status, Parameters.page, Parameters.count],
            answers: [
                APIAnswer(200, "A page of rows.", .named(ExecutionSchemas.page), headers: [.lagLines])
            ],
            reading: { reader in
                ExecutionsStore.Listing(
                    project: reader.text(Parameters.project),
                    status: reader.word(Parameters.status),
                    page: reader.count(Parameters.page),
                    count: Self.bounded(Parameters.count, 1...500, &reader)
                )
            },
            answer: { _, listing, store in
                let (items, total) = (try store.list(listing), try store.count(listing))
                return Self.json { json in
                    json.object { body in
                        body.array("items") { list in
                            for execution in items { ExecutionEncoder.raw(execution, to: &list) }
                        }
                        body.member("total", total)
                        body.member("page", listing.page)
                        body.member("items_per_page", listing.count)
                    }
                }
            }
        )
    }

    var detail: Endpoint {
        ofOne(
            Self.root + "/{id}",
            "One execution, with the places where to look at its session and job.",
            shows: .named(ExecutionSchemas.read),
            headers: ExecutionAnswers.traced,
            reading: { _ in },
            answer: { execution, _, _, _ in Self.whole(execution) }
        )
    }

    var status: Endpoint {
        ofOne(
            Self.root + "/{id}/status",
            "How an execution stands.",
            shows: .named(ExecutionSchemas.status),
            reading: { _ in },
            answer: { execution, _, _, request in
                Self.json { ExecutionEncoder.status(execution, at: request.receivedAt, to: &$0) }
            }
        )
    }

    var summary: Endpoint {
        ofOne(
            Self.root + "/{id}/summary",
            "An execution in a few members.",
            shows: .named(ExecutionSchemas.summary),
            reading: { _ in },
            answer: { execution, _, _, _ in
                Self.json { ExecutionEncoder.summary(execution, to: &$0) }
            }
        )
    }

    var snapshot: Endpoint {
        let surroundings = surroundings
        return ofOne(
            Self.root + "/{id}/ledger-snapshot",
            "The ledger of an execution with its newest five events, the oldest of them first.",
            [Parameters.manifest],
            shows: .named(ExecutionSchemas.snapshot),
            reading: { reader in
                reader.value(Parameters.manifest, or: .notFlagWord) { text in
                    switch text {
                    case "true": true
                    case "false": false
                    default: nil
                    }
                } ?? true
            },
            answer: { execution, withManifest, store, _ in
                let events = try surroundings.events(of: execution.uuid, atMost: 5, on: store.connection)
                return Self.json { json in
                    ExecutionEncoder.snapshot(
                        execution,
                        events: events,
                        withManifest: withManifest,
                        to: &json
                    )
                }
            }
        )
    }

    var observations: Endpoint {
        ofOne(
            Self.root + "/{id}/observations",
            "What was seen of an execution, the newest first.",
            [Parameters.limit, Parameters.offset],
            shows: .list(.named(ExecutionSchemas.observation)),
            reading: { reader in
                (
                    Self.bounded(Parameters.limit, 1...500, &reader),
                    Self.bounded(Parameters.offset, 0...1_000_000, &reader)
                )
            },
            answer: { execution, page, store, _ in
                let rows = try store.observations(execution.uuid, limit: page.0, offset: page.1)
                return Self.json { Self.write(rows, ExecutionPart.observation, to: &$0) }
            }
        )
    }

    var artifacts: Endpoint {
        ofOne(
            Self.root + "/{id}/artifacts",
            "What an execution used and made: manifests, graphs, inventories.",
            shows: .list(.named(ExecutionSchemas.artifact)),
            reading: { _ in },
            answer: { execution, _, store, _ in
                let rows = try store.artifacts(execution.uuid)
                return Self.json { Self.write(rows, ExecutionPart.artifact, to: &$0) }
            }
        )
    }

    private static func write(_ rows: [[UInt8]], _ members: [String], to json: inout JSONWriter) {
        json.array { list in
            for row in rows { ExecutionPart.write(row, members, to: &list) }
        }
    }
}

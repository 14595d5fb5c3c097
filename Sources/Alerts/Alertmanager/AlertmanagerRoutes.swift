internal import API
internal import Core
internal import HTTP
internal import Postgres

/// Alertmanager's API v2 over incidents, so that its tools read Weir. What they change are silences.
struct AlertmanagerRoutes: Sendable {
    /// The Alertmanager whose API this is: tools choose by it how they speak.
    static let version = "0.28.0"

    let surface: AlertsSurface
    let book: @Sendable (Connection) throws -> IncidentBook
    /// When this Weir started.
    let startedAt: Timestamp

    var all: [Endpoint] { [alerts, groups, receivers, status] }

    private static let badQuery = SurfaceForm.text(400, "A parameter is not valid.")

    private var alerts: Endpoint {
        surface.read(
            "/api/v2/alerts",
            "Firing incidents as alerts of Alertmanager, by fingerprint; at most 10,000, those that began last.",
            AlertQuery.parameters,
            answers: [
                APIAnswer(200, "The alerts.", .list(.named(AlertmanagerSchemas.alert))), Self.badQuery,
            ]
        ) { request, connection in
            let query = try AlertQuery(request.query)
            let alerts = try AlertBoard(book(connection)).alerts(on: connection)
            return AlertsSurface.json { json in
                json.array { list in
                    for alert in alerts where query.includes(alert) { alert.write(to: &list) }
                }
            }
        }
    }

    private var groups: Endpoint {
        surface.read(
            "/api/v2/alerts/groups",
            "The same, grouped by receiver and rule.",
            AlertQuery.parameters,
            answers: [
                APIAnswer(200, "The groups.", .list(.named(AlertmanagerSchemas.group))), Self.badQuery,
            ]
        ) { request, connection in
            let query = try AlertQuery(request.query)
            let alerts = try AlertBoard(book(connection)).alerts(on: connection).filter(query.includes)
            return AlertsSurface.json { json in
                json.array { list in
                    for group in Self.groups(alerts, query) { Self.write(group, to: &list) }
                }
            }
        }
    }

    private var receivers: Endpoint {
        surface.read(
            "/api/v2/receivers",
            "The names of all channels, and `weir` for incidents whose rule has none.",
            answers: [APIAnswer(200, "The receivers.", AlertmanagerSchemas.receivers)]
        ) { _, connection in
            let names = try AlertBoard(book(connection)).names
            return AlertsSurface.json { json in
                json.array { list in
                    for name in names { list.object { $0.member("name", name) } }
                }
            }
        }
    }

    private var status: Endpoint {
        surface.read(
            "/api/v2/status",
            "The API's version, Weir's routing as a configuration of Alertmanager, and when this Weir started.",
            answers: [APIAnswer(200, "The status.", .named(AlertmanagerSchemas.status))]
        ) { _, connection in
            let document = try AlertBoard(book(connection)).document
            return AlertsSurface.json { json in
                json.object { status in
                    status.object("cluster") { cluster in
                        cluster.array("peers") { _ in }
                        cluster.member("status", "disabled")
                    }
                    status.object("config") { $0.member("original", document) }
                    status.member("uptime", startedAt.inMilliseconds)
                    status.object("versionInfo") { info in
                        for name in ["branch", "buildDate", "buildUser", "goVersion"] {
                            info.member(name, "")
                        }
                        info.member("revision", "weir")
                        info.member("version", Self.version)
                    }
                }
            }
        }
    }

    // MARK: - Groups

    /// The alerts of one rule that one receiver is told of.
    private struct Group {
        let receiver: String
        let rule: String
        var alerts: [ShownAlert]
    }

    /// By the rules' names, then the receivers'.
    private static func groups(_ alerts: [ShownAlert], _ query: AlertQuery) -> [Group] {
        var groups: [String: [String: Group]] = [:]
        for alert in alerts {
            let rule = alert.labels["alertname"] ?? ""
            for receiver in alert.receivers where query.includes(receiver: receiver) {
                groups[rule, default: [:]][
                    receiver,
                    default: Group(receiver: receiver, rule: rule, alerts: [])
                ].alerts.append(alert)
            }
        }
        return groups.values.flatMap(\.values).sorted { ($0.rule, $0.receiver) < ($1.rule, $1.receiver) }
    }

    private static func write(_ group: Group, to list: inout JSONWriter) {
        list.object { object in
            object.array("alerts") { list in
                for alert in group.alerts { alert.write(to: &list) }
            }
            object.object("labels") { $0.member("alertname", group.rule) }
            object.object("receiver") { $0.member("name", group.receiver) }
        }
    }
}

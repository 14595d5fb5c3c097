internal import API
internal import Core
internal import HTTP

/// What `nextflow auth`, `tw` and the curious ask before anything else. Contract nextflow §5.4.
enum TowerInfoRoutes {
    private static let tag = "Tower"

    static func endpoints(below prefix: String) -> [Endpoint] {
        [
            service(prefix + "/service-info"), ping(prefix + "/ping"), user(prefix + "/user-info"),
            workspaces(prefix + "/user/{user_id}/workspaces"),
        ]
    }

    private static func service(_ path: String) -> Endpoint {
        let info = APISchema(
            "TowerServiceInfo",
            [.init("message", APIType.text.orNull), .init("serviceInfo", .any)]
        )
        return Endpoint(
            .get,
            path,
            scope: nil,
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: tag,
                summary: "Says that this server speaks the protocol of Tower's client.",
                answers: [APIAnswer(200, "The protocol is spoken.", .named(info))]
            ),
            handler: .async { _ in
                var writer = JSONWriter()
                writer.object { answer in
                    answer.null("message")
                    answer.object("serviceInfo") { service in
                        service.member("version", "weir")
                        service.null("commitId")
                        service.array("authTypes") { _ in }
                        service.null("loginPath")
                    }
                }
                return .json(writer.bytes)
            }
        )
    }

    private static func ping(_ path: String) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: nil,
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: tag,
                summary: "Answers `pong`.",
                answers: [APIAnswer(200, "Weir runs.", contents: [.init("text/plain", .text)])]
            ),
            handler: .async { _ in
                Response(
                    status: .ok,
                    fields: ["Content-Type": "text/plain"],
                    body: .bytes(Array("pong".utf8))
                )
            }
        )
    }

    private static func user(_ path: String) -> Endpoint {
        let user = APISchema(
            "TowerUser",
            [
                .init(
                    "user",
                    .named(APISchema("TowerUserFacts", [.init("id", .count), .init("userName", .text)]))
                )
            ]
        )
        return Endpoint(
            .get,
            path,
            scope: .ingest,
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: tag,
                summary: "Says whose token it is.",
                answers: [APIAnswer(200, "The name of the token; `anonymous` without one.", .named(user))]
            ),
            handler: known { caller in
                var writer = JSONWriter()
                writer.object { answer in
                    answer.object("user") { user in
                        user.member("id", 1)
                        user.member("userName", caller.name ?? "anonymous")
                    }
                }
                return .json(writer.bytes)
            }
        )
    }

    private static func workspaces(_ path: String) -> Endpoint {
        let list = APISchema("TowerWorkspaces", [.init("orgsAndWorkspaces", .list(.any))])
        return Endpoint(
            .get,
            path,
            scope: .ingest,
            envelope: .tower,
            documentation: EndpointDocumentation(
                tag: tag,
                summary: "Lists the workspaces of a user: Weir has none, and takes every id of one.",
                answers: [APIAnswer(200, "The list.", .named(list))]
            ),
            handler: known { _ in .json(Array(#"{"orgsAndWorkspaces":[]}"#.utf8)) }
        )
    }

    /// For whoever may send or read: clients of either kind ask this first.
    private static func known(_ answer: @escaping @Sendable (Caller) -> Response) -> Endpoint.Handler {
        .keyed { _, caller in
            guard !caller.scopes.isDisjoint(with: [.ingest, .read]) else {
                return ErrorEnvelope.tower.response(
                    .unauthorized,
                    "A token with the scope ingest or read is needed: weir token create."
                )
            }
            return answer(caller)
        }
    }
}

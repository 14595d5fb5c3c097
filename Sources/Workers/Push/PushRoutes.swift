internal import API
internal import Configuration
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// The endpoints of the Pushgateway: programs that have one keep their clients.
/// https://github.com/prometheus/pushgateway#api
struct PushRoutes: Sendable {
    static let lifetimeField = "Weir-Push-Lifetime"
    static let lifetime = APIParameter.text(
        "lifetime",
        "How long the pushed metrics are shown: `90s`, `15m`, `2h`, `7d`; 0 is until they are replaced or deleted. "
            + "The field `\(lifetimeField)` says the same; without both WEIR_PUSH_LIFETIME counts."
    )

    let writer: PushWriter
    let decoder: PushDecoder
    /// The most bytes of a body in a Snappy block.
    let snappyBytes: Int
    /// Of pushes that say nothing; zero is for ever.
    let lifetime: Duration

    private static let base64 = "The value is base64url: for one that has a slash, or none at all (`=`)."

    /// The forms of the path, without their labels and with some.
    var all: [Endpoint] {
        [
            push(.put, "/metrics/job/{job}"), push(.put, "/metrics/job/{job}/{labels...}"),
            push(.put, "/metrics/job@base64/{job}"), push(.put, "/metrics/job@base64/{job}/{labels...}"),
            push(.post, "/metrics/job/{job}"), push(.post, "/metrics/job/{job}/{labels...}"),
            push(.post, "/metrics/job@base64/{job}"), push(.post, "/metrics/job@base64/{job}/{labels...}"),
            delete("/metrics/job/{job}"), delete("/metrics/job/{job}/{labels...}"),
            delete("/metrics/job@base64/{job}"), delete("/metrics/job@base64/{job}/{labels...}"),
        ]
    }

    // MARK: - Endpoints

    private func push(_ method: Method, _ path: String) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            ownCoding: "snappy",
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: method == .put
                    ? "Replaces all metrics of a group with pushed ones, as the Pushgateway does."
                    : "Replaces metrics of a group that have the names of pushed ones, as the Pushgateway does.",
                parameters: [Self.lifetime],
                answers: [
                    APIAnswer(200, "They are durable.", contents: []),
                    .refusal(400, "The path, the body or the lifetime is not valid."),
                    .refusal(429, "There are too many groups, or the job has too many series."),
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { await push($0, method == .put ? .replace : .add) }
        )
    }

    private func delete(_ path: String) -> Endpoint {
        Endpoint(
            .delete,
            path,
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: "Removes a group of pushed metrics; one that is not there is no error.",
                answers: [
                    APIAnswer(202, "It is gone.", contents: []),
                    .refusal(400, "The path is not valid."),
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { await delete($0) }
        )
    }

    // MARK: - Pushing

    private func push(_ request: Request, _ action: PushChange.Action) async -> Response {
        let group: PushGroup
        let lifetime: Duration
        do throws(PushPath.SyntaxError) {
            group = try PushPath.group(request.head.path)
            lifetime = try self.lifetime(of: request)
        } catch {
            return refuse(.invalid, .badRequest, error.message)
        }
        let expiresAt = lifetime > .zero ? request.receivedAt + lifetime : nil
        let families: [PushedFamily]
        do throws(PushFault) {
            families = try decoder.families(try body(of: request), request.head, of: group)
        } catch {
            if case .inconsistent = error { await writer.writeFailure(of: group, until: expiresAt) }
            return refuse(error.refusal, .badRequest, error.message)
        }
        let outcome = await writer.write(
            action,
            families,
            to: group,
            until: expiresAt,
            arrivedAt: request.receivedAt
        )
        return response(to: outcome, .ok, group)
    }

    /// The body; taken out of a Snappy block, in which some clients send it.
    private func body(of request: Request) throws(PushFault) -> [UInt8] {
        guard request.head.fields["Content-Encoding"]?.lowercased() == "snappy" else { return request.body }
        do throws(SnappyError) {
            return try Snappy.decode(request.body, atMost: snappyBytes)
        } catch {
            throw .malformed("the body is not a Snappy block of at most \(snappyBytes) bytes: \(error)")
        }
    }

    private func delete(_ request: Request) async -> Response {
        let group: PushGroup
        do throws(PushPath.SyntaxError) {
            group = try PushPath.group(request.head.path)
        } catch {
            return refuse(.invalid, .badRequest, error.message)
        }
        return response(to: await writer.delete(group), .accepted, group)
    }

    private func lifetime(of request: Request) throws(PushPath.SyntaxError) -> Duration {
        guard let text = request.query.all(Self.lifetime.name).last ?? request.head.fields[Self.lifetimeField]
        else { return lifetime }
        guard let duration = DurationText(text)?.duration, duration <= .seconds(86_400 * 36_500) else {
            throw PushPath.SyntaxError(
                message: "the lifetime is not a duration: write 90s, 15m, 2h or 7d, or 0 for ever"
            )
        }
        return duration
    }

    // MARK: - Answers

    private func response(to outcome: PushWriter.Outcome, _ status: Status, _ group: PushGroup) -> Response {
        switch outcome {
        case .durable: return Response(status: status)
        case .refused(.tooManyGroups):
            return refuse(
                .tooManyGroups,
                .tooManyRequests,
                "There are too many groups of pushed metrics: delete some, give them lifetimes, or raise WEIR_PUSH_GROUPS."
            )
        case .refused(.tooManyComponents):
            return refuse(
                .tooManyComponents,
                .tooManyRequests,
                "There are too many components for one more job: delete some rows of `component`, or raise "
                    + "WEIR_ADOPTED_COMPONENTS."
            )
        case .refused(let refusal):
            return refuse(
                refusal,
                .tooManyRequests,
                "The job \(group.component.name) would have too many series: push fewer, or raise "
                    + "WEIR_SERIES_PER_COMPONENT."
            )
        case .notStored(let error):
            writer.groups.countRefusal(.notStored)
            return ErrorEnvelope.detail.response(to: error, storing: "push")
        }
    }

    private func refuse(_ refusal: PushGroups.Refusal, _ status: Status, _ message: String) -> Response {
        writer.groups.countRefusal(refusal)
        return ErrorEnvelope.detail.response(status, message)
    }
}

extension PushFault {
    fileprivate var refusal: PushGroups.Refusal {
        switch self {
        case .malformed: .invalid
        case .inconsistent: .inconsistent
        }
    }
}

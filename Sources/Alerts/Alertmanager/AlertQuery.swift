internal import API
internal import Core
internal import HTTP

/// Which alerts a client asks for.
struct AlertQuery: Sendable {
    static let active = shown(
        "active",
        "Whether alerts are shown that are neither silenced nor acknowledged."
    )
    static let silenced = shown("silenced", "Whether silenced and acknowledged ones are.")
    static let inhibited = shown("inhibited", "Weir inhibits none: changes nothing.")
    static let unprocessed = shown("unprocessed", "Weir has none that wait to be routed: changes nothing.")
    static let muted = shown("muted", "Whether acknowledged ones are.")
    static let filter = APIParameter(
        "filter",
        .list(.sentText),
        "Only those whose labels meet it: `name=\"value\"`, with `=`, `!=`, `=~` or `!~`; repeated, all of them."
    )
    static let receiver = APIParameter.text(
        "receiver",
        "Only those with a receiver whose whole name this regular expression matches."
    )

    static let parameters = [active, silenced, inhibited, unprocessed, muted, filter, receiver]

    private let showsActive: Bool
    private let showsSilenced: Bool
    private let showsMuted: Bool
    private let matchers: [Matcher]
    private let receiver: LabelPattern?

    /// Reads a query.
    ///
    /// - Throws: 400, with what is wrong.
    init(_ query: Query) throws(OperatorFailure) {
        showsActive = try Self.flag(query, Self.active)
        showsSilenced = try Self.flag(query, Self.silenced)
        showsMuted = try Self.flag(query, Self.muted)
        _ = try Self.flag(query, Self.inhibited)
        _ = try Self.flag(query, Self.unprocessed)
        matchers = try Self.matchers(query)
        let pattern = query.all(Self.receiver.name).last ?? ""
        do throws(Matcher.Fault) {
            receiver = pattern.isEmpty ? nil : try LabelPattern(pattern)
        } catch {
            throw OperatorFailure(.badRequest, "failed to parse receiver param: \(error.message)")
        }
    }

    /// The matchers of the parameters `filter`.
    ///
    /// - Throws: 400, with what is wrong.
    static func matchers(_ query: Query) throws(OperatorFailure) -> [Matcher] {
        var matchers: [Matcher] = []
        for text in query.all(filter.name) {
            do throws(Matcher.Fault) {
                matchers += try MatcherText.read(text)
            } catch {
                throw OperatorFailure(.badRequest, error.message)
            }
            guard matchers.count <= MatcherText.mostMatchers else {
                throw OperatorFailure(.badRequest, "there are more than \(MatcherText.mostMatchers) matchers")
            }
        }
        return matchers
    }

    /// Whether an alert is asked for.
    func includes(_ alert: ShownAlert) -> Bool {
        let isShown =
            switch (alert.silencedBy.isEmpty, alert.isAcknowledged) {
            case (true, false): showsActive
            case (false, false): showsSilenced
            case (_, true): showsSilenced && showsMuted
            }
        return isShown && matchers.allSatisfy { $0.matches(alert.labels) }
            && alert.receivers.contains(where: includes)
    }

    /// Whether a receiver is asked for.
    func includes(receiver name: String) -> Bool { receiver.map { $0.matches(name) } ?? true }

    private static func shown(_ name: String, _ summary: String) -> APIParameter {
        APIParameter(name, .flag, summary, fallback: "true")
    }

    private static func flag(_ query: Query, _ parameter: APIParameter) throws(OperatorFailure) -> Bool {
        switch query.all(parameter.name).last?.lowercased() {
        case nil, "", "true", "1": true
        case "false", "0": false
        default: throw OperatorFailure(.badRequest, "\(parameter.name) is neither true nor false")
        }
    }
}
